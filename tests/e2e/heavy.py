"""Much at once through one agent's tunnel: a stream of 1 GB, one of 1 GB that nobody reads, and
fifty followed logs, while a watch must go on as if alone, and the agent must stay small.
"""

import contextlib
import pathlib
import re
import socket
import threading
import time

from proc import wait_for

STREAM_BYTES = 1 << 30
FOLLOWED = 50
AGENT_MIB_IDLE, AGENT_MIB_BUSY = 15, 64


def rss_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


class Heavy:
    """`namespace` holds the pods of verbs.PODS."""

    def __init__(self, server, cluster_id, namespace, agent_pid):
        self.server, self.agent_pid = server, agent_pid
        self.base = f"/k8s/clusters/{cluster_id}/api/v1/namespaces/{namespace}"
        self.links = []

    def open(self, path):
        """A GET whose answer goes on; returns the socket after the headers, and what came with."""
        raw = socket.create_connection((self.server.address, self.server.port), 30)
        link = self.server.tls.wrap_socket(raw)
        self.links.append(link)
        link.sendall(f"GET {self.base}{path} HTTP/1.1\r\nHost: x\r\n"
                     f"Authorization: Bearer {self.server.token}\r\n\r\n".encode())
        got = b""
        while b"\r\n\r\n" not in got:
            part = link.recv(65536)
            assert part, f"{path}: closed before the headers: {got[:300]}"
            got += part
        assert b" 200 " in got.split(b"\r\n", 1)[0], got[:500]
        return link, got.partition(b"\r\n\r\n")[2]

    def event_delays(self, count):
        """Writes a config map `count` times and gives the seconds until a watch shows each."""
        link, left = self.open("/configmaps?watch=1&fieldSelector=metadata.name%3Dbeat")
        delays = []
        for number in range(count):
            begun = time.monotonic()
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "beat"},
                    "data": {"beat": f"{number}-{begun}"}}
            answer = self.server.ask("PUT", f"{self.base}/configmaps/beat", body)
            if answer.status == 404:
                answer = self.server.ask("POST", f"{self.base}/configmaps", body)
            assert answer.status in (200, 201), answer
            while f'"{number}-{begun}"'.encode() not in left:
                part = link.recv(65536)
                assert part, "the watch was closed"
                left += part
            left = b""
            delays.append(time.monotonic() - begun)
        link.close()
        return sorted(delays)

    def run(self):
        assert rss_mib(self.agent_pid) <= AGENT_MIB_IDLE, \
            f"the agent takes {rss_mib(self.agent_pid):.1f} MiB before any load"
        alone = self.event_delays(30)
        try:
            busy, moved = self._under_load()
        finally:
            for link in self.links:
                link.close()
        after = rss_mib(self.agent_pid)
        print(f"    watch p50/max: alone {alone[15] * 1e3:.0f}/{alone[-1] * 1e3:.0f} ms, under "
              f"load {busy[len(busy) // 2] * 1e3:.0f}/{busy[-1] * 1e3:.0f} ms; stream "
              f"{moved / 1e6:.0f} MB/s; agent {after:.1f} MiB", flush=True)
        assert busy[-1] < 2.0, f"a watch stalled for {busy[-1]:.1f} s"
        assert after <= AGENT_MIB_BUSY, f"the agent grew to {after:.0f} MiB"

    def _under_load(self):
        logs = [self.open("/pods/ticker/log?follow=true&tailLines=1")[0] for _ in range(FOLLOWED)]
        self.open("/pods/web:8080/proxy/huge")  # opened, and never read
        counts, done = [0] * (FOLLOWED + 1), []

        def drain(index, link):
            with contextlib.suppress(OSError):
                while part := link.recv(1 << 18):
                    counts[index] += len(part)
                    if index == FOLLOWED and counts[index] >= STREAM_BYTES:
                        done.append(time.monotonic())

        stream, first = self.open("/pods/web:8080/proxy/huge")
        counts[FOLLOWED] = len(first)
        begun = time.monotonic()
        for index, link in enumerate(logs + [stream]):
            threading.Thread(target=drain, args=(index, link), daemon=True).start()
        delays = self.event_delays(60)
        wait_for("the whole 1 GB", lambda: done, 120)
        quiet = [n for n, count in enumerate(counts) if count == 0]
        assert not quiet, f"followed logs that said nothing: {quiet}"
        return delays, STREAM_BYTES / (done[0] - begun)


def make_huge(verbs):
    verbs.kubectl("exec", "web", "--", "sh", "-c", f"truncate -s {STREAM_BYTES} /www/huge")


def proof(server, cluster_id, verbs, agent_pid):
    make_huge(verbs)
    Heavy(server, cluster_id, verbs.namespace, agent_pid).run()
