#!/usr/bin/env python3
"""`paddock agent` on the server of others: remotedialer's own server accepts it and dials through
it, and an unchanged kubectl works with a real cluster on that way: the wire protocol's proof from
the agent's side. The server's side is proven by the `remotedialer` way of import_cluster.py.
"""

import hashlib
import json
import pathlib
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from certs import Authority
from control_plane import ControlPlane
from heavy import AGENT_MIB_IDLE, rss_mib
from paddock import program
from proc import Daemon, free_port, run, wait_for
from steps import Steps
from verbs import Verbs

TOKEN = "token-of-the-test"


class Tunnel:
    def __init__(self, plane, folder):
        self.plane, self.folder = plane, folder
        folder.mkdir()
        self.authority = Authority(folder / "pki")
        self.address = f"127.0.0.1:{free_port()}"
        self.server = self.agent = None

    def start_server(self):
        cert, key = self.authority.issue("server", "localhost", sans=["IP:127.0.0.1"])
        self.server = Daemon("remotedialer-server", [
            self.plane.bin / "remotedialer-server", "-listen", self.address, "-cert", cert,
            "-key", key, "-cacerts", self.authority.cert, "-token", TOKEN],
            self.folder / "server.log")
        self.proxy = wait_for("its listeners", lambda: re.findall(
            r"proxy (\S+)", self.said()), 10, [self.server])[-1]

    def said(self):
        return (self.folder / "server.log").read_text()

    def another_agent(self, log, *flags, env=None):
        return Daemon("agent", [
            program(), "agent", f"--server=https://{self.address}", f"--token={TOKEN}",
            f"--kubeconfig={self.plane.admin}", *flags], self.folder / log, env)

    def start_agent(self):
        checksum = hashlib.sha256(self.authority.cert.read_bytes()).hexdigest()
        self.agent = self.another_agent("agent.log", f"--ca-checksum={checksum}")

    def without_checksum(self):
        """The machine's own CAs decide: not theirs, a clear word; theirs, it connects."""
        for log, env, said in (
                ("stranger.log", None, r"certificate.*without --ca-checksum .*own CAs"),
                ("known.log", {"SSL_CERT_FILE": str(self.authority.cert)}, "connected")):
            agent = self.another_agent(log, env=env)
            try:
                wait_for(f"/{said}/ in {log}", lambda path=self.folder / log, said=said: re.search(
                    said, path.read_text()), 10, [agent])
            finally:
                agent.stop()
        assert " connected" not in (self.folder / "stranger.log").read_text().replace(
            "not connected", ""), "it trusted a stranger"

    def agents(self, count, timeout_s=20):
        wait_for(f"agent number {count}",
                 lambda: len(re.findall(r"^agent agent-", self.said(), re.M)) >= count,
                 timeout_s, [self.server, self.agent])

    def connects(self):
        self.start_server()
        self.start_agent()
        self.agents(1)
        assert "/v3/connect" in self.said(), self.said()

    def kubeconfig(self):
        config = json.loads(self.plane.admin.read_text())
        config["clusters"][0]["cluster"]["proxy-url"] = f"http://{self.proxy}"
        path = self.folder / "through.kubeconfig"
        path.write_text(json.dumps(config))
        return path

    def verbs(self):
        checks = Verbs(self.plane.bin / "kubectl", self.kubeconfig(), "through")
        checks.objects()
        checks.end()

    def many_at_once(self):
        kubeconfig = self.kubeconfig()

        def get(_):
            return run(self.plane.bin / "kubectl", f"--kubeconfig={kubeconfig}", "get", "--raw",
                       "/openapi/v2", timeout_s=120).stdout
        with ThreadPoolExecutor(6) as pool:
            answers = set(pool.map(get, range(12)))
        assert len(answers) == 1 and len(answers.pop()) > 1_000_000

    def stays_small(self):
        assert rss_mib(self.agent.pid) <= AGENT_MIB_IDLE, f"{rss_mib(self.agent.pid):.1f} MiB"

    def comes_back(self):
        self.server.process.kill()
        self.server.process.wait()
        (self.folder / "server.log").write_text("")
        self.start_server()
        self.agents(1, timeout_s=30)
        done = run(self.plane.bin / "kubectl", f"--kubeconfig={self.kubeconfig()}", "version")
        assert "Server Version" in done.stdout

    def ends(self):
        assert self.agent.stop(5) == 0

    def stop(self):
        for daemon in (self.agent, self.server):
            if daemon:
                daemon.stop()


def main():
    steps = Steps("agent and remotedialer")
    with tempfile.TemporaryDirectory(prefix="pdk-") as name:
        folder = pathlib.Path(name)
        with ControlPlane(folder / "plane") as plane:
            tunnel = Tunnel(plane, folder / "tunnel")
            try:
                first = "our agent connects to remotedialer's server"
                for text, call in ((first, tunnel.connects), ("kubectl through it", tunnel.verbs),
                                   ("12 big answers at once", tunnel.many_at_once),
                                   (f"the agent takes at most {AGENT_MIB_IDLE} MiB",
                                    tunnel.stays_small),
                                   ("it comes back after the server", tunnel.comes_back),
                                   ("SIGTERM ends it with code 0", tunnel.ends),
                                   ("without --ca-checksum the machine's CAs decide",
                                    tunnel.without_checksum)):
                    steps.do(text, call, needs=[] if text == first else [first])
            finally:
                tunnel.stop()
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
