#!/usr/bin/env python3
"""5,000 nodes of one cluster, played by a small API server of our own over HTTP: how long the first
mirror takes, how far behind a change is (p50, p99, worst) while nodes and pods change all the time,
and what it costs in memory. Fails over 2 s at p99 or 150 MiB for it all.

    tests/load/nodes/nodes.py [--nodes N] [--pods N] [--seconds S]
"""

import argparse
import asyncio
import http.client
import json
import pathlib
import random
import ssl
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support" / "peers"))

# pylint: disable=wrong-import-position
from paddock import Paddock
from proc import wait_for

P99_MAX_S, MEMORY_MAX_MIB = 2.0, 150
CONDITIONS = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")


def node(number, revision=1, **labels):
    name = f"node-{number:05}"
    return {"apiVersion": "v1", "kind": "Node", "metadata": {
        "name": name, "uid": f"{number:08x}-0000-4000-8000-000000000000",
        "resourceVersion": str(revision), "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                   "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": f"z{number % 3}",
                   **labels},
        "annotations": {"node.alpha.kubernetes.io/ttl": "0"}},
        "spec": {"podCIDR": f"10.{number >> 8}.{number & 255}.0/24", "providerID": f"sim://{name}"},
        "status": {
            "capacity": {"cpu": "32", "memory": "131072Mi", "pods": "110",
                         "ephemeral-storage": "500Gi"},
            "allocatable": {"cpu": "31850m", "memory": "129024Mi", "pods": "110",
                            "ephemeral-storage": "460Gi"},
            "conditions": [{"type": kind, "status": "True" if kind == "Ready" else "False",
                            "lastHeartbeatTime": "2026-01-01T00:00:00Z",
                            "lastTransitionTime": "2026-01-01T00:00:00Z",
                            "reason": "KubeletIsWell", "message": "kubelet is well"}
                           for kind in CONDITIONS],
            "addresses": [{"type": "InternalIP", "address": f"10.0.{number >> 8}.{number & 255}"},
                          {"type": "Hostname", "address": name}],
            "nodeInfo": {"machineID": f"{number:032x}", "systemUUID": f"sys-{number}",
                         "bootID": "b", "kernelVersion": "6.1", "osImage": "Linux",
                         "containerRuntimeVersion": "containerd://2.0", "kubeletVersion": "v1.36.3",
                         "kubeProxyVersion": "", "operatingSystem": "linux",
                         "architecture": "amd64"},
            "images": [{"names": [f"registry.example/image-{i}:1"], "sizeBytes": 10 ** 8}
                       for i in range(20)]}}


def pod(number, nodes, revision=1):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {
        "name": f"pod-{number}", "namespace": "default", "resourceVersion": str(revision)},
        "spec": {"nodeName": f"node-{number % nodes:05}", "containers": [{
            "name": "c", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"},
                                       "limits": {"memory": "128Mi"}}}]},
        "status": {"phase": "Running"}}


class Api:
    """Lists in pages and watches of nodes and pods; everything else is empty."""

    def __init__(self, nodes, pods):
        self.revision, self.loop, self.port = 1, asyncio.new_event_loop(), None
        self.items = {"nodes": [node(n) for n in range(nodes)],
                      "pods": [pod(p, nodes) for p in range(pods)]}
        self.watchers = {"nodes": set(), "pods": set()}
        self.started = threading.Event()
        threading.Thread(target=self.run, daemon=True).start()
        self.started.wait()

    def run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self.started.set()
        self.loop.run_forever()

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                target = head.split(" ", 2)[1]
                length = next((int(line.split(":")[1]) for line in head.split("\r\n")
                               if line.lower().startswith("content-length:")), 0)
                await reader.readexactly(length)
                await self.answer(writer, target)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self, writer, target):
        path, _, query = target.partition("?")
        asked = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
        kind = path.rsplit("/", 1)[-1]
        if kind in self.items and "watch" in asked:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n")
            self.watchers[kind].add(writer)
            await asyncio.sleep(3600)
        if kind in self.items:
            start, limit = int(asked.get("continue") or 0), int(asked["limit"])
            page = self.items[kind][start:start + limit]
            more = start + limit if start + limit < len(self.items[kind]) else ""
            body = {"items": page, "metadata": {"resourceVersion": str(self.revision),
                                                "continue": str(more)}}
        else:
            body = {"gitVersion": "v1.36.3", "items": []}
        text = json.dumps(body).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                     + str(len(text)).encode() + b"\r\n\r\n" + text)
        await writer.drain()

    def change(self, kind, number, item):
        self.revision += 1
        item["metadata"]["resourceVersion"] = str(self.revision)
        self.items[kind][number] = item
        line = json.dumps({"type": "MODIFIED", "object": item}).encode() + b"\n"
        chunk = f"{len(line):x}\r\n".encode() + line + b"\r\n"

        def tell():
            for writer in self.watchers[kind]:
                writer.write(chunk)
        self.loop.call_soon_threadsafe(tell)


class Follower(threading.Thread):
    """A watch of the management Nodes: when each label came."""

    def __init__(self, server, cluster):
        super().__init__(daemon=True)
        self.seen, self.server = {}, server
        self.path = (f"/k8s/clusters/local/apis/management.cattle.io/v3/namespaces/{cluster}/nodes"
                     "?watch=1")

    def run(self):
        link = http.client.HTTPSConnection(self.server.address, self.server.port, context=ssl.
                                           _create_unverified_context())  # pylint: disable=W0212
        link.request("GET", self.path, headers={"Authorization": f"Bearer {self.server.token}"})
        for line in link.getresponse():
            labels = json.loads(line)["object"].get("status", {}).get("nodeLabels", {})
            mark = labels.get("mark")
            if mark is not None:
                self.seen.setdefault(mark, time.monotonic())


def resident(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0


def measure(server, options):
    before = resident(server.daemon.pid)
    api = Api(options.nodes, options.pods)
    kubeconfig = json.dumps({
        "current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{api.port}"}}],
        "users": [{"name": "u", "user": {"token": "t"}}]})
    begun = time.monotonic()
    cluster = server.expect(201, "POST", "/v3/clusters", {
        "name": "sim", "importedConfig": {"kubeConfig": kubeconfig}})["id"]
    counted = f"/v3/clusters/{cluster}"

    def mirrored():
        found = server.expect(200, "GET", f"/v3/nodes?clusterId={cluster}&limit=1")
        return found["pagination"].get("total", 0) >= options.nodes
    wait_for("all nodes", mirrored, 180)
    first = time.monotonic() - begun
    wait_for("the cluster's sums", lambda: server.expect(200, "GET", counted).get(
        "requested", {}).get("pods") == str(options.pods), 60)
    follower = Follower(server, cluster)
    follower.start()
    time.sleep(1)
    sent, end, count = {}, time.monotonic() + options.seconds, 0
    while time.monotonic() < end:
        count += 1
        number = random.randrange(options.nodes)
        sent[str(count)] = time.monotonic()
        api.change("nodes", number, node(number, mark=str(count)))
        for _ in range(3):
            other = random.randrange(options.pods)
            api.change("pods", other, pod(other + random.randrange(9), options.nodes))
        time.sleep(0.02)
    time.sleep(3)
    behind = sorted(follower.seen.get(mark, sent[mark] + 60) - at for mark, at in sent.items())
    after = resident(server.daemon.pid)
    return {"nodes": options.nodes, "pods": options.pods, "first mirror s": round(first, 2),
            "changes": len(behind), "behind p50 ms": round(behind[len(behind) // 2] * 1000, 1),
            "behind p99 ms": round(behind[int(len(behind) * 0.99)] * 1000, 1),
            "worst ms": round(behind[-1] * 1000, 1), "memory MiB": round(after - before, 1)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nodes", type=int, default=5000)
    parser.add_argument("--pods", type=int, default=50000)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pdk-") as folder, \
            Paddock(pathlib.Path(folder)) as server:
        server.log_in()
        found = measure(server, options)
    print(json.dumps(found))
    if found["behind p99 ms"] > P99_MAX_S * 1000 or found["memory MiB"] > MEMORY_MAX_MIB:
        sys.exit("over the limit")


if __name__ == "__main__":
    main()
