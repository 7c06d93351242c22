#!/usr/bin/env python3
"""Writes over plain HTTP, request by request beside a real kube-apiserver: what kubectl hides (field
ownership, status codes, whole error texts, the other patch types). Each request goes through
`kubectl proxy` of both sides; the answers are compared after uids, times and revisions are taken out.
"""

import contextlib
import difflib
import http.client
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import ControlPlane
from pair import normal
from paddock import Paddock

JSON, MERGE = "application/json", "application/merge-patch+json"
STRATEGIC, PATCH = "application/strategic-merge-patch+json", "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
NS = "/api/v1/namespaces"
MAPS = NS + "/w/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/w/deployments"
SERVICES = NS + "/w/services"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SHAPES = "/apis/w.example/v1/namespaces/w/shapes"


def config(name, data, **more):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **more},
            "data": data}


def service(ports):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
            "spec": {"clusterIP": "None", "ports": ports}}


def crd():
    schema = {"type": "object", "properties": {
        "spec": {"type": "object", "properties": {
            "size": {"type": "integer", "minimum": 1}, "colour": {"type": "string", "default": "red"},
            "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "parts": {"type": "array", "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": ["name"],
                      "items": {"type": "object", "required": ["name"], "properties": {
                          "name": {"type": "string"}, "n": {"type": "integer"}}}},
            "whole": {"type": "object", "x-kubernetes-map-type": "atomic",
                      "additionalProperties": {"type": "string"}}}},
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "shapes.w.example"},
            "spec": {"group": "w.example", "scope": "Namespaced",
                     "names": {"plural": "shapes", "kind": "Shape"},
                     "versions": [{"name": "v1", "served": True, "storage": True,
                                   "subresources": {"status": {}},
                                   "schema": {"openAPIV3Schema": schema}}]}}


def shape(name, spec=None, **more):
    return {"apiVersion": "w.example/v1", "kind": "Shape", "metadata": {"name": name, **more},
            **({"spec": spec} if spec is not None else {})}


def apply(path, body, manager="alice", **more):
    query = "".join(f"&{k}={v}" for k, v in more.items())
    return ("PATCH", f"{path}?fieldManager={manager}{query}", body, APPLY)


# Where we answer otherwise on purpose, or not yet: (method, path, body) as JSON begins -> why.
KNOWN = {
    'PUT /api/v1/namespaces/w/configmaps/a {"apiVersion": "v1", "kind": "ConfigMap", "metadata": '
    '{"name": "a", "uid"': "upstream tells the key in its own store",
    'PATCH /api/v1/namespaces/w/configmaps/a [{"op":': "ours says which operation did not apply",
    'PATCH /api/v1/namespaces/w/configmaps/a {"not"': "upstream tells a type of its program",
    'PATCH /api/v1/namespaces/w/configmaps/a?fieldValidation=Strict': "upstream prints the object, "
    "ours the patch",
    "PATCH /api/v1/namespaces/w/services/s": "a service's defaults come with the kinds that run",
    "POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions": "upstream prints empty "
    "acceptedNames and null conditions before there are any",
    'PATCH /api/v1/namespaces/w/configmaps/a {"metadata": {"finalizers": ["x.io/y", "x.io/z"]}}':
    "upstream gives the same cause twice",
}

# (method, path, body, content type); "wait" lines wait for a condition.
STEPS = [
    ("POST", NS, {"metadata": {"name": "w"}}),
    ("POST", MAPS + "?fieldManager=t", config("a", {"x": "1"}, labels={"l": "1"})),
    ("POST", MAPS + "?fieldManager=t", config("a", {"x": "1"})),
    ("POST", MAPS, {"metadata": {}}),
    ("POST", MAPS, config("A_b", {})),
    ("POST", MAPS, config("b", {"bad key": "1"})),
    ("POST", MAPS, config("b", {}, namespace="other")),
    ("POST", MAPS, config("b", {}, labels={"-x": "a b"})),
    ("POST", MAPS, config("b", {}, annotations={"a b": "x"})),
    ("POST", MAPS, config("b", {}, finalizers=["x y"])),
    ("POST", MAPS, config("b", {}, ownerReferences=[{"apiVersion": "v1", "kind": "ConfigMap",
                                                    "name": "", "uid": ""}])),
    ("POST", NS + "/absent/configmaps", config("b", {})),
    ("POST", MAPS, {"kind": "Secret", "metadata": {"name": "b"}}),
    ("POST", MAPS + "?fieldValidation=Strict", {**config("b", {}), "dta": {}}),
    ("POST", MAPS + "?fieldValidation=Ignore&fieldManager=t", {**config("ign", {}), "dta": {}}),
    ("POST", MAPS + "?dryRun=All&fieldManager=t", config("dry", {"x": "1"})),
    ("GET", MAPS + "/dry", None),
    ("GET", MAPS + "/a", None),
    ("PUT", MAPS + "/a?fieldManager=u", config("a", {"x": "2", "y": "1"})),
    ("PUT", MAPS + "/a?fieldManager=u", config("a", {"x": "2", "y": "1"}, resourceVersion="1")),
    ("PUT", MAPS + "/a?fieldManager=u", config("other", {})),
    ("PUT", MAPS + "/absent", config("absent", {})),
    ("PUT", MAPS + "/a", config("a", {}, uid="11111111-1111-4111-8111-111111111111")),
    ("PATCH", MAPS + "/a?fieldManager=m", {"data": {"x": None, "z": "9"}}, MERGE),
    ("PATCH", MAPS + "/a?fieldManager=m", {"metadata": {"labels": {"n": "1"}}}, STRATEGIC),
    ("PATCH", MAPS + "/a?fieldManager=j", [{"op": "add", "path": "/data/j", "value": "1"}], PATCH),
    ("PATCH", MAPS + "/a", [{"op": "test", "path": "/data/j", "value": "2"}], PATCH),
    ("PATCH", MAPS + "/a", [{"op": "remove", "path": "/data/none"}], PATCH),
    ("PATCH", MAPS + "/a", [{"op": "frob", "path": "/data/none"}], PATCH),
    ("PATCH", MAPS + "/a", {"not": "a list"}, PATCH),
    ("PATCH", MAPS + "/a", {"metadata": {"resourceVersion": "1"}}, MERGE),
    ("PATCH", MAPS + "/a", {"metadata": {"name": "b"}}, MERGE),
    ("PATCH", MAPS + "/a?fieldValidation=Strict", {"dta": {"x": "1"}}, MERGE),
    ("PATCH", MAPS + "/absent", {}, MERGE),
    # Server-side apply.
    apply(MAPS + "/ssa", config("ssa", {"x": "1", "y": "2"})),
    apply(MAPS + "/ssa", config("ssa", {"x": "1", "y": "2"})),
    apply(MAPS + "/ssa", config("ssa", {"x": "9"}), "bob"),
    apply(MAPS + "/ssa", config("ssa", {"x": "9", "y": "9"}), "bob"),
    apply(MAPS + "/ssa", config("ssa", {"x": "9"}), "bob", force="true"),
    apply(MAPS + "/ssa", config("ssa", {"y": "2"}), "carol"),
    apply(MAPS + "/ssa", config("ssa", {})),
    ("PATCH", MAPS + "/ssa?fieldManager=up", {"data": {"x": "5"}}, MERGE),
    apply(MAPS + "/ssa", config("ssa", {"x": "9"}), "bob"),
    apply(MAPS + "/ssa", {**config("ssa", {}), "dta": {"a": 1}}, "bob"),
    apply(MAPS + "/ssa", config("ssa", {}, managedFields=[]), "bob"),
    apply(MAPS + "/ssa", config("other", {}), "bob"),
    apply(MAPS + "/ssa", {"apiVersion": "v1", "metadata": {"name": "ssa"}}, "bob"),
    ("PATCH", MAPS + "/ssa", config("ssa", {}), APPLY),
    ("PATCH", MAPS + "/ssa?fieldManager=r", {"metadata": {"managedFields": [{}]}}, MERGE),
    apply(MAPS + "/ssa", config("ssa", {"q": "1"}), "late"),
    apply(SERVICES + "/s", service([{"port": 80, "name": "web"}])),
    apply(SERVICES + "/s", service([{"port": 443, "name": "tls"}]), "bob"),
    apply(SERVICES + "/s", service([])),
    apply(SERVICES + "/s", service([{"port": 1, "name": "a"}, {"port": 1, "name": "b"}]), "bob"),
    # Custom resources.
    ("POST", CRDS + "?fieldManager=t", crd()),
    ("wait", CRDS + "/shapes.w.example", None),
    ("POST", SHAPES + "?fieldManager=t", {**shape("a", {"size": 1}), "status": {"x": 1}}),
    ("POST", SHAPES, shape("b", {"size": 0})),
    ("POST", SHAPES, shape("b", {"size": "x"})),
    ("POST", SHAPES + "?fieldValidation=Strict", shape("b", {"sise": 1})),
    ("PUT", SHAPES + "/a", shape("a", {"size": 2})),
    ("PATCH", SHAPES + "/a?fieldManager=m", {"spec": {"size": 3}, "status": {"y": 1}}, MERGE),
    ("PATCH", SHAPES + "/a/status?fieldManager=m", {"spec": {"size": 4}, "status": {"y": 1}}, MERGE),
    ("PATCH", SHAPES + "/a", {"spec": {"size": 5}}, STRATEGIC),
    ("GET", SHAPES + "/a", None),
    apply(SHAPES + "/c", shape("c", {"size": 1, "tags": ["a", "b"], "parts": [
        {"name": "p", "n": 1}], "whole": {"k": "1"}})),
    apply(SHAPES + "/c", shape("c", {"tags": ["b", "c"], "parts": [{"name": "q"}],
                                     "whole": {"k": "2"}}), "bob"),
    apply(SHAPES + "/c", shape("c", {"tags": ["b", "c"], "parts": [{"name": "q"}]}), "bob"),
    apply(SHAPES + "/c", shape("c", {"tags": ["a"]})),
    apply(SHAPES + "/c/status", {**shape("c", {"size": 9}), "status": {"s": 1}}, "stat"),
    ("PUT", CRDS + "/shapes.w.example", {**crd(), "metadata": {"name": "shapes.w.example"}}),
    ("PATCH", CRDS + "/shapes.w.example", {"spec": {"scope": "Cluster"}}, MERGE),
    # Removal.
    ("PATCH", MAPS + "/a?fieldManager=f", {"metadata": {"finalizers": ["x.io/y"]}}, MERGE),
    ("DELETE", MAPS + "/a", {"kind": "DeleteOptions", "apiVersion": "v1",
                             "preconditions": {"uid": "nobody"}}),
    ("DELETE", MAPS + "/a", None),
    ("PATCH", MAPS + "/a", {"metadata": {"finalizers": ["x.io/y", "x.io/z"]}}, MERGE),
    ("POST", MAPS, config("a", {})),
    ("PATCH", MAPS + "/a", {"metadata": {"finalizers": None}}, MERGE),
    ("GET", MAPS + "/a", None),
    ("DELETE", MAPS + "/ign", None),
    ("DELETE", MAPS + "/absent", None),
    ("DELETE", NS + "/default", None),
    ("DELETE", NS + "/kube-system", None),
]


class Side:
    def __init__(self, kubectl, kubeconfig):
        self.proxy = subprocess.Popen([str(kubectl), f"--kubeconfig={kubeconfig}", "proxy",
                                       "--port=0"], stdout=subprocess.PIPE, text=True)
        line = self.proxy.stdout.readline()
        self.port = int(re.search(r":(\d+)", line).group(1))

    def ask(self, method, path, body, media=JSON):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        text = None if body is None else json.dumps(body)
        headers = {"Content-Type": media, "Accept": JSON} if body is not None else {}
        headers["User-Agent"] = "writes/1"
        connection.request(method, path, text, headers)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        return answer.status, said, answer.headers.get_all("Warning") or []

    def wait(self, path):
        for _ in range(100):
            _, said, _ = self.ask("GET", path, None)
            conditions = said.get("status", {}).get("conditions") or []  # upstream: null at first
            if any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
                time.sleep(1)
                return
            time.sleep(0.1)
        raise SystemExit(f"{path} was never established")

    def stop(self):
        self.proxy.terminate()
        self.proxy.wait()


def shown(status, said, warnings):
    meta = said.get("metadata", {})
    meta.pop("selfLink", None)
    if not meta:
        said.pop("metadata", None)
    for key in ("labels",):  # of namespaces
        meta.get(key, {}).pop("kubernetes.io/metadata.name", None)
    text = f"{status}\n" + json.dumps(said, indent=1, sort_keys=True) + "\n" + "\n".join(warnings)
    return normal(text).splitlines()


def main():
    differ = 0
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pdk-")))
        oracle = stack.enter_context(ControlPlane(directory / "oracle"))
        subject = stack.enter_context(Paddock(directory / "paddock"))
        sides = [Side(oracle.bin / "kubectl", oracle.admin),
                 Side(oracle.bin / "kubectl", subject.kubeconfig)]
        for side in sides:
            stack.callback(side.stop)
        for method, path, *rest in STEPS:
            if method == "wait":
                for side in sides:
                    side.wait(path)
                continue
            answers = [shown(*side.ask(method, path, *rest)) for side in sides]
            if answers[0] != answers[1]:
                name = f"{method} {path} {json.dumps(rest[0])[:300]}"
                known = next((why for start, why in KNOWN.items() if name.startswith(start)), None)
                if known:
                    print(f"known   {name[:90]}: {known}")
                    continue
                differ += 1
                print(f"DIFFERS {name}")
                print("\n".join("    " + line for line in difflib.unified_diff(
                    *answers, "kube-apiserver", "paddock", n=2, lineterm="")), flush=True)
    print(f"{len(STEPS)} requests, {differ} answers differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
