"""The management API's part of scripts/bench: /v3 as its clients ask it, with an API token, on a
server that holds 10,000 projects, 5,000 nodes and some users. There is no other side here: what the
2.5.9 reference server does on such a machine was measured once and stands in REFERENCE.
"""

import http.client
import json
import statistics
import time

from paddock import PASSWORD
from proc import wait_for
from sides import load

# Requests a second at 16 connections, and milliseconds at 1, of server 2.5.9 beside its kube-apiserver.
REFERENCE = {"/v3/schemas": {"ms": 21.0}, "/v3/clusters": {"ms": 3.4, "rate": 550.0},
             "/v3/settings": {"ms": 12.0, "rate": 126.0}, "/v3/users": {"ms": 2.6, "rate": 790.0},
             "/v3/settings/server-url": {"ms": 1.8}, "login": {"ms": 75.0}}
LISTS_TIMES = 20

PATHS = ["/v3", "/v3/schemas", "/v3/clusters", "/v3/settings", "/v3/settings/server-url",
         "/v3/users", "/v3/nodes", "/v3/projects", "/v3/projects?limit=100",
         "/v3/projects?name=project%205000", "/v3/projects?sort=name&order=desc&limit=100"]
KINDS = "/apis/management.cattle.io/v3"


def project(number):
    return {"apiVersion": "management.cattle.io/v3", "kind": "Project",
            "metadata": {"name": f"p-b{number}", "namespace": "local"},
            "spec": {"clusterName": "local", "displayName": f"project {number}",
                     "description": "of the bench"}}


def node(number):
    amounts = {"cpu": "16", "memory": "65536Ki", "pods": "110"}
    return {"apiVersion": "management.cattle.io/v3", "kind": "Node",
            "metadata": {"name": f"m-b{number}", "namespace": "local"},
            "spec": {"requestedHostname": f"node-{number}", "worker": True},
            "status": {"nodeName": f"node-{number}",
                       "conditions": [{"type": "Ready", "status": "True"}],
                       "internalNodeStatus": {
                           "capacity": amounts, "allocatable": amounts,
                           "addresses": [{"type": "InternalIP", "address": "10.1.2.3"}],
                           "nodeInfo": {"kubeletVersion": "v1.36.3", "osImage": "Debian",
                                        "kernelVersion": "6.1", "architecture": "amd64"}}}}


class Management:
    def __init__(self, side, plan, say):
        self.side, self.plan, self.say, self.out = side, plan, say, {}
        self.server = side.server

    def ask(self, **options):
        return load("path", target=self.side.port, bearer=self.server.token,
                    pids=self.side.pids(), **options)

    def fill(self, path, made, count):
        """Creates `count` objects; `made` gives the n-th."""
        body = json.dumps(made("#"))
        got = self.ask(path=path, post=body, count=count, connections=32, seconds=240,
                       limit_s=300)["times"]
        if got["done"] != count:
            raise SystemExit(f"bench: only {got['done']} of {count} at {path}")
        return got

    def total(self, path):
        found = self.server.expect(200, "GET", path + "?limit=1")
        return len(found["items"]) + found["metadata"].get("remainingItemCount", 0)

    def fill_all(self):
        begun = time.monotonic()
        before = self.total("/api/v1/namespaces")
        self.fill(f"{KINDS}/namespaces/local/projects", project, self.plan.projects)
        wait_for("each project to have its namespace",
                 lambda: self.total("/api/v1/namespaces") >= before + self.plan.projects, 300)
        self.out["projects_s"] = time.monotonic() - begun
        time.sleep(self.plan.settle_s)
        self.out["rss_projects"] = self.side.rss_mib()
        self.say(f"{self.plan.projects} projects in {self.out['projects_s']:.0f} s, "
                 f"{self.out['rss_projects']:.0f} MiB")
        self.fill(f"{KINDS}/namespaces/local/nodes", node, self.plan.nodes)
        self.out["rss_all"] = self.side.rss_mib()

    def measure_paths(self):
        for path in PATHS:
            self.out[path] = {n: self.ask(path=path, connections=n,
                                          seconds=self.plan.seconds / 2)["times"]
                              for n in (1, 16)}
            one, many = self.out[path][1], self.out[path][16]
            self.say(f"{path}: {one['p50_ms']:.2f} ms, {many['per_second']:.0f}/s")

    def measure_login(self):
        body = json.dumps({"username": "admin", "password": PASSWORD, "responseType": "json"})
        self.out["login"] = {n: self.ask(path="/v3-public/localProviders/local?action=login",
                                         post=body, connections=n,
                                         seconds=self.plan.seconds / 2)["times"] for n in (1, 16)}

    def measure_projects(self):
        """Milliseconds from sending the create until the project says that its roles are there."""
        link = http.client.HTTPSConnection("127.0.0.1", self.side.port, timeout=30,
                                           context=self.server.tls)
        sent = {"Authorization": f"Bearer {self.server.token}", "Accept": "application/json",
                "Content-Type": "application/json"}

        def asked(method, path, body=None):
            link.request(method, path, body, sent)
            answer = link.getresponse()
            text = answer.read()
            if answer.status not in (200, 201):
                raise SystemExit(f"bench: {method} {path}: {answer.status} {text[:500]!r}")
            return json.loads(text)

        times = []
        for number in range(self.plan.made):
            begun = time.monotonic()
            made = asked("POST", "/v3/projects", json.dumps(
                {"type": "project", "name": f"made {number}", "clusterId": "local"}))
            while not self.populated(made):
                if time.monotonic() - begun > 10:
                    raise SystemExit(f"bench: {made['id']} has no roles after 10 s")
                made = asked("GET", f"/v3/projects/{made['id']}")
            times.append((time.monotonic() - begun) * 1000)
        link.close()
        self.out["project_ms"] = {"p50": statistics.median(times), "max": max(times)}

    @staticmethod
    def populated(made):
        return any(c["type"] == "InitialRolesPopulated" and c["status"] == "True"
                   for c in made.get("conditions") or [])

    def measure_subscribers(self):
        self.out["subscribers"] = load(
            "watch", target=self.side.port, bearer=self.server.token, pids=self.side.pids(),
            setting="ui-pl", watchers=self.plan.watchers, window=1, events=30, rate=5, seconds=15,
            limit=40)

    def measure(self):
        self.server.log_in()
        self.measure_projects()  # on a server with few; once more when there are many
        self.out["project_few_ms"] = self.out["project_ms"]
        self.fill_all()
        self.measure_projects()
        self.measure_paths()
        self.measure_subscribers()
        self.measure_login()
        self.out["rss_end"] = self.side.rss_mib()
        return self.out
