#!/usr/bin/env python3
"""Who may what, end to end: users of different rights through /v3 and kubectl, on this server and in
a real cluster: a member of one project, an owner of it, somebody with nothing. What is granted is in
force, what is changed by hand in the cluster is put back, what is removed is gone within the promise,
also in a cluster that was away, and nobody gives what they do not hold.
"""

import json
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import ControlPlane
from paddock import Paddock
from proc import run, wait_for

SECRET = "a long enough password"
OURS = "authz.management.cattle.io/made-by=paddock"
BINDINGS = "/v3/projectRoleTemplateBindings"


class Walk:
    def __init__(self, server, plane, folder):
        self.server, self.plane, self.dir = server, plane, folder
        self.users, self.tokens = {}, {}

    def user(self, name):
        made = self.server.expect(201, "POST", "/v3/users", {
            "username": name, "password": SECRET, "name": name, "mustChangePassword": False})
        self.server.expect(201, "POST", "/v3/globalRoleBindings", {
            "globalRoleId": "user", "userId": made["id"]})
        self.users[name] = made["id"]
        self.tokens[name] = self.server.expect(
            201, "POST", "/v3-public/localProviders/local?action=login",
            {"username": name, "password": SECRET, "responseType": "json"})["token"]

    def ask(self, name, method, path, body=None):
        return self.server.ask(method, path, body, token=self.tokens[name])

    def ids(self, name, path):
        return sorted(one["id"] for one in self.ask(name, "GET", path).json["data"])

    def bind(self, name, project, role, status=201, by=None):
        answer = self.server.ask("POST", BINDINGS, {
            "projectId": project, "roleTemplateId": role, "userId": self.users[name]},
            token=self.tokens.get(by))
        assert answer.status == status, answer
        return answer.json

    def there(self, name, verb, resource, namespace):
        """Whether the cluster itself would let the user."""
        said = self.plane.kubectl("auth", "can-i", verb, resource, f"--namespace={namespace}",
                                  f"--as={self.users[name]}", check=False).stdout.strip()
        return said == "yes"

    def through(self, name, cluster, *args, check=True):
        """kubectl with the user's own kubeconfig of the cluster."""
        path = self.dir / f"{name}-{cluster}.kubeconfig"
        if not path.exists():
            answer = self.ask(name, "POST", f"/v3/clusters/{cluster}?action=generateKubeconfig")
            assert answer.status == 200, answer
            path.write_text(answer.json["config"])
        return run(self.plane.bin / "kubectl", f"--kubeconfig={path}", *args, check=check)

    def namespace(self, name, project):
        self.plane.kubectl("apply", "-f", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {
                "name": name, "annotations": {"field.cattle.io/projectId": project}}}))


def prepare(walk):
    server = walk.server
    server.log_in()
    for name in ("member", "owner", "nobody"):
        walk.user(name)
    cluster = server.take_in(walk.plane)
    projects = []
    for name in ("one", "two"):
        began = time.monotonic()
        made = server.expect(201, "POST", "/v3/projects", {"name": name, "clusterId": cluster})["id"]
        wait_for("its roles", lambda made=made: "InitialRolesPopulated" in [
            c["type"] for c in server.expect(200, "GET", f"/v3/projects/{made}").get(
                "conditions") or [] if c["status"] == "True"], 5, interval_s=0.01)
        print(f"a project's roles are in force {1e3 * (time.monotonic() - began):.0f} ms after it")
        projects.append(made)
    walk.namespace("web", projects[0])
    walk.namespace("else", projects[1])
    return cluster, *projects


def granted(walk, cluster, one, two):
    binding = walk.bind("member", one, "project-member")["id"]
    walk.bind("owner", one, "project-owner")
    wait_for("the member may here", lambda: walk.ids("member", "/v3/projects") == [one], 2)
    assert walk.ids("member", "/v3/clusters") == [cluster]
    assert walk.ids("nobody", "/v3/projects") == walk.ids("nobody", "/v3/clusters") == []
    assert walk.ask("nobody", "GET", f"/v3/projects/{one}").status == 403
    assert walk.ask("member", "GET", f"/v3/projects/{two}").status == 403
    wait_for("the member may there", lambda: walk.there("member", "create", "pods", "web"), 10)
    assert not walk.there("member", "create", "pods", "else")
    assert not walk.there("member", "create", "pods", "kube-system")
    walk.through("member", cluster, "create", "configmap", "mine", "--namespace=web")
    refused = walk.through("member", cluster, "get", "configmaps", "--namespace=else", check=False)
    assert "Forbidden" in refused.stderr or "forbidden" in refused.stderr, refused.stderr
    walk.through("member", cluster, "get", "namespace", "web")
    assert walk.ask("nobody", "POST",
                    f"/v3/clusters/{cluster}?action=generateKubeconfig").status in (403, 404)
    return binding


def no_more_than_held(walk, cluster, one, two):
    walk.bind("nobody", one, "read-only", by="owner")
    walk.bind("nobody", one, "read-only", status=403, by="member")
    walk.bind("nobody", two, "read-only", status=422, by="owner")  # not seen: not there
    answer = walk.ask("owner", "POST", "/v3/clusterRoleTemplateBindings", {
        "clusterId": cluster, "roleTemplateId": "cluster-owner", "userId": walk.users["owner"]})
    assert answer.status == 403, answer
    answer = walk.ask("owner", "POST", "/v3/globalRoleBindings", {
        "globalRoleId": "admin", "userId": walk.users["owner"]})
    assert answer.status in (403, 422), answer  # the role is not seen either
    answer = walk.server.ask("DELETE", "/v3/roleTemplates/project-member")
    assert answer.status == 403, answer
    answer = walk.server.ask("POST", BINDINGS, {
        "projectId": one, "roleTemplateId": "nosuch", "userId": walk.users["member"]})
    assert answer.status == 500 and "nosuch" in answer.json["message"], answer


def roles_make_sense(walk, one):
    """Circles and locked roles are refused; a role that is used stays, and who uses it is said."""
    server = walk.server

    def role(name, **more):
        return server.expect(201, "POST", "/v3/roleTemplates", {
            "name": name, "context": "project", "rules": [
                {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}], **more})["id"]

    def refused(method, path, body, words):
        answer = server.ask(method, path, body)
        assert answer.status in (403, 409, 422), answer
        assert words in answer.json["message"], answer
    below = role("below")
    above = role("above", roleTemplateIds=[below])
    refused("PUT", f"/v3/roleTemplates/{below}", {"roleTemplateIds": [above]}, "")
    assert not server.expect(200, "GET", f"/v3/roleTemplates/{below}").get("roleTemplateIds")
    refused("DELETE", f"/v3/roleTemplates/{below}", None, above)
    shut = role("shut", locked=True)
    refused("POST", BINDINGS, {"projectId": one, "roleTemplateId": shut,
                               "userId": walk.users["member"]}, "locked")
    used = walk.bind("nobody", one, above)["id"]
    refused("DELETE", f"/v3/roleTemplates/{above}", None, used.split(":")[1])
    everywhere = server.expect(201, "POST", "/v3/globalRoles", {"name": "everywhere", "rules": [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}]})["id"]
    binding = server.expect(201, "POST", "/v3/globalRoleBindings", {
        "globalRoleId": everywhere, "userId": walk.users["nobody"]})["id"]
    refused("DELETE", f"/v3/globalRoles/{everywhere}", None, binding)
    for path in (f"{BINDINGS}/{used}", f"/v3/roleTemplates/{above}", f"/v3/roleTemplates/{below}",
                 f"/v3/globalRoleBindings/{binding}", f"/v3/globalRoles/{everywhere}"):
        gone = server.ask("DELETE", path)
        assert gone.status in (200, 204), (path, gone)


def reviews_agree(walk, cluster, one):
    """SelfSubjectAccessReview on this server, and the access questions."""
    def may(verb, resource, namespace, name=""):
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                  "spec": {"resourceAttributes": {"group": "management.cattle.io", "verb": verb,
                                                  "resource": resource, "namespace": namespace,
                                                  "name": name}}}
        answer = walk.ask("member", "POST",
                          "/k8s/clusters/local/apis/authorization.k8s.io/v1/"
                          "selfsubjectaccessreviews", review)
        assert answer.status == 201, answer
        return answer.json["status"]["allowed"]
    project = one.split(":")[1]
    assert may("get", "projects", cluster, project) and may("get", "clusters", "", cluster)
    assert may("list", "projectroletemplatebindings", project)
    assert not may("create", "projectroletemplatebindings", project)
    assert not may("update", "projects", cluster, project)
    said = walk.server.expect(200, "POST", "/v3/accessreviews", {
        "verb": "create", "resource": "pods", "projectId": one, "userId": walk.users["member"]})
    chain = [link.get("id") for link in said["answers"][0]["chain"]]
    assert chain[1:3] == ["project-member", "edit"], chain
    assert walk.ask("nobody", "POST", "/v3/accessreviews",
                    {"verb": "get", "resource": "pods"}).status in (200, 403)


def repaired(walk):
    """By hand in the cluster: a binding removed, a role emptied and its label taken off."""
    kubectl = walk.plane.kubectl
    kubectl("delete", "rolebindings", "--namespace=web", f"--selector={OURS}")
    wait_for("the bindings are back", lambda: walk.there("member", "create", "pods", "web"), 10)
    kubectl("patch", "clusterrole", "project-member", "--type=json", "-p", json.dumps([
        {"op": "replace", "path": "/rules", "value": []},
        {"op": "remove", "path": "/metadata/labels"}]))
    wait_for("the role is back", lambda: json.loads(kubectl(
        "get", "clusterrole", "project-member", "-o", "json").stdout)["rules"], 10)
    kubectl("annotate", "namespace", "web", "--overwrite", "field.cattle.io/projectId=")
    wait_for("the namespace left", lambda: not walk.there("member", "create", "pods", "web"), 10)


def removed(walk, cluster, one, binding):
    walk.namespace("web", one)
    wait_for("the namespace is back", lambda: walk.there("member", "create", "pods", "web"), 10)
    began = time.monotonic()
    assert walk.server.ask("DELETE", f"{BINDINGS}/{binding}").status in (200, 204)
    wait_for("gone here", lambda: walk.ask("member", "GET", f"/v3/projects/{one}").status == 403, 2,
             interval_s=0.01)
    here = time.monotonic() - began
    wait_for("gone there", lambda: not walk.there("member", "create", "pods", "web"), 10)
    print(f"a binding removed: gone here after {1e3 * here:.0f} ms, "
          f"there after {1e3 * (time.monotonic() - began):.0f} ms (kubectl included)")
    refused = walk.through("member", cluster, "get", "configmaps", "--namespace=web", check=False)
    assert refused.returncode != 0, refused


def away(walk, one):
    """The owner's binding goes while the cluster is not there."""
    wait_for("the owner may there", lambda: walk.there("owner", "create", "pods", "web"), 10)
    walk.plane.stop_api_server()
    found = [b["id"] for b in walk.server.expect(200, "GET", BINDINGS)["data"]
             if b["projectId"] == one and b["userId"] == walk.users["owner"]]
    assert walk.server.ask("DELETE", f"{BINDINGS}/{found[0]}").status in (200, 204)
    walk.plane.start_api_server()
    began = time.monotonic()
    wait_for("gone there", lambda: not walk.there("owner", "create", "pods", "web"), 10)
    print(f"a cluster that was away: good {time.monotonic() - began:.1f} s after its return")


def left(walk):
    """What is ours in the cluster."""
    found = json.loads(walk.plane.kubectl(
        "get", "clusterrolebindings,rolebindings,roles,clusterroles", "--all-namespaces",
        f"--selector={OURS}", "-o", "json").stdout)["items"]
    return [f"{one['kind']} {one['metadata']['name']}" for one in found]


def told_of_removal(walk, cluster):
    events = walk.server.expect(200, "GET", "/api/v1/namespaces/default/events")["items"]
    said = [e["message"] for e in events if e["reason"] == "ClusterRemoved" and cluster in e["message"]]
    return said[0] if said else ""


def let_go(walk, cluster):
    """A cluster that is removed here keeps nothing of ours; what is others' stays."""
    walk.plane.kubectl("create", "clusterrolebinding", "theirs", "--clusterrole=view", "--user=x")
    assert left(walk), "nothing of ours was there"
    began = time.monotonic()
    assert walk.server.ask("DELETE", f"/v3/clusters/{cluster}").status in (200, 204)
    wait_for("the cluster to be gone here", lambda: walk.server.ask(
        "GET", f"/v3/clusters/{cluster}").status == 404, 12, interval_s=0.1)
    print(f"a cluster removed: gone after {time.monotonic() - began:.1f} s")
    assert left(walk) == [], left(walk)
    time.sleep(3)  # nobody puts them back
    assert left(walk) == [], left(walk)
    walk.plane.kubectl("get", "clusterrolebinding", "theirs")
    wait_for("the removal to be told", lambda: told_of_removal(walk, cluster), 5)
    assert "nothing of ours is left" in told_of_removal(walk, cluster), \
        told_of_removal(walk, cluster)


def removed_while_away(walk):
    """A cluster that cannot be asked is removed all the same, and what may stay there is said."""
    server = walk.server
    cluster = server.take_in(walk.plane, "far-again")
    wait_for("our roles to be there again", lambda: left(walk), 10)
    walk.plane.stop_api_server()
    began = time.monotonic()
    assert server.ask("DELETE", f"/v3/clusters/{cluster}").status in (200, 204)
    wait_for("the cluster to be gone here", lambda: server.ask(
        "GET", f"/v3/clusters/{cluster}").status == 404, 14, interval_s=0.1)
    print(f"a cluster removed that was away: gone after {time.monotonic() - began:.1f} s")
    wait_for("the removal to be told", lambda: told_of_removal(walk, cluster), 5)
    assert "roles and bindings" in told_of_removal(walk, cluster), told_of_removal(walk, cluster)


def main():
    with tempfile.TemporaryDirectory(prefix="paddock-authz-") as folder:
        folder = pathlib.Path(folder)
        with ControlPlane(folder / "plane") as plane, \
                Paddock(folder / "paddock") as server:
            walk = Walk(server, plane, folder)
            cluster, one, two = prepare(walk)
            binding = granted(walk, cluster, one, two)
            no_more_than_held(walk, cluster, one, two)
            roles_make_sense(walk, one)
            reviews_agree(walk, cluster, one)
            repaired(walk)
            removed(walk, cluster, one, binding)
            away(walk, one)
            let_go(walk, cluster)
            removed_while_away(walk)
    print("authorization: all is as it must be")


if __name__ == "__main__":
    main()
