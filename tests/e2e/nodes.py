#!/usr/bin/env python3
"""Nodes of a real cluster's API: mirrored within moments, renamed, gone; cordoned, labelled, tainted
and drained through /v3, with a disruption budget that holds a pod back for a while, and stopped.
(The nodes are objects alone: what no kubelet runs ends at once.)
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import ControlPlane
from paddock import Paddock
from proc import wait_for

READY = [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]


class Walk:
    def __init__(self, server, plane):
        self.server, self.plane, self.cluster, self.owner = server, plane, None, None

    def kubectl(self, *args, body=None):
        done = subprocess.run([str(self.plane.bin / "kubectl"), f"--kubeconfig={self.plane.admin}",
                               *args], input=body and json.dumps(body), text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, (args, done.stderr)
        return done.stdout

    def status(self, what, status, namespace=()):
        self.kubectl("patch", what, *namespace, "--subresource=status", "--type=merge", "-p",
                     json.dumps({"status": status}))

    def node(self, name, machine, conditions=READY):
        self.kubectl("create", "-f", "-", body={"apiVersion": "v1", "kind": "Node", "metadata": {
            "name": name}})
        info = {key: "x" for key in ("machineID", "bootID", "kernelVersion", "osImage",
                                     "containerRuntimeVersion", "kubeletVersion",
                                     "kubeProxyVersion", "operatingSystem", "architecture")}
        self.status(f"node/{name}", {"capacity": {"cpu": "4", "memory": "8Gi"}, "allocatable": {
            "cpu": "4", "memory": "8Gi"}, "conditions": conditions,
            "nodeInfo": {**info, "systemUUID": machine}})

    def pod(self, name, node, owned=True):
        # An owner that is there, or the cluster's garbage collector takes the pod.
        if not self.owner:
            self.kubectl("create", "configmap", "owner")
            self.owner = json.loads(self.kubectl("get", "configmap", "owner", "-o", "json"))[
                "metadata"]["uid"]
        self.kubectl("create", "-f", "-", body={"apiVersion": "v1", "kind": "Pod", "metadata": {
            "name": name, "labels": {"app": name}, "ownerReferences": [{
                "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "controller": True,
                "uid": self.owner}] if owned else []},
            "spec": {"nodeName": node, "automountServiceAccountToken": False, "containers": [{
                "name": "c", "image": "i", "resources": {"requests": {"cpu": "100m"}}}]}})
        self.status(f"pod/{name}", {"phase": "Running", "conditions": READY})

    def nodes(self):
        listed = self.server.expect(200, "GET", f"/v3/nodes?clusterId={self.cluster}")["data"]
        return {node["nodeName"]: node for node in listed}

    def seen(self, what, check, timeout_s=2):
        begun = time.monotonic()
        wait_for(what, check, timeout_s, interval_s=0.02)
        return time.monotonic() - begun

    def act(self, node, action, body=None, status=200):
        self.server.expect(status, "POST", f"{self.nodes()[node]['links']['self']}?action={action}",
                           body or {})

    def state(self, node, wanted, timeout_s=5):
        def look():
            found = self.nodes()[node]
            if found["state"] != wanted:
                raise ValueError(f"{found['state']}: {found.get('transitioningMessage')}")
            return found
        return wait_for(f"{node} {wanted}", look, timeout_s, interval_s=0.05)


def mirrored(walk):
    walk.node("one", "uuid-1")
    walk.seen("the node", lambda: walk.nodes()["one"]["state"] == "active")
    first = walk.nodes()["one"]
    assert first["capacity"]["cpu"] == "4" and first["worker"], first
    assert {"cordon", "drain"} <= set(first["actions"]), first["actions"]
    assert "remove" not in first["links"], first["links"]
    walk.pod("p1", "one")
    walk.seen("what its pods ask for", lambda: walk.nodes()["one"]["requested"] == {
        "cpu": "100m", "pods": "1"})
    wait_for("the cluster's sums", lambda: walk.server.expect(
        200, "GET", f"/v3/clusters/{walk.cluster}")["requested"]["cpu"] == "100m", 6)
    # Renamed: the old node goes quiet, the machine comes with another name.
    walk.status("node/one", {"conditions": [{"type": "Ready", "status": "Unknown",
                                             "message": "no word from it"}]})
    walk.seen("that it is away", lambda: walk.nodes()["one"]["state"] == "unavailable")
    assert walk.nodes()["one"]["transitioningMessage"] == "no word from it"
    walk.node("other", "uuid-1")
    walk.seen("the machine under its new name",
              lambda: walk.nodes()["other"]["id"] == first["id"])
    walk.kubectl("delete", "node", "one")
    walk.seen("the old node's end", lambda: list(walk.nodes()) == ["other"])


def edited(walk):
    walk.act("other", "cordon")
    found = walk.state("other", "cordoned")
    assert "uncordon" in found["actions"] and "cordon" not in found["actions"], found["actions"]
    walk.act("other", "uncordon")
    walk.state("other", "active")
    labels = {**walk.nodes()["other"].get("labels", {}), "mine": "1"}
    walk.server.expect(200, "PUT", walk.nodes()["other"]["links"]["self"], {
        "labels": labels, "annotations": {"note": "here"},
        "taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]})
    walk.seen("labels, annotations and taints", lambda: (
        walk.nodes()["other"]["labels"]["mine"] == "1"
        and walk.nodes()["other"]["annotations"]["note"] == "here"
        and walk.nodes()["other"]["nodeTaints"][0]["key"] == "k"), 5)
    got = json.loads(walk.kubectl("get", "node", "other", "-o", "json"))
    assert got["spec"]["taints"][0]["key"] == "k" and got["metadata"]["labels"]["mine"] == "1", got


def drained(walk):
    walk.pod("held", "other")
    walk.pod("free", "other")
    walk.kubectl("create", "-f", "-", body={
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "held"}}}})
    wait_for("the budget", lambda: json.loads(walk.kubectl(
        "get", "pdb", "b", "-o", "json"))["status"].get("currentHealthy") == 1, 20)
    walk.act("other", "drain", {"gracePeriod": 0, "timeout": 60})
    found = walk.state("other", "draining")
    assert set(found["actions"]) == {"stopDrain"}, found["actions"]
    wait_for("the pod that the budget holds", lambda: "default/held (held by its disruption"
             in walk.nodes()["other"]["transitioningMessage"], 10)
    walk.act("other", "stopDrain")
    found = walk.state("other", "cordoned")
    assert "stopped" in found["transitioningMessage"], found["transitioningMessage"]
    walk.kubectl("delete", "pdb", "b")
    walk.act("other", "drain", {"gracePeriod": 0, "timeout": 60})
    walk.state("other", "drained", 20)
    left = json.loads(walk.kubectl("get", "pods", "-o", "json"))["items"]
    assert not [pod for pod in left if pod["spec"]["nodeName"] == "other"], left
    walk.act("other", "uncordon")
    walk.state("other", "active")
    walk.pod("bare", "other", owned=False)
    walk.act("other", "drain", {"gracePeriod": 0})
    found = walk.state("other", "cordoned")
    assert "default/bare has no controller" in found["transitioningMessage"], found


def main():
    with tempfile.TemporaryDirectory(prefix="pdk-") as folder:
        folder = pathlib.Path(folder)
        with ControlPlane(folder / "plane") as plane, Paddock(folder / "paddock") as server:
            server.log_in()
            walk = Walk(server, plane)
            walk.cluster = server.take_in(plane)
            mirrored(walk)
            edited(walk)
            drained(walk)
            refused = server.expect(404, "POST", f"/v3/clusters/{walk.cluster}?action=backupEtcd", {})
            assert "not available" in refused["message"], refused
    print("nodes: mirrored, edited, drained")


if __name__ == "__main__":
    main()
