#!/usr/bin/env python3
"""Bad input against the real program: each case is refused with a clear error, or survived, and the
server goes on answering others at once. Raw sockets, because clients that behave cannot say these.
"""

import contextlib
import json
import multiprocessing
import pathlib
import re
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
import sandbox
from paddock import Paddock
from proc import raise_descriptors, wait_for
from steps import Steps

MAPS = "/api/v1/namespaces/default/configmaps"
# As many as one process may hold here: the server needs a descriptor for each.
IDLE = min(20_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 500)


class Attack:
    def __init__(self, server):
        self.server = server
        self.auth = f"Authorization: Bearer {server.token}\r\n".encode()

    def connect(self, timeout_s=15, source=None):
        link = socket.create_connection((self.server.address, self.server.port), timeout_s,
                                        source_address=source)
        return self.server.tls.wrap_socket(link)

    def send(self, data, timeout_s=15):
        """The status of the answer to these bytes, and its text; (0, "") when it was closed."""
        with self.connect(timeout_s) as link:
            with contextlib.suppress(OSError):  # closed while we send is an answer too
                link.sendall(data)
            got = b""
            with contextlib.suppress(OSError):
                while part := link.recv(65536):
                    got += part
                    head, blank, body = got.partition(b"\r\n\r\n")
                    length = re.search(rb"(?i)content-length: *(\d+)", head)
                    if blank and length and len(body) >= int(length.group(1)):
                        break
            found = re.match(rb"HTTP/1\.1 (\d+)", got)
            return (int(found.group(1)) if found else 0), got.decode(errors="replace")

    def head(self, method="GET", path=MAPS, *lines):
        return (f"{method} {path} HTTP/1.1\r\nHost: x\r\n".encode() + self.auth
                + b"".join(line.encode() + b"\r\n" for line in lines) + b"\r\n")

    def post(self, body, content_type="application/json", path=MAPS, method="POST"):
        body = body if isinstance(body, bytes) else body.encode()
        return self.send(self.head(method, path, f"Content-Type: {content_type}",
                                   f"Content-Length: {len(body)}") + body)

    def others_are_served(self, within_s=1.0):
        begun = time.monotonic()
        assert self.server.ask("GET", MAPS + "?limit=1", timeout_s=10).status == 200
        took = time.monotonic() - begun
        assert took < within_s, f"another client waited {took:.2f} s"

    def refused(self, answer, statuses, said=None):
        status, text = answer
        assert status in statuses, f"wanted {statuses}, got {status}: {text[:600]}"
        if said and status:
            assert re.search(said, text, re.I), f"no /{said}/ in {text[:600]}"
        self.others_are_served()


def bodies(a):
    a.refused(a.post('{"kind": "ConfigMap", '), {400}, "json|EOF|unexpected|character")
    a.refused(a.post(b'{"metadata": {"name": "\xff\xfe"}}'), {400}, "utf-8|invalid|json")
    a.refused(a.post("[" * 10_000 + "]" * 10_000), {400, 413}, "deep|depth|nest")
    a.refused(a.post('{"a":' * 10_000 + "1" + "}" * 10_000), {400, 413}, "deep|depth|nest")
    a.refused(a.post("- " * 10_000 + "x", "application/yaml"), {400, 413}, "deep|depth|nest")
    a.refused(a.post("5"), {400, 422})
    a.refused(a.post("{}", "application/x-nonsense"), {415}, "application/x-nonsense|media type")
    a.refused(a.post("{}", "application/x-nonsense", MAPS + "/none", "PATCH"), {415})
    a.refused(a.post(b"\0\1\2\3", "application/vnd.kubernetes.protobuf"), {400, 415})


def yaml_bomb(a):
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    for n in range(1, 12):
        lines.append(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]")
    begun = time.monotonic()
    a.refused(a.post("\n".join(lines), "application/yaml"), {400, 413, 422})
    assert time.monotonic() - begun < 3


def big(a):
    a.refused(a.send(a.head("POST", MAPS, "Content-Type: application/json",
                            f"Content-Length: {100 << 20}") + b" " * (1 << 20)), {413})
    chunk = b"%x\r\n" % (1 << 20) + b" " * (1 << 20) + b"\r\n"
    a.refused(a.send(a.head("POST", MAPS, "Content-Type: application/json",
                            "Transfer-Encoding: chunked") + chunk * 100), {0, 413})
    value = "x" * (2 << 20)
    a.refused(a.post(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata":
                                 {"name": "big"}, "data": {"v": value}})), {413, 422}, "too long|"
              "large|must have at most|more than")
    a.refused(a.send(a.head("GET", MAPS, "X-Big: " + "x" * (1 << 20))), {0, 431})
    a.refused(a.send(a.head("GET", MAPS, *[f"X-{n}: y" for n in range(20_000)])), {0, 431})
    a.refused(a.send(a.head("GET", "/" + "p" * (1 << 20))), {0, 414, 431})


def framing(a):
    def raw(*lines, ending=b"\r\n", body=b""):
        return a.send(ending.join(line.encode() for line in lines) + ending * 2 + body, 5)

    bearer = a.auth.decode().strip()
    a.refused(raw(f"POST {MAPS} HTTP/1.1", "Host: x", bearer, "Content-Length: 5",
                  "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), {0, 400})
    a.refused(raw(f"POST {MAPS} HTTP/1.1", "Host: x", bearer, "Content-Length: 5",
                  "Content-Length: 6", body=b"123456"), {0, 400})
    a.refused(raw(f"POST {MAPS} HTTP/1.1", "Host: x", bearer, "Content-Length: -1"), {0, 400})
    a.refused(raw(f"POST {MAPS} HTTP/1.1", "Host: x", bearer, "Transfer-Encoding: gzip, chunked",
                  body=b"0\r\n\r\n"), {0, 400, 501})
    a.refused(raw(f"GET {MAPS} HTTP/1.1", "Host: x", bearer, ending=b"\n"), {0, 400})
    a.refused(raw(f"GET {MAPS} HTTP/1.1", "Host : x", bearer), {0, 400})
    a.refused(raw(f"GET {MAPS} HTTP/1.1", "Host: x", "X: a\0b", bearer), {0, 400})
    a.refused(raw(f"GET {MAPS} HTTP/1.1", "Host: x", " folded: x", bearer), {0, 400})
    a.refused(raw(f"GET {MAPS} HTTP/9.9", "Host: x", bearer), {0, 400, 505})
    a.refused(raw("GET", ""), {0, 400})
    a.refused(raw(f"GET {MAPS} HTTP/1.1", "Host: x", "Host: y", bearer), {0, 400})
    a.refused(a.send(b"\x16\x03\x01" + bytes(range(256)) * 20, 5), {0, 400})
    with socket.create_connection((a.server.address, a.server.port), 5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with contextlib.suppress(OSError):
            assert b"HTTP/1.1 2" not in plain.recv(4096)  # plain text on the TLS port
    a.others_are_served()


def paths(a):
    for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd",
                 "/dashboard/../../etc/passwd", "/dashboard/%2e%2e/%2e%2e/etc/passwd",
                 "/api/v1/namespaces/default%2f..%2fkube-system/configmaps",
                 "/api/v1/namespaces/default/configmaps/..",
                 "/api/v1/namespaces/a%2fb/configmaps/c",
                 "/api/v1/namespaces/../../v1/secrets", "/api/v1/configmaps/%00", "/%zz", "//",
                 "/api/v1/namespaces//configmaps/x", "/k8s/clusters/..%2f..%2f/api"):
        status, text = a.send(a.head("GET", path))
        assert status in (0, 301, 302, 308, 400, 404), f"{path}: {status} {text[:300]}"
        assert "root:" not in text, path
    a.others_are_served()


def claimed_identity(a):
    """Headers that say who the caller is, from one who may not say so."""
    kept, a.auth = a.auth, b""
    for lines in (["Impersonate-User: admin"], ["X-Remote-User: admin"],
                  ["X-Remote-User: admin", "X-Remote-Group: system:masters"],
                  ["Authorization: Bearer "], ["Authorization: Basic Og=="],
                  ["Authorization: Negotiate x"], ["Cookie: R_SESS=token-x:y"]):
        a.refused(a.send(a.head("GET", "/api/v1/secrets", *lines)), {401, 403})
    a.auth = kept


def slow_senders(a):
    """200 connections that send a byte a second; others are served, the slow ones are ended."""
    links = [a.connect(40) for _ in range(200)]
    data = a.head()
    for n in range(3):
        for link in links:
            link.sendall(data[n:n + 1])
        a.others_are_served()
        time.sleep(0.5)
    slow_body = [a.connect(40) for _ in range(50)]
    for link in slow_body:
        link.sendall(a.head("POST", MAPS, "Content-Type: application/json",
                            "Content-Length: 100000") + b"{")
    a.others_are_served()
    ended = 0
    for link in links + slow_body:
        link.settimeout(35)
        with contextlib.suppress(OSError):
            answer = link.recv(4096)
            ended += not answer or b" 408 " in answer
        link.close()
    assert ended == 250, f"only {ended} of 250 slow connections were ended"


def silent_watcher(a):
    """A watch nobody reads is closed at its limit; a watch beside it gets every event in time."""
    mute = a.connect(60)
    mute.sendall(a.head("GET", MAPS + "?watch=1"))
    assert b" 200 " in mute.recv(1024)
    reader = a.connect(60)
    reader.sendall(a.head("GET", MAPS + "?watch=1"))
    seen, late = [], []

    def read():
        left = b""
        with contextlib.suppress(OSError):
            while part := reader.recv(1 << 20):
                left += part
                while (found := re.search(rb'"sent":"(\d+\.\d+)"', left)):
                    seen.append(1)
                    late.append(time.time() - float(found.group(1)))
                    left = left[found.end():]

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    writes = 400
    for _ in range(writes):  # 400 x 100 KB: ten times what one stream may hold
        body = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "noise"},
                           "data": {"sent": f"{time.time():.6f}", "v": "x" * 100_000}})
        status, text = a.post(body, path=MAPS + "/noise", method="PUT")
        if status == 404:
            status, text = a.post(body)
        assert status in (200, 201), (status, text[:500])
    wait_for("every event at the reader", lambda: len(seen) >= writes, 15)
    late.sort()
    assert late[len(late) * 99 // 100] < 1.0, f"p99 of events {late[len(late) * 99 // 100]:.2f} s"
    mute.settimeout(30)
    got = 0
    with contextlib.suppress(OSError):
        while part := mute.recv(1 << 20):
            got += len(part)
            assert got < writes * 100_000 * 0.9, "an unread watch was kept in memory whole"
    mute.close()
    reader.close()


def _idlers(address, port, count, first, ready, stop):
    context = ssl._create_unverified_context()  # pylint: disable=protected-access
    links = []
    for n in range(count):
        source = f"127.0.{first + n // 5000}.1"
        link = socket.create_connection((address, port), 60, source_address=(source, 0))
        links.append(context.wrap_socket(link))
    for link in links[:: max(1, count // 100)]:  # some have asked before they fell idle
        link.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"pong" in link.recv(4096)
    ready.put(len(links))
    stop.wait(240)


def idle_connections(a):
    def rss():
        status = pathlib.Path(f"/proc/{a.server.daemon.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) // 1024

    before = rss()
    ready, stop = multiprocessing.Queue(), multiprocessing.Event()
    parts = [multiprocessing.Process(target=_idlers, daemon=True, args=(
        a.server.address, a.server.port, IDLE // 4, 10 + n * 10, ready, stop)) for n in range(4)]
    for part in parts:
        part.start()
    try:
        assert sum(ready.get(timeout=200) for _ in parts) == IDLE // 4 * 4
        a.others_are_served()
        print(f"    {IDLE} idle TLS connections: {before} -> {rss()} MiB", flush=True)
    finally:
        stop.set()
        for part in parts:
            part.join(20)
    a.others_are_served()


def disk_full(folder):
    """A store on a small file system of its own, filled: writes are refused, reads and logins go
    on, and writes come back by themselves when there is room again."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "small", folder], check=True)
    try:
        with Paddock(folder / "server") as server:
            server.log_in()
            ballast = folder / "ballast"
            with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)
            with open(ballast, "r+b") as file:  # room for a few writes
                file.truncate(ballast.stat().st_size - (3 << 20))
            refused = None
            for number in range(3000):
                answer = server.ask("POST", MAPS, {
                    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"fill-{number}"},
                    "data": {"v": "x" * 50_000}})
                if answer.status != 201:
                    refused = answer
                    break
            assert refused and refused.status in (500, 503, 507), refused
            assert re.search("space|full", refused.body, re.I), refused
            assert server.ask("GET", MAPS + "?limit=1").status == 200
            ballast.unlink()
            wait_for("writes to come back", lambda: server.ask("POST", MAPS, {
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"generateName": "after-"}}).status == 201, 15)
            for kept in range(number):
                assert server.ask("GET", f"{MAPS}/fill-{kept}").status == 200, f"fill-{kept} lost"
            assert number > 0, "the first write was refused already"
            assert server.daemon.running()
    finally:
        subprocess.run(["umount", "--lazy", folder], check=False)


def ends_well(server):
    assert server.daemon.running(), "it ended by itself"
    code = server.stop()
    assert code == 0, f"code {code}"


def main():
    refused = sandbox.enter()
    raise_descriptors()
    steps = Steps("hostile")
    with tempfile.TemporaryDirectory(prefix="pdk-", ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        with Paddock(folder / "paddock") as server:
            server.log_in()
            attack = Attack(server)
            for text, case in (
                    ("malformed, deep, odd bodies", bodies),
                    ("YAML aliases that explode", yaml_bomb),
                    ("100 MB bodies, 1 MB headers", big), ("request smuggling", framing),
                    ("%2f and .. in paths", paths), ("claimed identities", claimed_identity),
                    ("slow senders", slow_senders), ("a watch that nobody reads", silent_watcher),
                    (f"{IDLE} idle connections", idle_connections)):
                steps.do(text, case, attack)
            steps.do("it still runs, and ends well", ends_well, server)
        if refused:
            steps.skip("disk full", f"needs a mount of its own: {refused}")
        else:
            steps.do("disk full", disk_full, folder / "small")
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
