#!/usr/bin/env python3
"""What a request costs more through Paddock than straight to the cluster: one client, kept
connections, the two ways in turn so that both see the same machine. Prints p50 and p99 of straight,
through a handed-over kubeconfig, and through an agent's tunnel.
"""

import http.client
import pathlib
import ssl
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support" / "peers"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))

# pylint: disable=wrong-import-position
from control_plane import ControlPlane
from importing import Importer
from paddock import Paddock
from steps import Steps

ROUNDS = 1500
PATH = "/api/v1/namespaces/default"


class Way:
    def __init__(self, name, address, port, prefix, token):
        context = ssl._create_unverified_context()  # pylint: disable=protected-access
        self.name, self.path, self.times = name, prefix + PATH, []
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self.link = http.client.HTTPSConnection(address, port, timeout=30, context=context)

    def ask(self):
        begun = time.perf_counter()
        self.link.request("GET", self.path, headers=self.headers)
        answer = self.link.getresponse()
        body = answer.read()
        self.times.append((time.perf_counter() - begun) * 1e3)
        assert answer.status == 200 and b'"default"' in body, (answer.status, body[:200])

    def at(self, part):
        return sorted(self.times)[int(len(self.times) * part)]


def main():
    steps = Steps("proxy overhead")
    with tempfile.TemporaryDirectory(prefix="pdk-", ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        with ControlPlane(folder / "plane") as plane, Paddock(folder / "paddock") as server:
            server.log_in()
            importer = Importer(steps, server, plane, None, folder)
            ids = {}
            for way in ("handed", "agent"):
                ids[way] = importer.create(way)
                getattr(importer, f"by_{way}")(ids[way])
                importer.state(ids[way], "active", 60)
            plane.kubectl("create", "serviceaccount", "load", "--namespace=default")
            plane.kubectl("create", "clusterrolebinding", "load", "--clusterrole=cluster-admin",
                          "--serviceaccount=default:load")
            token = plane.kubectl("create", "token", "load", "--namespace=default").stdout.strip()
            ways = [Way("straight", plane.address, plane.port, "", token)]
            ways += [Way(way, server.address, server.port, f"/k8s/clusters/{ids[way]}",
                         server.token) for way in ids]
            for _ in range(ROUNDS):
                for way in ways:
                    way.ask()
            importer.agent.stop()
    base = ways[0]
    for way in ways:
        way.times = way.times[100:]
    for way in ways:
        print(f"{way.name:10} p50 {way.at(0.5):6.3f} ms  p99 {way.at(0.99):7.3f} ms  "
              f"p50 over straight {way.at(0.5) - base.at(0.5):+.3f} ms")
    return 0 if all(way.at(0.5) - base.at(0.5) < 1 for way in ways) else 1


if __name__ == "__main__":
    sys.exit(main())
