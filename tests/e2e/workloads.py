#!/usr/bin/env python3
"""Workloads of a project through /v3/project, in a real cluster and in the server's own: each kind
is made, seen with kubectl, scaled, redeployed, paused, resumed, rolled back to a revision, removed;
ports have services before them; whoever is of another project sees nothing of it.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import ControlPlane
from paddock import Paddock
from proc import wait_for
from subscription import Subscription

CONTAINERS = [{"name": "c", "image": "example.test/web:1", "environment": {"A": "1"},
               "livenessProbe": {"path": "/", "port": 80, "scheme": "HTTP"}}]
KINDS = {
    "deployment": ("deployments", {"deploymentConfig": {"strategy": "Recreate"}}),
    "daemonset": ("daemonsets", {"daemonSetConfig": {"maxUnavailable": 2}}),
    "statefulset": ("statefulsets", {"statefulSetConfig": {"partition": 0}}),
    "replicaset": ("replicasets", {"replicaSetConfig": {"minReadySeconds": 1}}),
    "job": ("jobs", {"jobConfig": {"backoffLimit": 1}}),
    "cronjob": ("cronjobs", {"cronJobConfig": {"schedule": "0 0 1 1 *"}}),
}


class Place:
    """A project of a cluster with one namespace in it."""
    def __init__(self, server, kubeconfig, kubectl, cluster):
        self.server, self.config, self.program, self.cluster = server, kubeconfig, kubectl, cluster
        self.project = server.expect(201, "POST", "/v3/projects", {
            "name": "apps", "clusterId": cluster})["id"]
        self.ns = "apps"
        server.expect(201, "POST", f"/v3/cluster/{cluster}/namespaces", {
            "name": self.ns, "projectId": self.project})
        self.base = f"/v3/project/{self.project}"

    def kubectl(self, *args):
        done = subprocess.run([str(self.program), f"--kubeconfig={self.config}", "-n", self.ns,
                               *args], text=True, capture_output=True, check=False)
        assert done.returncode == 0, (args, done.stderr)
        return done.stdout

    def seen(self, what, name):
        return json.loads(self.kubectl("get", what, name, "-o", "json"))

    def there(self, what, name):
        return self.kubectl("get", what, name, "--ignore-not-found", "-o", "name") != ""

    def get(self, workload):
        return self.server.expect(200, "GET", f"{self.base}/workloads/{workload}")

    def make(self, name, **more):
        return self.server.expect(201, "POST", f"{self.base}/workloads", {
            "name": name, "namespaceId": self.ns, "containers": CONTAINERS, **more})

    def act(self, workload, action, body=None, status=204):
        return self.server.expect(status, "POST", workload["actions"].get(
            action, workload["links"]["self"] + "?action=" + action), body or {})


def each_kind(place):
    for kind, (plural, config) in KINDS.items():
        made = place.make("one", **config)
        workload = f"{kind}:{place.ns}:one"
        assert (made["id"], made["baseType"]) == (workload, "workload"), made
        stored = place.seen(plural, "one")
        assert place.get(workload)["uuid"] == stored["metadata"]["uid"]
    listed = place.server.expect(200, "GET", f"{place.base}/workloads?namespaceId={place.ns}")
    assert [one["id"] for one in listed["data"]] == sorted(
        f"{kind}:{place.ns}:one" for kind in KINDS), listed
    page = place.server.expect(200, "GET", f"{place.base}/workloads?limit=2&sort=name")
    assert len(page["data"]) == 2 and page["pagination"]["next"], page["pagination"]
    # Sent back as it was read, nothing of it is another: no pod starts anew.
    for kind, (plural, _) in KINDS.items():
        before = place.seen(plural, "one")["metadata"].get("generation")
        shown = place.get(f"{kind}:{place.ns}:one")
        place.server.expect(200, "PUT", shown["links"]["update"], shown)
        after = place.seen(plural, "one")["metadata"].get("generation")
        assert before == after, (kind, before, after)
    for kind, (plural, _) in KINDS.items():
        shown = place.get(f"{kind}:{place.ns}:one")
        status = place.server.ask("DELETE", shown["links"]["remove"]).status
        assert status in (200, 204), (kind, status)
        if kind == "job":  # its pods have a finalizer of their own
            continue
        wait_for(f"the end of {kind}", lambda plural=plural: not place.there(plural, "one"), 10)


def image(place):
    spec = place.seen("deployment", "web")["spec"]["template"]["spec"]
    return spec["containers"][0]["image"]


def changed(place):
    web = place.make("web", scale=2)
    assert web["links"]["revisions"].endswith(f"/workloads/deployment:{place.ns}:web/revisions")
    place.server.expect(200, "PUT", web["links"]["update"], {"scale": 3})
    assert place.seen("deployment", "web")["spec"]["replicas"] == 3
    place.act(web, "redeploy")
    template = place.seen("deployment", "web")["spec"]["template"]
    assert template["metadata"]["annotations"]["cattle.io/timestamp"], template
    place.act(web, "pause")
    paused = place.get(web["id"])
    assert paused["state"] == "paused" and "resume" in paused["actions"], paused
    assert place.seen("deployment", "web")["spec"]["paused"] is True
    place.act(web, "pause", status=422)
    place.act(web, "resume")
    assert "paused" not in place.seen("deployment", "web")["spec"] or \
        not place.seen("deployment", "web")["spec"]["paused"]


def rolled_back(place):
    """Of a deployment whose revisions a controller makes."""
    web = place.get(f"deployment:{place.ns}:web")
    containers = [{**CONTAINERS[0], "image": "example.test/web:2"}]
    place.server.expect(200, "PUT", web["links"]["update"], {"containers": containers})
    assert image(place) == "example.test/web:2"

    def revisions():
        listed = place.server.expect(200, "GET", web["links"]["revisions"])["data"]
        return [one for one in listed if one["containers"][0]["image"].endswith(":1")] \
            if any(one["containers"][0]["image"].endswith(":2") for one in listed) else []
    wait_for("its revisions", revisions, 10)
    old = revisions()[0]
    assert old["id"].startswith(f"replicaset:{place.ns}:web-"), old["id"]
    place.act(web, "rollback", {"replicaSetId": f"replicaset:{place.ns}:nosuch"}, status=422)
    place.act(web, "rollback", {"replicaSetId": old["id"]})
    assert image(place) == "example.test/web:1"
    labels = place.seen("deployment", "web")["spec"]["template"]["metadata"]["labels"]
    assert "pod-template-hash" not in labels, labels


def pods_of(place):
    """Pods that the cluster's controllers made, which no node has taken."""
    query = f"{place.base}/pods?workloadId=deployment:{place.ns}:web"
    wait_for("its pods", lambda: place.server.expect(200, "GET", query)["data"], 10)
    pod = place.server.expect(200, "GET", query)["data"][0]
    assert (pod["state"], pod["namespaceId"]) == ("pending", place.ns), pod
    assert pod["containers"][0]["state"] == "unknown", pod["containers"]
    assert place.server.ask("DELETE", pod["links"]["remove"]).status in (200, 204)
    wait_for("its end", lambda: not place.there("pod", pod["name"]), 5)
    made = place.server.expect(201, "POST", f"{place.base}/pods", {
        "name": "own", "namespaceId": place.ns, "containers": CONTAINERS})
    assert made["workloadId"] is None and place.there("pod", "own"), made
    assert place.server.ask("DELETE", made["links"]["remove"]).status in (200, 204)


def served(place):
    port = {"containerPort": 80, "kind": "NodePort", "sourcePort": 0, "protocol": "TCP"}
    made = place.make("front", containers=[{**CONTAINERS[0], "ports": [port]}])
    service = place.seen("service", "front-nodeport")
    number = service["spec"]["ports"][0]["nodePort"]
    assert number >= 30000, service
    assert place.seen("service", "front")["spec"]["type"] == "ClusterIP"
    points = place.get(made["id"])["publicEndpoints"]
    assert [(one["port"], one["serviceId"]) for one in points] == [
        (number, f"{place.ns}:front-nodeport")], points
    shown = place.server.expect(200, "GET", f"{place.base}/services/{place.ns}:front-nodeport")
    assert [one["port"] for one in shown["publicEndpoints"]] == [number], shown
    place.server.expect(200, "PUT", made["links"]["update"], {"scale": 2})
    again = place.seen("service", "front-nodeport")
    assert again["spec"]["ports"][0]["nodePort"] == number, again
    # A port that is taken: the refusal is told, and nothing is left of it.
    taken = {**port, "sourcePort": number}
    refused = place.server.ask("POST", f"{place.base}/workloads", {
        "name": "late", "namespaceId": place.ns,
        "containers": [{**CONTAINERS[0], "ports": [taken]}]})
    assert refused.status == 422 and str(number) in refused.json["message"], refused
    wait_for("that nothing is left", lambda: not place.there("deployment", "late"), 10)
    place.server.ask("DELETE", made["links"]["remove"])
    wait_for("that its services go with it",
             lambda: not place.there("service", "front-nodeport"), 20)


def told(place):
    """Who subscribes hears what changes in the project, and nothing of what lies elsewhere."""
    stream = Subscription(place.server, f"{place.base}/subscribe?resourceTypes=workload,pod")
    assert stream.status == 101, stream.status
    wait_for("its first ping", lambda: stream.messages, 5)

    def heard(name, part):
        return stream.heard(name, lambda data: part in data["id"])
    # What is made once the watches stand is told; until then it is made again.
    count = [0]

    def first():
        count[0] += 1
        place.make(f"early{count[0]}")
        return heard("resource.change", "early")
    wait_for("the first change", first, 20, interval_s=0.5)
    made = place.make("loud", scale=1)
    wait_for("that it was made", lambda: heard("resource.change", made["id"]), 5)
    last = heard("resource.change", made["id"])[-1]
    assert (last["type"], last["projectId"]) == ("deployment", place.project), last
    if place.cluster != "local":
        wait_for("its pod", lambda: heard("resource.change", f"{place.ns}:loud-"), 10)
        pod = heard("resource.change", f"{place.ns}:loud-")[-1]
        assert pod["workloadId"] == made["id"], pod
    place.kubectl("scale", "deployment", "loud", "--replicas=0")
    wait_for("a change beside it", lambda: heard("resource.change", made["id"])[-1]["scale"] == 0, 5)
    place.server.ask("DELETE", made["links"]["remove"])
    wait_for("its end", lambda: heard("resource.remove", made["id"]), 10)
    others = [one for one in stream.heard("resource.change", lambda data: True)
              if one.get("namespaceId") != place.ns]
    assert not others, others
    stream.close()


def kept_out(place):
    server = place.server
    user = server.expect(201, "POST", "/v3/users", {
        "username": "other", "password": "another long password"})["id"]
    server.expect(201, "POST", "/v3/globalRoleBindings", {
        "userId": user, "globalRoleId": "user"})
    elsewhere = server.expect(201, "POST", "/v3/projects", {
        "name": "elsewhere", "clusterId": place.cluster})["id"]
    server.expect(201, "POST", "/v3/projectRoleTemplateBindings", {
        "projectId": elsewhere, "userId": user, "roleTemplateId": "project-member"})
    token = server.expect(201, "POST", "/v3-public/localProviders/local?action=login", {
        "username": "other", "password": "another long password"})["token"]
    own = f"/v3/project/{elsewhere}/workloads"
    wait_for("the member's own project", lambda: server.ask("GET", own, token=token).status == 200, 10)
    workload = f"/workloads/deployment:{place.ns}:web"
    assert server.ask("GET", own, token=token).json["data"] == []
    for method, path in (("GET", place.base + "/workloads"), ("GET", place.base + workload),
                         ("DELETE", place.base + workload),
                         ("POST", place.base + workload + "?action=redeploy")):
        answer = server.ask(method, path, token=token)
        assert answer.status in (403, 404) and answer.json["type"] == "error", (method, answer)
    assert Subscription(server, place.base + "/subscribe", token).status == 403
    # Nor through their own project.
    stolen = server.ask("GET", f"/v3/project/{elsewhere}{workload}", token=token)
    assert stolen.status == 404, stolen


def walked(server, plane):
    server.log_in()
    cluster = server.take_in(plane)
    kubectl = plane.bin / "kubectl"
    far = Place(server, plane.admin, kubectl, cluster)
    for part in (each_kind, changed, rolled_back, pods_of, served, told, kept_out):
        part(far)
    # The server's own cluster, where nobody runs what is asked for.
    here = Place(server, server.kubeconfig, kubectl, "local")
    each_kind(here)
    changed(here)
    told(here)
    return far


def gone(place):
    """A cluster that does not answer any more: the contract's error, in time."""
    answer = place.server.ask("GET", place.base + "/workloads")
    assert answer.status in (502, 503, 504) and answer.json["type"] == "error", answer


def main():
    with tempfile.TemporaryDirectory(prefix="pdk-") as folder:
        folder = pathlib.Path(folder)
        with Paddock(folder / "paddock") as server:
            with ControlPlane(folder / "plane") as plane:
                far = walked(server, plane)
            gone(far)
    print("workloads: every kind made, changed, rolled back and removed, far and here")


if __name__ == "__main__":
    main()
