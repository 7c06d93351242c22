#!/usr/bin/env python3
"""What goes wrong between a server and its clusters: the server restarts, an agent hangs, a token is
withdrawn, a cluster's API accepts and never answers, or redirects. Each is told in words, ends in
time, and holds up nobody else. Runs on loopback against a real API server.
"""

import json
import pathlib
import signal
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import ControlPlane
from importing import Importer
from paddock import Paddock, program
from proc import Daemon, wait_for
from steps import Steps


class Faults:
    def __init__(self, steps, server, plane, folder):
        self.server, self.plane, self.folder = server, plane, folder
        self.importer = Importer(steps, server, plane, None, folder)

    def active(self, cluster_id, timeout_s=30):
        return self.importer.state(cluster_id, "active", timeout_s)

    def proxied(self, cluster_id, path="/version", timeout_s=30):
        return self.server.ask("GET", f"/k8s/clusters/{cluster_id}{path}", timeout_s=timeout_s)

    def removed(self, cluster_id):
        begun = time.monotonic()
        answer = self.server.ask("DELETE", f"/v3/clusters/{cluster_id}")
        assert answer.status in (200, 204), answer
        wait_for("the cluster to be gone", lambda: self.server.ask(
            "GET", f"/v3/clusters/{cluster_id}").status == 404, 10)
        return time.monotonic() - begun

    def events(self):
        answer = self.server.ask("GET", "/k8s/clusters/local/api/v1/namespaces/default/events")
        return [e["message"] for e in answer.json["items"] if e["reason"] == "ClusterRemoved"]

    def restart(self):
        """A handed-over kubeconfig is sealed in the store and used again."""
        cluster_id = self.importer.create("handed")
        self.active(cluster_id)
        for path in self.server.data.rglob("*"):
            if path.is_file() and path.suffix in (".db", ".db-wal"):
                assert b"BEGIN EC PRIVATE KEY" not in path.read_bytes(), f"a key lies in {path}"
        self.server.stop()
        self.server.start()
        self.active(cluster_id)
        assert self.proxied(cluster_id).status == 200
        self.removed(cluster_id)

    def hung_agent(self):
        """Half-open: the connection is there, nobody is behind it."""
        cluster_id = self.importer.create("agent")
        self.importer.by_agent(cluster_id)
        self.active(cluster_id)
        agent = self.importer.agent
        agent.process.send_signal(signal.SIGSTOP)
        try:
            lost = self.importer.state(cluster_id, "unavailable", 25)
            assert "since" in lost["transitioningMessage"], lost["transitioningMessage"]
            agent.process.send_signal(signal.SIGCONT)
            self.active(cluster_id)
            agent.process.send_signal(signal.SIGSTOP)
            took = self.removed(cluster_id)
            assert took < 10, took
            assert any(cluster_id in said and "cattle-system" in said or "cluster role binding"
                       in said for said in self.events()), self.events()
        finally:
            agent.process.send_signal(signal.SIGCONT)
            agent.stop()
            self.importer.agent = None

    def withdrawn_token(self):
        cluster_id = self.importer.create("agent")
        self.importer.by_agent(cluster_id)
        self.active(cluster_id)
        token = self.importer.registration(cluster_id)
        assert self.server.ask("DELETE", f"/v3/clusterregistrationtokens/{token['id']}").status \
            in (200, 204)
        log = pathlib.Path(self.importer.agent.log_path)
        wait_for("the agent to be told", lambda: "withdrawn" in log.read_text(), 15)
        self.importer.state(cluster_id, "unavailable", 25)
        assert self.proxied(cluster_id).status == 503
        self.importer.agent.stop()
        self.importer.agent = None
        self.removed(cluster_id)

    def renewed_credential(self):
        """The agent's token ends to be good: it comes back with the one that its file has now."""
        kubectl, path = self.plane.kubectl, self.folder / "renewed.kubeconfig"
        kubectl("create", "clusterrolebinding", "renewed", "--clusterrole=cluster-admin",
                "--serviceaccount=default:renewed")

        def write_token():
            kubectl("create", "serviceaccount", "renewed", "--namespace=default")
            config = json.loads(self.plane.admin.read_text())
            config["users"][0]["user"] = {"token": kubectl(
                "create", "token", "renewed", "--namespace=default").stdout.strip()}
            path.write_text(json.dumps(config))
        write_token()
        cluster_id = self.importer.create("agent")
        agent = Daemon("agent", [
            program(), "agent", f"--server={self.server.url}",
            f"--token={self.importer.registration(cluster_id)['token']}",
            f"--ca-checksum={self.importer.ca_checksum()}", f"--kubeconfig={path}"],
            self.folder / "agent-renewed.log")
        try:
            self.active(cluster_id)
            kubectl("delete", "serviceaccount", "renewed", "--namespace=default")
            write_token()
            wait_for("the old token to be refused", lambda: "401" in pathlib.Path(
                agent.log_path).read_text() or "fresh" in pathlib.Path(
                    agent.log_path).read_text() or self.proxied(cluster_id).status == 502, 30)
            wait_for("the new one to be used", lambda: self.proxied(
                cluster_id, "/api/v1/namespaces").status == 200, 30)
            self.active(cluster_id)
        finally:
            agent.stop()
            self.removed(cluster_id)

    def silent_cluster(self):
        """It takes connections and says nothing; a real one beside it feels nothing of it."""
        door = socket.create_server(("127.0.0.1", 0))
        held = []

        def accept():
            while True:
                try:
                    held.append(door.accept()[0])
                except OSError:
                    return
        threading.Thread(target=accept, daemon=True).start()
        config = json.loads(self.plane.admin.read_text())
        config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{door.getsockname()[1]}"
        made = self.server.expect(201, "POST", "/v3/clusters", {
            "type": "cluster", "name": "silent",
            "importedConfig": {"kubeConfig": json.dumps(config)}})
        real = self.importer.create("handed")
        try:
            self.active(real)
            for _ in range(20):
                threading.Thread(target=self.proxied, args=(made["id"],), daemon=True).start()
            slowest = 0.0
            for _ in range(50):
                begun = time.monotonic()
                assert self.proxied(real).status == 200
                slowest = max(slowest, time.monotonic() - begun)
            assert slowest < 1, f"a request beside the silent cluster took {slowest:.1f} s"
            waiting = self.importer.state(made["id"], "waiting", 25)
            wait_for("a word on what it waits for", lambda: "did not answer" in self.importer.cluster(
                made["id"])["transitioningMessage"] or "time" in self.importer.cluster(
                    made["id"])["transitioningMessage"], 25)
            assert waiting["transitioning"] == "yes", waiting
            assert self.removed(made["id"]) < 10
        finally:
            door.close()
            for link in held:
                link.close()
            self.removed(real)


def main():
    steps = Steps("cluster faults")
    with tempfile.TemporaryDirectory(prefix="pdk-", ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        with ControlPlane(folder / "plane") as plane, Paddock(folder / "paddock") as server:
            faults = Faults(steps, server, plane, folder)
            steps.do("log in", server.log_in)
            for text, call in (
                    ("a restarted server finds its clusters again", faults.restart),
                    ("a hung agent is seen, comes back, and does not hold up a removal",
                     faults.hung_agent),
                    ("a withdrawn token ends the tunnel, and the agent says why",
                     faults.withdrawn_token),
                    ("an agent whose credential was renewed is sent for it",
                     faults.renewed_credential),
                    ("a silent cluster waits alone", faults.silent_cluster)):
                steps.do(text, call, needs=["log in"])
            if faults.importer.agent:
                faults.importer.agent.stop()
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
