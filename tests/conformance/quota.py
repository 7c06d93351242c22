#!/usr/bin/env python3
"""ResourceQuota and LimitRange beside a real kube-apiserver with its controllers: the same writes,
and the same refusals word for word, the same resources filled in, the same status.
"""

import contextlib
import json
import pathlib
import re
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import ControlPlane
from paddock import Paddock
from writes import MERGE, NS, Side

CORE = NS + "/{}"
QUOTAS, RANGES, PODS = CORE + "/resourcequotas", CORE + "/limitranges", CORE + "/pods"
CLAIMS, SERVICES, MAPS = CORE + "/persistentvolumeclaims", CORE + "/services", CORE + "/configmaps"
SECRETS = CORE + "/secrets"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"
# Between the faults of a list: their order is that of a Go map's members, which is chance.
BETWEEN = re.compile(r"^([^\[]*\[)|, (?=spec|min|max|cpu|memory)|\]$")


def quota(name, hard, **spec):
    return {"metadata": {"name": name}, "spec": {"hard": hard, **spec}}


def limits(name, *items):
    return {"metadata": {"name": name}, "spec": {"limits": list(items)}}


def pod(name, *containers, meta=None, **spec):
    made = [{"name": f"c{at}", "image": "i", "resources": resources}
            for at, resources in enumerate(containers)]
    return {"metadata": {"name": name, **(meta or {})}, "spec": {"containers": made, **spec}}


def ask(cpu=None, memory=None, limit=None, memory_limit=None, **more):
    def some(**values):
        return {key: value for key, value in values.items() if value is not None}
    return {"requests": {**some(cpu=cpu, memory=memory), **more},
            "limits": {**some(cpu=limit, memory=memory_limit), **more}}


def claim(name, storage, storage_class=None):
    return {"metadata": {"name": name}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}},
        **({"storageClassName": storage_class} if storage_class else {})}}


def service(name, kind, *ports):
    return {"metadata": {"name": name}, "spec": {
        "type": kind, "ports": [{"port": port, "name": f"p{port}"} for port in ports]}}


def deployment(name):
    labels = {"a": name}
    return {"metadata": {"name": name}, "spec": {
        "replicas": 0, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}}


def in_class(name, operator="In"):
    return {"scopeSelector": {"matchExpressions": [{
        "scopeName": "PriorityClass", "operator": operator,
        **({"values": [name]} if operator in ("In", "NotIn") else {})}]}}


# (namespace, method, path, body): "status" waits until both sides say the same of a quota.
STEPS = [
    ("a", "POST", QUOTAS, quota("q", {
        "pods": "3", "requests.cpu": "1", "limits.memory": "1Gi", "count/pods": "4",
        "requests.example.com/gpu": "2", "count/deployments.apps": "1", "configmaps": "3",
        "count/secrets": "1", "services.nodeports": "2", "services.loadbalancers": "1",
        "persistentvolumeclaims": "2", "requests.storage": "10Gi",
        "gold.storageclass.storage.k8s.io/requests.storage": "2Gi"})),
    ("a", "status", QUOTAS + "/q", None),
    ("a", "POST", PODS, pod("one", ask("600m", memory_limit="512Mi"))),
    ("a", "POST", PODS, pod("two", ask("600m", memory_limit="512Mi"))),
    ("a", "POST", PODS, pod("two", ask("100m"), ask(memory_limit="1Mi"))),
    ("a", "POST", PODS, pod("two", {})),
    ("a", "POST", PODS, pod("two", ask("100m", memory_limit="1Gi", **{"example.com/gpu": "3"}))),
    ("a", "POST", PODS, pod("two", ask("100m", memory_limit="100Mi", **{"example.com/gpu": "2"}))),
    ("a", "POST", PODS, pod("three", ask("100m", memory_limit="1Mi", **{"example.com/gpu": "1"}))),
    ("a", "POST", DEPLOYMENTS, deployment("one")),
    ("a", "POST", DEPLOYMENTS, deployment("two")),
    ("a", "POST", MAPS, {"metadata": {"name": "one"}}),
    ("a", "POST", MAPS, {"metadata": {"name": "two"}}),
    ("a", "POST", MAPS, {"metadata": {"name": "three"}}),
    ("a", "POST", SECRETS, {"metadata": {"name": "one"}}),
    ("a", "POST", SECRETS, {"metadata": {"name": "two"}}),
    ("a", "POST", SERVICES, service("one", "NodePort", 1, 2, 3)),
    ("a", "POST", SERVICES, service("two", "LoadBalancer", 1)),
    ("a", "POST", SERVICES, service("three", "LoadBalancer", 1)),
    ("a", "POST", CLAIMS, claim("one", "1.5Gi", "gold")),
    ("a", "POST", CLAIMS, claim("two", "1Gi", "gold")),
    ("a", "POST", CLAIMS, claim("two", "9Gi")),
    ("a", "status", QUOTAS + "/q", None),
    ("a", "DELETE", CLAIMS + "/one", None),
    ("a", "DELETE", SERVICES + "/two", None),
    ("a", "DELETE", PODS + "/one", None),
    ("a", "DELETE", SECRETS + "/one", None),
    ("a", "status", QUOTAS + "/q", None),
    ("a", "PATCH", QUOTAS + "/q", {"spec": {"hard": {"pods": "1", "configmaps": "9"}}}),
    ("a", "status", QUOTAS + "/q", None),
    ("a", "POST", PODS, pod("four", ask("1m", memory_limit="1Mi"))),
    ("a", "POST", MAPS, {"metadata": {"name": "three"}}),
    ("b", "POST", QUOTAS, quota("best", {"pods": "1"}, scopes=["BestEffort"])),
    ("b", "POST", QUOTAS, quota("timed", {"pods": "1", "cpu": "1"}, scopes=["Terminating"])),
    ("b", "POST", QUOTAS, quota("gold", {"pods": "1"}, **in_class("system-node-critical"))),
    ("b", "status", QUOTAS + "/best", None),
    ("b", "status", QUOTAS + "/gold", None),
    ("b", "POST", PODS, pod("a", {})),
    ("b", "POST", PODS, pod("b", {})),
    ("b", "POST", PODS, pod("b", ask("1m"))),
    ("b", "POST", PODS, pod("c", ask("2"), activeDeadlineSeconds=9)),
    ("b", "POST", PODS, pod("c", ask("1"), activeDeadlineSeconds=9)),
    ("b", "status", QUOTAS + "/timed", None),
    ("b", "PATCH", PODS + "/b", {"spec": {"activeDeadlineSeconds": 5}}),
    ("b", "POST", QUOTAS, quota("x", {"foo": "1", "pods": "1500m", "cpu": "-1"})),
    ("b", "POST", QUOTAS, quota("x", {"cpu": "1"}, scopes=["BestEffort"])),
    ("b", "POST", QUOTAS, quota("x", {"pods": "1"}, scopes=["BestEffort", "NotBestEffort"])),
    ("b", "POST", QUOTAS, quota("x", {"pods": "1"}, scopes=["Unknown"])),
    ("b", "POST", QUOTAS, quota("x", {"pods": "1"}, **in_class("g", "Maybe"))),
    ("b", "POST", QUOTAS, quota("x", {"a.b/c d": "1"})),
    ("b", "PATCH", QUOTAS + "/best", {"spec": {"scopes": ["NotBestEffort"]}}),
    ("c", "POST", RANGES, limits("bad", {"type": "Container", "min": {"cpu": "2"},
                                         "max": {"cpu": "1"}})),
    ("c", "POST", RANGES, limits("bad", {"type": "Pod", "default": {"cpu": "2"}})),
    ("c", "POST", RANGES, limits("bad", {"type": "Thing"}, {"type": "Thing"})),
    ("c", "POST", RANGES, limits("bad", {"type": "PersistentVolumeClaim"})),
    ("c", "POST", RANGES, limits("bad", {"type": "Container", "max": {"gpu": "1"}})),
    ("c", "POST", RANGES, limits("bad", {"type": "Container", "maxLimitRequestRatio":
                                         {"cpu": "9"}, "min": {"cpu": "1"}, "max": {"cpu": "2"}})),
    ("c", "POST", RANGES, limits("l", {
        "type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"},
        "max": {"cpu": "1", "memory": "1Gi"}, "min": {"memory": "1Mi"},
        "maxLimitRequestRatio": {"cpu": "5"}}, {"type": "Pod", "max": {"cpu": "1500m"}},
        {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "2Gi"}})),
    ("c", "GET", RANGES + "/l", None),
    ("c", "POST", PODS, pod("a", {})),
    ("c", "POST", PODS, pod("b", ask("200m"), ask(limit="300m", memory="2Mi"))),
    ("c", "POST", PODS, pod("d", ask(limit="2"))),
    ("c", "POST", PODS, pod("d", ask("100m", limit="1"))),
    ("c", "POST", PODS, pod("d", ask("800m", limit="900m"), ask("800m", limit="900m"))),
    ("c", "POST", PODS, pod("d", ask(memory="1Ki", memory_limit="2Mi"))),
    ("c", "POST", CLAIMS, claim("a", "1Mi")),
    ("c", "POST", CLAIMS, claim("a", "5Gi")),
    ("c", "POST", CLAIMS, claim("a", "1Gi")),
]


def shown(status, said):
    if status >= 400:
        causes = said.get("details", {}).get("causes")
        faults = sorted(filter(None, BETWEEN.split(said.get("message", ""))))
        return [status, faults, causes and sorted(causes, key=json.dumps)]
    out = [status, said.get("spec", {}).get("limits"), said.get("spec", {}).get("hard")]
    if said.get("kind") == "Pod":
        out.append([c.get("resources") for c in said["spec"]["containers"]])
        out.append(said["metadata"].get("annotations", {}).get("kubernetes.io/limit-ranger"))
    return out


def quota_status(side, path):
    return side.ask("GET", path, None)[1].get("status", {})


def settled(sides, path):
    for _ in range(100):
        answers = [quota_status(side, path) for side in sides]
        if answers[0] == answers[1] and answers[0]:
            break
        time.sleep(0.1)
    return answers


def compare(sides, step):
    ns, method, path, body = step
    path = path.format(ns)
    if method == "status":
        return settled(sides, path)
    extra = (MERGE,) if method == "PATCH" else ()
    return [shown(*side.ask(method, path, body, *extra)[:2]) for side in sides]


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
            for ns in "abc":
                side.ask("POST", NS, {"metadata": {"name": ns}})
        for side in sides:  # upstream lets pods in once their account is there
            for ns in "abc":
                for _ in range(100):
                    if side.ask("GET", f"{NS}/{ns}/serviceaccounts/default", None)[0] == 200 and \
                            side.ask("GET", f"{NS}/{ns}/configmaps/kube-root-ca.crt",
                                     None)[0] == 200:
                        break
                    time.sleep(0.1)
        for step in STEPS:
            answers = compare(sides, step)
            if answers[0] != answers[1]:
                differ += 1
                print(f"DIFFERS {step[0]} {step[1]} {json.dumps(step[3])}\n"
                      f"    kube-apiserver {json.dumps(answers[0])}\n"
                      f"    paddock        {json.dumps(answers[1])}", flush=True)
    print(f"{len(STEPS)} steps, {differ} answers differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
