"""A real cluster without nodes: etcd, kube-apiserver (RBAC on), kube-controller-manager, and
kube-scheduler where pods are to run. Everything on free ports of one address, in one folder.

As a program: `control_plane.py --dir D [--no-controllers]` prints one JSON line when ready
(server, kubeconfig, pids) and holds the cluster until it is told to stop or its parent ends.
"""

import argparse
import json
import pathlib
import signal
import subprocess
import sys

from certs import Authority, rsa_key
from proc import Peer, die_with_parent, free_port, run

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]


def peers_bin():
    """The folder with the real programs; builds them the first time."""
    done = subprocess.run([CHECKOUT / "scripts" / "peers"], stdout=subprocess.PIPE, text=True,
                          check=True)
    return pathlib.Path(done.stdout.strip())


class ControlPlane(Peer):
    def __init__(self, directory, address="127.0.0.1", controllers=True, scheduler=False,
                 programs=None):
        self.dir, self.address = pathlib.Path(directory), address
        super().__init__(self.dir / "log")
        self.bin = programs or peers_bin()
        self.controllers, self.scheduler = controllers, scheduler
        self.port = free_port(address)
        self.server = f"https://{address}:{self.port}"
        self.admin = self.dir / "admin.kubeconfig"

    def start(self):
        pki = self.dir / "pki"
        self.ca = Authority(pki)
        self.sa_key = rsa_key(pki / "sa.key")
        self.ca.kubeconfig(self.admin, self.server, "test-admin", ["system:masters"])
        self._start_etcd()
        self.start_api_server()
        if self.controllers:
            self._start_controllers()
        if self.scheduler:
            config = self.ca.kubeconfig(self.dir / "scheduler.kubeconfig", self.server,
                                        "system:kube-scheduler")
            self.spawn("kube-scheduler", [
                self.bin / "kube-scheduler", f"--kubeconfig={config}", "--leader-elect=false",
                f"--bind-address={self.address}", f"--secure-port={free_port(self.address)}",
                f"--authentication-kubeconfig={config}", f"--authorization-kubeconfig={config}"])

    def _start_etcd(self):
        client, peer = free_port(self.address), free_port(self.address)
        self.etcd = f"http://{self.address}:{client}"
        peer_url = f"http://{self.address}:{peer}"
        self.spawn("etcd", [
            self.bin / "etcd", "--name=test", f"--data-dir={self.dir / 'etcd'}",
            f"--listen-client-urls={self.etcd}", f"--advertise-client-urls={self.etcd}",
            f"--listen-peer-urls={peer_url}", f"--initial-advertise-peer-urls={peer_url}",
            f"--initial-cluster=test={peer_url}", "--log-level=warn"])

    def start_api_server(self):
        """Also starts it again after stop_api_server, on the same port and store."""
        pki = self.dir / "pki"
        cert, key = self.ca.issue("apiserver", "kube-apiserver", sans=[
            "DNS:localhost", "DNS:kubernetes", "DNS:kubernetes.default",
            "DNS:kubernetes.default.svc", "IP:127.0.0.1", "IP:10.96.0.1", f"IP:{self.address}"])
        kubelet_cert, kubelet_key = self.ca.issue(
            "apiserver-kubelet", "kube-apiserver-kubelet-client", ["system:masters"])
        loopback = self.address.startswith("127.")
        self.spawn("kube-apiserver", [
            self.bin / "kube-apiserver", f"--etcd-servers={self.etcd}",
            f"--bind-address={self.address}", f"--secure-port={self.port}",
            f"--advertise-address={self.address}",
            *(["--endpoint-reconciler-type=none"] if loopback else []),
            f"--tls-cert-file={cert}", f"--tls-private-key-file={key}",
            f"--client-ca-file={self.ca.cert}", "--authorization-mode=Node,RBAC",
            f"--kubelet-client-certificate={kubelet_cert}",
            f"--kubelet-client-key={kubelet_key}",
            f"--kubelet-certificate-authority={self.ca.cert}",
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki / 'sa.key'}",
            f"--service-account-signing-key-file={pki / 'sa.key'}",
            "--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true"])
        self.wait("kube-apiserver's /readyz", lambda: self.kubectl(
            "get", "--raw", "/readyz", check=False).stdout == "ok", 120, "etcd", "kube-apiserver")

    def stop_api_server(self):
        self.daemons.pop("kube-apiserver").stop()

    def _start_controllers(self):
        config = self.ca.kubeconfig(self.dir / "controller-manager.kubeconfig", self.server,
                                    "system:kube-controller-manager")
        self.spawn("kube-controller-manager", [
            self.bin / "kube-controller-manager", f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}", f"--authorization-kubeconfig={config}",
            f"--bind-address={self.address}", f"--secure-port={free_port(self.address)}",
            "--leader-elect=false", "--use-service-account-credentials=true",
            f"--service-account-private-key-file={self.sa_key}",
            f"--root-ca-file={self.ca.cert}",
            f"--cluster-signing-cert-file={self.ca.cert}",
            f"--cluster-signing-key-file={self.ca.key}"])
        self.wait("the default service account", lambda: self.kubectl(
            "get", "serviceaccount", "default", check=False).returncode == 0, 60,
            "kube-controller-manager")

    def kubectl(self, *args, **options):
        return run(self.bin / "kubectl", f"--kubeconfig={self.admin}", *args, **options)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", required=True, help="empty folder for certificates and data")
    parser.add_argument("--no-controllers", action="store_true")
    options = parser.parse_args()
    die_with_parent()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ControlPlane(options.dir, controllers=not options.no_controllers) as cluster:
        print(json.dumps({"server": cluster.server, "kubeconfig": str(cluster.admin),
                          "etcd": cluster.etcd, "bin": str(cluster.bin),
                          "pids": {n: d.pid for n, d in cluster.daemons.items()}}), flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
