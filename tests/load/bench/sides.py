"""The two sides of the bench, each started with its first request already waiting: Paddock's
release program, and a real kube-apiserver on a real etcd. Both are asked as their administrator,
with the client certificate of their own kubeconfig, over TLS, in HTTP/1.1.
"""

import base64
import http.client
import json
import pathlib
import re
import ssl
import subprocess
import time

from control_plane import ControlPlane
from paddock import PASSWORD, Paddock, program
from proc import Daemon, free_port

LOAD = pathlib.Path(__file__).resolve().parents[3] / "build/debug/bench_load"


class LoadFailed(Exception):
    pass


def load(command, *flags, limit_s=240, **options):
    """Runs the load generator once; gives what it measured."""
    argv = [str(LOAD), command, *flags]
    for name, value in options.items():
        argv += ["--" + name.replace("_", "-"), str(value)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=limit_s, check=False)
    if done.returncode != 0:
        raise LoadFailed(f"{' '.join(argv)}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def write_credentials(kubeconfig, folder):
    """The client certificate and key of a kubeconfig, as files."""
    text, paths = kubeconfig.read_text(), []
    for field in ("client-certificate-data", "client-key-data"):
        found = re.search(rf'{field}"?: *"?([A-Za-z0-9+/=]+)', text)
        paths.append(folder / f"{kubeconfig.stem}-{field}.pem")
        paths[-1].write_bytes(base64.b64decode(found.group(1)))
    return paths


class Side:
    """One side: start, stop, ask, and the memory of all its processes."""
    name = ""
    port = cert = key = None

    def __init__(self, folder):
        self.dir = pathlib.Path(folder)
        self.dir.mkdir(parents=True)

    def daemons(self):
        raise NotImplementedError

    def pids(self):
        return ",".join(str(d.pid) for d in self.daemons())

    def load(self, command, **options):
        return load(command, target=self.port, cert=self.cert, key=self.key, pids=self.pids(),
                    **options)

    def post(self, path, body):
        """One object that must be made."""
        link = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.tls())
        try:
            link.request("POST", path, body, {"Content-Type": "application/json"})
            answer = link.getresponse()
            said = answer.read().decode(errors="replace")
        finally:
            link.close()
        if answer.status != 201:
            raise LoadFailed(f"{self.name}: POST {path}: {answer.status} {said}")

    def tls(self):
        context = ssl._create_unverified_context()  # pylint: disable=protected-access
        context.load_cert_chain(self.cert, self.key)
        return context

    def ready_ms(self, since_ns):
        return self.load("ready", since=since_ns, limit=60)["ms"]

    def rss_mib(self):
        kib = 0
        for daemon in self.daemons():
            status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
            kib += int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
        return kib / 1024



class PaddockSide(Side):
    name = "Paddock"

    def __init__(self, folder):
        super().__init__(folder)
        self.server = None

    def start(self):
        """A start on what the folder holds; milliseconds from exec to /readyz."""
        if not self.server:
            self.server = Paddock(self.dir)
        server, first = self.server, not self.server.kubeconfig.exists()
        begun = time.monotonic_ns()
        server.daemon = Daemon("paddock", [
            program(), "server", f"--data-dir={server.data}", "--store=sqlite",
            f"--listen={server.address}:{server.port}", f"--server-url={server.url}",
            f"--bootstrap-password={PASSWORD}"], self.dir / "paddock.log")
        self.port = server.port
        if first:  # /readyz is for everybody; the certificate is made by this start
            ms = load("ready", target=self.port, since=begun, limit=60)["ms"]
        else:
            self.cert, self.key = write_credentials(server.kubeconfig, self.dir)
            ms = self.ready_ms(begun)
        self.cert, self.key = write_credentials(server.kubeconfig, self.dir)
        return ms

    def daemons(self):
        return [self.server.daemon]

    def stop(self):
        if self.server:
            self.server.stop()


class _Plane(ControlPlane):
    """A ControlPlane whose kube-apiserver is timed from its exec on; etcd has begun before it."""
    ready_ms = None
    side = None

    def spawn(self, name, argv):
        begun = time.monotonic_ns()
        daemon = super().spawn(name, argv)
        if name == "kube-apiserver":
            self.side.port = self.port
            self.side.cert, self.side.key = write_credentials(self.admin, self.dir)
            self.ready_ms = self.side.ready_ms(begun)
        return daemon


class KubeSide(Side):
    name = "kube-apiserver + etcd"

    def __init__(self, folder):
        super().__init__(folder)
        self.plane = None

    def start(self):
        if not self.plane:
            self.plane = _Plane(self.dir / "plane", controllers=False)
            self.plane.side = self
            self.plane.start()
        else:
            self.plane.port = free_port()
            self.plane.server = f"https://127.0.0.1:{self.plane.port}"
            self.plane.ca.kubeconfig(self.plane.admin, self.plane.server, "test-admin",
                                     ["system:masters"])
            self.plane._start_etcd()  # pylint: disable=protected-access
            self.plane.start_api_server()
        return self.plane.ready_ms

    def daemons(self):
        return list(self.plane.daemons.values())

    def stop(self):
        if self.plane:
            self.plane.stop()
