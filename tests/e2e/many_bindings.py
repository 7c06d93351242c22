#!/usr/bin/env python3
"""Ten thousand bindings at once, half through /v3, half through the Kubernetes API, sixteen
connections: the server goes on answering others, all of them come into force, and what they took is
given back when they go. PADDOCK_BINDINGS=N for another number.
"""

import http.client
import json
import os
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from heavy import rss_mib
from paddock import Paddock
from proc import wait_for

BINDINGS = int(os.environ.get("PADDOCK_BINDINGS", "10000"))
CONNECTIONS, PROJECTS, USERS = 16, 20, 100
P99_MS = 500  # of a read by somebody else; the writers and this test take the same cores
ADDED_MIB = 120
KINDS = "/apis/management.cattle.io/v3"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


class Link:
    """One connection that stays open."""
    def __init__(self, server):
        self.sent = {"Authorization": f"Bearer {server.token}", "Accept": "application/json",
                     "Content-Type": "application/json"}
        self.link = http.client.HTTPSConnection(server.address, server.port, timeout=30,
                                                context=server.tls)

    def ask(self, method, path, body=None):
        self.link.request(method, path, json.dumps(body) if body else None, self.sent)
        answer = self.link.getresponse()
        return answer.status, answer.read()


class Crowd:
    def __init__(self, server, projects, users):
        self.server, self.projects, self.users = server, projects, users
        self.next, self.lock, self.wrong = 0, threading.Lock(), []

    def take(self):
        with self.lock:
            self.next += 1
            return self.next - 1 if self.next <= BINDINGS else None

    def work(self):
        link = Link(self.server)
        while (number := self.take()) is not None:
            project = self.projects[number % PROJECTS]
            # Each user, project and role in turn: none is there twice.
            user = self.users[number // PROJECTS % USERS]
            role = ["read-only", "project-member", "create-ns", "workloads-view", "ingress-view"][
                number // PROJECTS // USERS % 5]
            if number % 2:
                status, said = link.ask("POST", "/v3/projectRoleTemplateBindings", {
                    "projectId": project, "roleTemplateId": role, "userId": user})
            else:
                space = project.split(":")[1]
                status, said = link.ask(
                    "POST", f"{KINDS}/namespaces/{space}/projectroletemplatebindings", {
                        "apiVersion": "management.cattle.io/v3",
                        "kind": "ProjectRoleTemplateBinding",
                        "metadata": {"name": f"b-{number}", "namespace": space},
                        "projectName": project, "roleTemplateName": role, "userName": user})
            if status != 201:
                self.wrong.append((number, status, said[:300]))
                return


def others(server, times, end):
    """What somebody else waits for meanwhile."""
    link = Link(server)
    while not end.is_set():
        begun = time.monotonic()
        status, said = link.ask("GET", "/v3/settings")
        times.append((time.monotonic() - begun) * 1e3)
        assert status == 200, said
        time.sleep(0.01)


def total(server, path):
    found = server.expect(200, "GET", path + "?limit=1")
    return len(found["items"]) + found["metadata"].get("remainingItemCount", 0)


def main():
    with tempfile.TemporaryDirectory(prefix="paddock-bindings-") as folder, \
            Paddock(pathlib.Path(folder)) as server:
        server.log_in()
        projects = [server.expect(201, "POST", "/v3/projects", {
            "name": f"p{n}", "clusterId": "local"})["id"] for n in range(PROJECTS)]
        users = []
        for n in range(USERS):
            server.expect(201, "POST", f"{KINDS}/users", {
                "apiVersion": "management.cattle.io/v3", "kind": "User",
                "metadata": {"name": f"u-many{n}"}, "username": f"many{n}"})
            users.append(f"u-many{n}")
        for n, project in enumerate(projects):
            server.expect(201, "POST", "/api/v1/namespaces", {
                "apiVersion": "v1", "kind": "Namespace", "metadata": {
                    "name": f"many-{n}", "annotations": {"field.cattle.io/projectId": project}}})
        pid, before = server.daemon.pid, rss_mib(server.daemon.pid)
        crowd, times, end = Crowd(server, projects, users), [], threading.Event()
        threads = [threading.Thread(target=crowd.work) for _ in range(CONNECTIONS)]
        watcher = threading.Thread(target=others, args=(server, times, end))
        begun = time.monotonic()
        watcher.start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        written = time.monotonic() - begun
        assert not crowd.wrong, crowd.wrong[:3]

        def in_force():
            """Each has its binding in its project's namespace, of its role and what that inherits."""
            found = total(server, f"{RBAC}/rolebindings")
            if found < BINDINGS * 2:
                raise ValueError(f"{found} role bindings")
            for n in range(0, USERS, 9):
                said = server.expect(201, "POST",
                                     "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
                                         "apiVersion": "authorization.k8s.io/v1",
                                         "kind": "SubjectAccessReview", "spec": {
                                             "user": users[n], "resourceAttributes": {
                                                 "verb": "get", "resource": "pods",
                                                 "namespace": f"many-{n % PROJECTS}"}}})
                if not said["status"]["allowed"]:
                    raise ValueError(f"{users[n]} may not yet")
            return True
        wait_for("all bindings to be in force", in_force, 60)
        rest = time.monotonic() - begun
        end.set()
        watcher.join()
        times.sort()
        p99, took = times[len(times) * 99 // 100], rss_mib(pid) - before
        print(f"{BINDINGS} bindings written in {written:.1f} s, in force after {rest:.1f} s; "
              f"GET /v3/settings meanwhile: p50 {times[len(times) // 2]:.1f} ms, p99 {p99:.1f} ms, "
              f"worst {times[-1]:.1f} ms; {took:.0f} MiB more ({before:.0f} before)", flush=True)
        assert p99 < P99_MS, f"p99 {p99:.0f} ms"
        assert took < ADDED_MIB * max(1, BINDINGS / 10_000), f"{took:.0f} MiB"
        for project in projects:
            assert server.ask("DELETE", f"/v3/projects/{project}").status in (200, 204)
        wait_for("everything to be gone again", lambda: total(
            server, f"{RBAC}/rolebindings") < 500, 60)
    print("many bindings: all is as it must be")


if __name__ == "__main__":
    main()
