#!/usr/bin/env python3
"""Projects of another cluster, a real API server: the quota of a project in the namespaces that
are made there through /v3 and beside it with kubectl, what does not fit, moves and ends.
"""

import concurrent.futures
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

PROJECT, QUOTA = "field.cattle.io/projectId", "field.cattle.io/resourceQuota"


class Walk:
    def __init__(self, server, plane, cluster):
        self.server, self.plane, self.cluster = server, plane, cluster
        self.namespaces = f"/v3/cluster/{cluster}/namespaces"

    def kubectl(self, *args, body=None):
        done = subprocess.run([str(self.plane.bin / "kubectl"), f"--kubeconfig={self.plane.admin}",
                               *args], input=body and json.dumps(body), text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, (args, done.stderr)
        return done.stdout

    def project(self, name, pods, each):
        return self.server.expect(201, "POST", "/v3/projects", {
            "name": name, "clusterId": self.cluster, "resourceQuota": {"limit": {"pods": pods}},
            "namespaceDefaultResourceQuota": {"limit": {"pods": each}},
            "containerDefaultResourceLimit": {"limitsCpu": "100m"}})["id"]

    def used(self, project):
        found = self.server.expect(200, "GET", f"/v3/projects/{project}")
        return (found["resourceQuota"].get("usedLimit") or {}).get("pods")

    def found(self, what, ns):
        return json.loads(self.kubectl("get", what, "-n", ns, "-o", "json"))["items"]

    def hard(self, ns):
        found = self.found("resourcequotas", ns)
        return found[0]["spec"]["hard"] if found else None

    def beside(self, ns, project):
        self.kubectl("create", "-f", "-", body={"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": ns, "annotations": {PROJECT: project}}})

    def status(self, ns):
        return self.server.expect(200, "GET", f"{self.namespaces}/{ns}")["annotations"].get(
            "cattle.io/status", "")


def given(walk):
    project = walk.project("a", "10", "4")
    walk.server.expect(201, "POST", walk.namespaces, {"name": "one", "projectId": project})
    wait_for("its quota", lambda: walk.hard("one") == {"pods": "4"}, 3)
    wait_for("its defaults", lambda: walk.found("limitranges", "one"), 3)
    walk.beside("two", project)
    wait_for("the quota of what kubectl made", lambda: walk.hard("two") == {"pods": "4"}, 3)
    wait_for("the sum", lambda: walk.used(project) == "8", 3)
    refused = walk.server.expect(422, "POST", walk.namespaces, {
        "name": "three", "projectId": project})
    assert (refused["code"], refused["fieldName"]) == ("MaxLimitExceeded", "resourceQuota"), refused
    walk.beside("three", project)
    wait_for("that it may hold nothing", lambda: walk.hard("three") == {"pods": "0"}, 3)
    wait_for("why", lambda: "exceeds the limit" in walk.status("three"), 3)
    assert walk.used(project) == "8", walk.used(project)
    # There is room for it once another goes: it is let in.
    walk.kubectl("delete", "namespace", "two", "--wait=false")
    wait_for("its quota now", lambda: walk.hard("three") == {"pods": "4"}, 3)
    assert walk.used(project) == "8", walk.used(project)
    return project


def contents(walk, project):
    base = f"/v3/project/{project}/configMaps"
    made = walk.server.expect(201, "POST", base, {
        "name": "c", "namespaceId": "one", "data": {"a": "1"}})
    assert (made["id"], made["projectId"]) == ("one:c", project), made
    walk.server.expect(422, "POST", base, {"name": "c", "namespaceId": "default"})
    walk.server.expect(200, "PUT", f"{base}/one:c", {"data": {"a": "2"}})
    got = json.loads(walk.kubectl("get", "configmap", "c", "-n", "one", "-o", "json"))
    assert got["data"] == {"a": "2"}, got
    listed = walk.server.expect(200, "GET", f"{base}?name=c")["data"]
    assert [one["id"] for one in listed] == ["one:c"], listed
    walk.server.expect(404, "GET", f"{base}/default:kube-root-ca.crt")
    walk.server.expect(204, "DELETE", f"{base}/one:c")
    secret = f"/v3/project/{project}/secrets"
    made = walk.server.expect(201, "POST", secret, {"name": "s", "data": {"k": "MQ=="}})

    def copy(ns, name="s"):
        found = [one for one in walk.found("secrets", ns) if one["metadata"]["name"] == name]
        return found[0]["data"]["k"] if found else None
    for ns in ("one", "three"):
        wait_for(f"the project's secret in {ns}", lambda ns=ns: copy(ns) == "MQ==", 2)
    walk.server.expect(200, "PUT", made["links"]["self"], {"data": {"k": "Mg=="}})
    wait_for("its new value", lambda: copy("one") == "Mg==", 2)
    walk.server.expect(204, "DELETE", made["links"]["self"])
    wait_for("its end", lambda: copy("one") is None and copy("three") is None, 2)
    walk.server.expect(201, "POST", secret, {"name": "t", "data": {"k": "MQ=="}})
    wait_for("another", lambda: copy("one", "t"), 2)


def told_before(walk, project):
    told = walk.server.expect(200, "DELETE", f"/v3/projects/{project}?dryRun=All")
    assert {"one", "three"} <= {ns["id"] for ns in told["namespaces"]}, told  # two may still end
    assert [one["name"] for one in told["secrets"]] == ["t"] and not told["unknown"], told
    walk.server.expect(200, "GET", f"/v3/projects/{project}")


def moved(walk, project):
    other, move = walk.project("b", "3", "2"), f"{walk.namespaces}/one?action=move"
    # It brings more than there is: it stays where it is, and nothing of it is touched.
    refused = walk.server.expect(422, "POST", move, {"projectId": other})
    assert (refused["code"], refused["fieldName"]) == ("MaxLimitExceeded", "resourceQuota"), refused
    assert walk.hard("one") == {"pods": "4"} and walk.used(project) == "8"

    def quota(pods):
        return {"resourceQuota": {"limit": {"pods": pods}}}
    walk.server.expect(422, "PUT", f"{walk.namespaces}/one", quota("7"))
    walk.server.expect(200, "PUT", f"{walk.namespaces}/one", quota("6"))
    wait_for("the part that was raised", lambda: walk.hard("one") == {"pods": "6"}, 3)
    walk.server.expect(200, "PUT", f"{walk.namespaces}/one", quota("3"))
    walk.server.expect(204, "POST", move, {"projectId": other})
    wait_for("the part of what moved", lambda: walk.used(project) == "4", 3)
    wait_for("its part there", lambda: walk.used(other) == "3", 3)
    walk.server.expect(204, "POST", move, {"projectId": ""})
    wait_for("that nothing is kept in it", lambda: walk.hard("one") is None and not [
        one for one in walk.found("secrets", "one") if one["metadata"]["name"] == "t"], 3)


def at_once(walk):
    """Whoever comes at once, no more is given than there is."""
    project = walk.project("c", "10", "2")
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda i: walk.server.ask("POST", walk.namespaces, {
            "name": f"n{i}", "projectId": project}).status, range(12)))
    assert sorted(made) == [201] * 5 + [422] * 7, made
    ours = [f"n{i}" for i, status in enumerate(made) if status == 201]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        raised = list(pool.map(lambda name: walk.server.ask("PUT", f"{walk.namespaces}/{name}", {
            "resourceQuota": {"limit": {"pods": "3"}}}).status, ours))
    assert raised == [422] * 5, raised
    wait_for("the sum", lambda: walk.used(project) == "10", 5)


def main():
    with tempfile.TemporaryDirectory(prefix="pdk-") as folder:
        folder = pathlib.Path(folder)
        with ControlPlane(folder / "plane") as plane, Paddock(folder / "paddock") as server:
            server.log_in()
            cluster = server.take_in(plane)
            walk = Walk(server, plane, cluster)
            project = given(walk)
            contents(walk, project)
            told_before(walk, project)
            moved(walk, project)
            at_once(walk)
    print("far projects: quotas given, refused, moved")


if __name__ == "__main__":
    main()
