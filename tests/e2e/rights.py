#!/usr/bin/env python3
"""Authorization from end to end: two real clusters, three users of different rights, through /v3 and
kubectl. What a binding gives is there, in the cluster that it is for and nowhere else; what it gave is
gone in time when it goes, also from a cluster that was away meanwhile.
"""

import json
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import ControlPlane, peers_bin
from paddock import Paddock
from proc import run, wait_for
from steps import Steps

PROJECT = "field.cattle.io/projectId"
HERE_S, THERE_S = 2, 10  # within which what was removed is gone: on the server, in a cluster
# What the API answers is asked of it: a read that goes out and comes back.
SLACK_S = 5


class User:
    """Somebody who logs in, with a kubeconfig for each cluster."""
    def __init__(self, world, name):
        self.world, self.name, self.password = world, name, f"the password of {name}"
        self.id = world.server.expect(201, "POST", "/v3/users", {
            "username": name, "name": name.title(), "password": self.password})["id"]
        world.server.expect(201, "POST", "/v3/globalRoleBindings",
                            {"userId": self.id, "globalRoleId": "user"})
        self.token = world.server.expect(201, "POST", "/v3-public/localProviders/local?action=login",
                                         {"username": name, "password": self.password})["token"]

    def ask(self, method, path, body=None):
        return self.world.server.ask(method, path, body, token=self.token)

    def names(self, path):
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return sorted(one["name"] for one in answer.json["data"])

    def kubectl(self, cluster, *args, **options):
        path = self.world.dir / f"{self.name}-{cluster}.kubeconfig"
        if not path.exists():
            path.write_text(json.dumps({
                "apiVersion": "v1", "kind": "Config", "current-context": "it",
                "clusters": [{"name": "it", "cluster": {
                    "server": f"{self.world.server.url}/k8s/clusters/{cluster}",
                    "insecure-skip-tls-verify": True}}],
                "users": [{"name": "it", "user": {"token": self.token}}],
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}]}))
        return run(peers_bin() / "kubectl", f"--kubeconfig={path}", *args, check=False, **options)

    def can(self, cluster, *what):
        """As the cluster's own SelfSubjectAccessReview answers."""
        said = self.kubectl(cluster, "auth", "can-i", *what)
        return said.stdout.strip() == "yes"


class World:
    def __init__(self, server, planes, folder):
        self.server, self.planes, self.dir = server, planes, folder
        self.ids, self.users, self.projects, self.bindings = {}, {}, {}, {}

    def bring_in(self, name):
        made = self.server.expect(201, "POST", "/v3/clusters", {
            "type": "cluster", "name": name,
            "importedConfig": {"kubeConfig": self.planes[name].admin.read_text()}})
        self.ids[name] = made["id"]
        self.active(name)
        return made["id"]

    def active(self, name, timeout_s=60):
        def look():
            found = self.server.expect(200, "GET", f"/v3/clusters/{self.ids[name]}")
            if found["state"] != "active":
                raise ValueError(f"{found['state']}: {found.get('transitioningMessage')}")
            return found
        return wait_for(f"{name} to be active", look, timeout_s, interval_s=0.1)

    def project(self, name, cluster):
        made = self.server.expect(201, "POST", "/v3/projects",
                                  {"name": name, "clusterId": self.ids[cluster]})
        self.projects[name] = made["id"]
        return made["id"]

    def namespace(self, name, project, cluster):
        return self.server.expect(201, "POST", f"/v3/cluster/{self.ids[cluster]}/namespaces", {
            "name": name, "projectId": self.projects[project]})

    def bind(self, kind, name, body):
        self.bindings[name] = f"/v3/{kind}/" + self.server.expect(
            201, "POST", f"/v3/{kind}", body)["id"]

    def unbind(self, name):
        answer = self.server.ask("DELETE", self.bindings.pop(name))
        assert answer.status in (200, 204), answer


def first_projects(world):
    """A cluster begins with two projects, and what is in it is in them."""
    for name, cluster in world.ids.items():
        found = {p["name"]: p["id"] for p in world.server.expect(
            200, "GET", f"/v3/projects?clusterId={cluster}")["data"]}
        assert set(found) == {"Default", "System"}, found

        def look(cluster=cluster, found=found):
            at = {n["name"]: n.get("projectId") for n in world.server.expect(
                200, "GET", f"/v3/cluster/{cluster}/namespaces")["data"]}
            if (at["default"], at["kube-system"]) != (found["Default"], found["System"]):
                raise ValueError(at)
            return at
        wait_for(f"the namespaces of {name} to be in its projects", look, THERE_S)


def people(world):
    for name in ("olga", "mia", "rob"):
        world.users[name] = User(world, name)
    for user in world.users.values():
        assert user.names("/v3/clusters") == [], f"{user.name} sees clusters"
        assert user.names("/v3/projects") == []
        assert user.names("/v3/users") == [user.name.title()]
        for cluster in world.ids.values():
            assert user.kubectl(cluster, "get", "namespaces").returncode, "a stranger got in"


def bindings(world):
    east, west = world.ids["east"], world.ids["west"]
    for name, cluster in (("shop", "west"), ("reading", "east")):
        world.project(name, cluster)
    world.namespace("shelves", "shop", "west")
    world.namespace("books", "reading", "east")
    world.bind("clusterRoleTemplateBindings", "olga", {
        "clusterId": east, "userId": world.users["olga"].id, "roleTemplateId": "cluster-owner"})
    world.bind("projectRoleTemplateBindings", "mia", {
        "projectId": world.projects["shop"], "userId": world.users["mia"].id,
        "roleTemplateId": "project-member"})
    world.bind("projectRoleTemplateBindings", "rob", {
        "projectId": world.projects["reading"], "userId": world.users["rob"].id,
        "roleTemplateId": "read-only"})
    for user, cluster, what in (("olga", east, ("create", "namespaces")),
                                ("mia", west, ("create", "pods", "-n", "shelves")),
                                ("rob", east, ("get", "pods", "-n", "books"))):
        wait_for(f"{user} to be able to {' '.join(what)}",
                 lambda u=user, c=cluster, w=what: world.users[u].can(c, *w), THERE_S + SLACK_S)


def what_each_may(world):
    east, west = world.ids["east"], world.ids["west"]
    olga, mia, rob = (world.users[n] for n in ("olga", "mia", "rob"))
    yes = ((olga, east, ("get", "nodes")), (olga, east, ("*", "*", "--all-namespaces")),
           (mia, west, ("create", "deployments.apps", "-n", "shelves")),
           (mia, west, ("get", "secrets", "-n", "shelves")),
           (rob, east, ("list", "configmaps", "-n", "books")))
    no = ((mia, west, ("get", "pods", "-n", "kube-system")), (mia, west, ("get", "nodes")),
          (mia, west, ("delete", "namespace", "shelves")),
          (mia, west, ("create", "rolebindings", "-n", "shelves")),
          (rob, east, ("create", "configmaps", "-n", "books")),
          (rob, east, ("get", "secrets", "-n", "books")), (rob, east, ("get", "pods", "-A")))
    wrong = [f"{u.name} may {' '.join(w)}: {not given}" for given, list_ in ((True, yes), (False, no))
             for u, c, w in list_ if u.can(c, *w) != given]
    assert not wrong, wrong
    for user, other in ((olga, west), (mia, east), (rob, west)):
        said = user.kubectl(other, "get", "namespaces")
        assert said.returncode and "orbidden" in said.stderr, (user.name, said.stderr)


def what_each_sees(world):
    assert world.users["olga"].names("/v3/clusters") == ["east"]
    assert world.users["mia"].names("/v3/clusters") == ["west"]
    assert world.users["rob"].names("/v3/clusters") == ["east"]
    assert world.users["mia"].names("/v3/projects") == ["shop"]
    assert world.users["rob"].names("/v3/projects") == ["reading"]
    assert "reading" in world.users["olga"].names("/v3/projects")
    hidden = world.users["mia"].ask("GET", f"/v3/projects/{world.projects['reading']}")
    assert hidden.status in (403, 404), hidden
    mine = world.users["mia"].names(f"/v3/cluster/{world.ids['west']}/namespaces")
    assert mine == ["shelves"], mine


def no_more_than_one_holds(world):
    """Nobody grants what they do not hold, and nobody lifts themselves."""
    mia = world.users["mia"]
    for path, body in (
            ("/v3/clusterRoleTemplateBindings", {
                "clusterId": world.ids["west"], "userId": mia.id, "roleTemplateId": "cluster-owner"}),
            ("/v3/projectRoleTemplateBindings", {
                "projectId": world.projects["shop"], "userId": mia.id,
                "roleTemplateId": "project-owner"}),
            ("/v3/globalRoleBindings", {"userId": mia.id, "globalRoleId": "admin"})):
        answer = mia.ask("POST", path, body)
        assert answer.status in (403, 404, 422), (path, answer)


def own_namespace(world):
    """A member's plain `kubectl create namespace` is of the member's only project there."""
    mia, west = world.users["mia"], world.ids["west"]
    made = mia.kubectl(west, "create", "namespace", "counter")
    assert made.returncode == 0, made.stderr
    wait_for("the namespace to be of the project", lambda: world.planes["west"].kubectl(
        "get", "namespace", "counter", "-o", "json").stdout.find(
            world.projects["shop"]) >= 0, THERE_S)
    wait_for("its maker to have it", lambda: mia.can(west, "create", "configmaps", "-n", "counter"),
             THERE_S + SLACK_S)


def moved_namespace(world):
    mia, west = world.users["mia"], world.ids["west"]
    world.project("attic", "west")
    answer = world.server.ask("POST", f"/v3/cluster/{west}/namespaces/shelves?action=move",
                              {"projectId": world.projects["attic"]})
    assert answer.status in (200, 204), answer
    wait_for("the namespace's old members to be out", lambda: not mia.can(
        west, "get", "pods", "-n", "shelves"), THERE_S + SLACK_S)
    assert mia.can(west, "get", "pods", "-n", "counter"), "the other namespace went with it"


def mended(world):
    """What is removed or changed by hand in a cluster comes back."""
    plane = world.planes["west"]

    def ours():
        found = json.loads(plane.kubectl("get", "rolebindings", "-n", "counter", "-o",
                                         "json").stdout)["items"]
        return {b["metadata"]["name"] for b in found if any(
            s["name"] == world.users["mia"].id for s in b.get("subjects", []))}
    before = ours()
    assert before, "nothing binds mia in her namespace"
    plane.kubectl("delete", "rolebindings", "-n", "counter", *before)
    wait_for("the bindings to be back", lambda: ours() == before, THERE_S)


def removed(world):
    rob, east = world.users["rob"], world.ids["east"]
    begun = time.monotonic()
    world.unbind("rob")
    wait_for("the server to refuse", lambda: rob.kubectl(
        east, "get", "namespaces").returncode != 0 and rob.names("/v3/clusters") == [], HERE_S + 1)
    wait_for("the cluster to refuse", lambda: not allowed(world, "east", rob, "get", "pods", "books"),
             THERE_S - (time.monotonic() - begun))


def allowed(world, cluster, user, verb, resource, ns):
    """As the cluster decides for the user, asked by its own administrator."""
    said = world.planes[cluster].kubectl(
        "auth", "can-i", verb, resource, f"--as={user.id}", "-n", ns, check=False)
    return said.stdout.strip() == "yes"


def removed_while_away(world):
    mia, plane = world.users["mia"], world.planes["west"]
    assert allowed(world, "west", mia, "get", "pods", "counter")
    plane.stop_api_server()
    world.unbind("mia")
    time.sleep(1)
    plane.start_api_server()
    world.active("west", 90)
    wait_for("the cluster to refuse what was withdrawn", lambda: not allowed(
        world, "west", mia, "get", "pods", "counter"), THERE_S)
    left = json.loads(plane.kubectl("get", "rolebindings,clusterrolebindings", "-A", "-o",
                                    "json").stdout)["items"]
    names = [b["metadata"]["name"] for b in left
             if any(s["name"] == mia.id for s in b.get("subjects", []))]
    assert not names, f"still bind mia: {names}"


def gone_user(world):
    """With a user goes all that was given to them."""
    olga, east = world.users["olga"], world.ids["east"]
    answer = world.server.ask("DELETE", f"/v3/users/{olga.id}")
    assert answer.status in (200, 204), answer
    wait_for("the session to end", lambda: olga.ask("GET", "/v3/clusters").status == 401, HERE_S + 1)
    wait_for("the cluster to refuse", lambda: not allowed(
        world, "east", olga, "get", "secrets", "default"), THERE_S)
    assert olga.kubectl(east, "get", "namespaces").returncode


def main():
    steps = Steps("rights")
    with tempfile.TemporaryDirectory(prefix="rights-") as name:
        folder = pathlib.Path(name)
        with ControlPlane(folder / "east") as east, ControlPlane(folder / "west") as west, \
                Paddock(folder / "paddock") as server:
            server.log_in()
            world = World(server, {"east": east, "west": west}, folder)
            do = steps.do
            for cluster in ("east", "west"):
                do(f"{cluster}: brought in", world.bring_in, cluster)
            both = ["east: brought in", "west: brought in"]
            do("a cluster begins with two projects", first_projects, world, needs=both)
            do("three users, who may nothing yet", people, world, needs=both)
            given = do("bindings give what they say", bindings, world,
                       needs=["three users, who may nothing yet"])
            needs = ["bindings give what they say"]
            for what, step in (("each may what was given, there and nowhere else", what_each_may),
                               ("each sees what is theirs in /v3", what_each_sees),
                               ("nobody grants more than they hold", no_more_than_one_holds),
                               ("a member's own namespace", own_namespace),
                               ("a namespace that moves takes its rights along", moved_namespace),
                               ("what is removed by hand comes back", mended),
                               ("a removed binding is gone in time", removed),
                               ("also from a cluster that was away", removed_while_away),
                               ("a removed user is out everywhere", gone_user)):
                do(what, step, world, needs=needs)
            if not given or steps.failed:
                print(server.daemon.tail(40))
    sys.exit(steps.end())


if __name__ == "__main__":
    main()
