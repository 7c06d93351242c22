#!/usr/bin/env python3
"""Projects and namespaces of the server's own cluster through /v3 and kubectl, on the program:
quotas given, refused and moved, what a member's namespace becomes, and what a removed project
leaves behind.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import peers_bin
from paddock import Paddock
from proc import wait_for

PROJECTS, NAMESPACES = "/v3/projects", "/v3/cluster/local/namespaces"
QUOTA_LABEL = "resourcequota.management.cattle.io/default-resource-quota=true"


class Walk:
    def __init__(self, server):
        self.server = server

    def kubectl(self, *args, body=None, code=0):
        done = subprocess.run([str(peers_bin() / "kubectl"), f"--kubeconfig={self.server.kubeconfig}",
                               *args], input=body, text=True, capture_output=True, check=False)
        assert done.returncode == code, (args, done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def project(self, name, limit=None, default=None, status=201, **more):
        body = {"name": name, "clusterId": "local", **more}
        if limit:
            body["resourceQuota"] = {"limit": limit}
        if default:
            body["namespaceDefaultResourceQuota"] = {"limit": default}
        return self.server.expect(status, "POST", PROJECTS, body)

    def used(self, project):
        return self.server.expect(200, "GET", f"{PROJECTS}/{project}")["resourceQuota"].get(
            "usedLimit")

    def namespace(self, name, project, status=201, **more):
        return self.server.expect(status, "POST", NAMESPACES,
                                  {"name": name, "projectId": project, **more})

    def hard(self, ns):
        found = json.loads(self.kubectl("get", "resourcequotas", "-n", ns, "-l", QUOTA_LABEL, "-o",
                                        "json"))["items"]
        return found[0]["spec"]["hard"] if found else None


def quotas(walk):
    refused = walk.project("half", {"pods": "5"}, status=422)
    assert refused["fieldName"] == "namespaceDefaultResourceQuota", refused
    project = walk.project("a", {"pods": "10", "requestsCpu": "2"},
                           {"pods": "4", "requestsCpu": "500m"},
                           containerDefaultResourceLimit={"limitsCpu": "250m"})["id"]
    walk.namespace("one", project)
    assert walk.used(project)["pods"] == "4", walk.used(project)
    wait_for("the quota in the namespace", lambda: walk.hard("one") == {
        "pods": "4", "requests.cpu": "500m"}, 2)
    walk.namespace("two", project, resourceQuota={"limit": {"pods": "5"}})
    refused = walk.namespace("three", project, status=422)
    assert (refused["code"], refused["fieldName"]) == ("MaxLimitExceeded", "resourceQuota"), refused
    walk.server.expect(422, "PUT", f"{PROJECTS}/{project}", {
        "resourceQuota": {"limit": {"pods": "6", "requestsCpu": "2"}}})
    said = walk.kubectl("create", "-f", "-", code=1, body=json.dumps({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": "four", "annotations": {"field.cattle.io/projectId": project}}}))
    assert "exceeds the limit of project" in said, said
    said = walk.kubectl("create", "-n", "one", "-f", "-", code=1, body=json.dumps({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "big"}, "spec": {"containers": [
            {"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"},
                                                      "limits": {"cpu": "1"}}}]}}))
    assert "exceeded quota: default-" in said, said
    return project


def moves(walk, project):
    other = walk.project("b", {"pods": "5"}, {"pods": "1"})["id"]
    move = f"{NAMESPACES}/one?action=move"
    walk.server.expect(204, "POST", move, {"projectId": other})
    assert walk.used(other) == {"pods": "4", "type": "/v3/schemas/resourceQuotaLimit"} or \
        walk.used(other)["pods"] == "4", walk.used(other)
    refused = walk.server.expect(422, "POST", f"{NAMESPACES}/two?action=move", {"projectId": other})
    assert refused["code"] == "MaxLimitExceeded", refused
    walk.server.expect(422, "POST", move, {"projectId": "local:p-none"})
    there = walk.server.expect(200, "GET", f"{NAMESPACES}/one")
    assert there["projectId"] == other and there["resourceQuota"]["limit"]["pods"] == "4", there
    found = walk.server.expect(200, "GET", f"{NAMESPACES}?projectId={project}")["data"]
    assert [ns["id"] for ns in found] == ["two"], found
    return other


def ends(walk, project):
    told = walk.server.expect(200, "DELETE", f"{PROJECTS}/{project}?dryRun=All")
    assert not told["unknown"], told
    assert [ns["id"] for ns in told["namespaces"]] == ["one"] and not told["unknown"], told
    assert "1 namespace (one) stays" in told["message"], told
    tried = f"{PROJECTS}/{project}?dryRun=All"
    wait_for("the record of a try, which is no deed", lambda: tried in [
        one["path"] for one in walk.server.expect(200, "GET", "/v3/auditlogs?verb=delete")["data"]], 5)
    walk.server.expect(200, "GET", f"{PROJECTS}/{project}")
    deleted = walk.server.ask("DELETE", f"{PROJECTS}/{project}")
    assert deleted.status in (200, 204), deleted
    wait_for("the project's end",
             lambda: walk.server.ask("GET", f"{PROJECTS}/{project}").status == 404, 5)
    left = walk.server.expect(200, "GET", f"{NAMESPACES}/one")
    assert not left.get("projectId"), left
    wait_for("the namespace without its quota", lambda: walk.hard("one") is None, 2)


def contents(walk, project):
    """What lies in a project: its namespaces' objects, and secrets that are in all of them."""
    base = f"/v3/project/{project}"
    made = walk.server.expect(201, "POST", f"{base}/configMaps", {
        "name": "c", "namespaceId": "two", "data": {"a": "1"}})
    assert (made["id"], made["projectId"]) == ("two:c", project), made
    walk.server.expect(422, "POST", f"{base}/configMaps", {"name": "c", "namespaceId": "default"})
    walk.server.expect(200, "PUT", f"{base}/configMaps/two:c", {"data": {"a": "2"}})
    got = walk.kubectl("get", "configmap", "c", "-n", "two", "-o", "jsonpath={.data.a}")
    assert got == "2", got
    assert walk.server.ask("GET", f"{base}/configMaps/default:kube-root-ca.crt").status == 404
    listed = walk.server.expect(200, "GET", f"{base}/configMaps")["data"]
    assert {one["namespaceId"] for one in listed} == {"two"}, listed
    walk.server.expect(201, "POST", f"{base}/dockerCredentials", {
        "name": "reg", "registries": {"r.example": {"username": "u", "password": "p"}}})

    def copied():
        got = walk.kubectl("get", "secret", "reg", "-n", "two", "--ignore-not-found", "-o",
                           "jsonpath={.type}")
        return got == "kubernetes.io/dockerconfigjson"
    wait_for("the registry's credential in the namespace", copied, 2)
    shown = walk.server.expect(200, "GET", f"{base}/namespacedDockerCredentials/two:reg")
    assert shown["registries"]["r.example"]["username"] == "u", shown
    assert "password" not in shown["registries"]["r.example"], shown
    one = walk.server.expect(200, "GET", f"{base}/dockerCredentials")["data"][0]["links"]["self"]
    walk.server.expect(204, "DELETE", one)
    wait_for("its end in the namespace", lambda: not copied(), 2)


def first_projects_stay(walk):
    for name in ("Default", "System"):
        found = walk.server.expect(200, "GET", f"{PROJECTS}?clusterId=local&name={name}")["data"]
        assert len(found) == 1 and "remove" not in found[0]["links"], found
        walk.server.expect(405, "DELETE", f"{PROJECTS}/{found[0]['id']}")
        assert "kind: Project" in walk.server.ask(
            "POST", f"{PROJECTS}/{found[0]['id']}?action=exportYaml").body


def main():
    with tempfile.TemporaryDirectory(prefix="pdk-") as folder, \
            Paddock(pathlib.Path(folder)) as server:
        server.log_in()
        walk = Walk(server)
        project = quotas(walk)
        other = moves(walk, project)
        contents(walk, project)
        ends(walk, other)
        first_projects_stay(walk)
    print("projects: quotas, moves, ends")


if __name__ == "__main__":
    main()
