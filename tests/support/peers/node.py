"""One real node: Debian's containerd and runc, CNI plugins, and a kubelet, for a ControlPlane that
listens on sandbox.NODE_IP. Only inside the sandbox: it makes bridges, mounts and cgroups.

As a program: `node.py --dir D` starts a whole cluster with this node in a sandbox of its own,
runs a pod, shows its log and a command in it, and stops: the proof that real parts run here.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
import time

import images
import sandbox
from control_plane import ControlPlane
from proc import Peer, run

NAME = "node-1"


def missing():
    """What is not installed, as one sentence, or None."""
    programs = [p for p in ("containerd", "ctr", "runc", "ip", "iptables", "openssl")
                if not shutil.which(p)]
    programs += [] if os.path.exists("/bin/busybox") else ["busybox-static"]
    return f"not installed: {', '.join(programs)}" if programs else None


class Node(Peer):
    def __init__(self, directory, plane):
        self.dir, self.plane = pathlib.Path(directory), plane
        super().__init__(self.dir)
        self.cgroup = f"paddock-test-{os.getpid()}-{time.monotonic_ns() % 100000}"
        self.socket = self.dir / "containerd.sock"

    def start(self):
        self._make_cgroups()
        self._start_containerd()
        for image in (images.write_busybox(self.dir / "busybox.tar"),
                      images.write_pause(self.dir / "pause.tar", self.plane.bin / "pause")):
            self.ctr("images", "import", image)
        self._start_kubelet()
        self.wait("the node to be Ready", self.ready, 90)

    def ready(self):
        done = self.plane.kubectl("get", "node", NAME, "-o", "json", check=False)
        conditions = json.loads(done.stdout)["status"]["conditions"] if not done.returncode else []
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def ctr(self, *args):
        return run("ctr", f"--address={self.socket}", "--namespace=k8s.io", *args)

    def _cgroup_folders(self):
        root = pathlib.Path("/sys/fs/cgroup")
        if (root / "cgroup.controllers").exists():
            return [root / self.cgroup]
        return [d / self.cgroup for d in root.iterdir() if (d / "cgroup.procs").exists()]

    def _make_cgroups(self):
        for folder in self._cgroup_folders():
            folder.mkdir()
            if folder.parent.name == "cpuset":
                for file in ("cpuset.cpus", "cpuset.mems"):
                    (folder / file).write_text((folder.parent / file).read_text())

    def _remove_cgroups(self):
        for top in self._cgroup_folders():
            folders = [pathlib.Path(f) for f, _, _ in os.walk(top, topdown=False)]
            for folder in folders:
                try:
                    folder.rmdir()
                except OSError as error:
                    print(f"node: {folder} stays: {error}", file=sys.stderr)

    def _start_containerd(self):
        cni = self.dir / "cni"
        cni.mkdir(exist_ok=True)
        (cni / "10-test.conflist").write_text(json.dumps({
            "cniVersion": "1.0.0", "name": "test", "plugins": [
                {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False,
                 "ipam": {"type": "host-local", "dataDir": str(self.dir / "ipam"),
                          "ranges": [[{"subnet": "10.112.0.0/24"}]],
                          "routes": [{"dst": "0.0.0.0/0"}]}},
                {"type": "portmap", "capabilities": {"portMappings": True}}]}))
        config = self.dir / "containerd.toml"
        config.write_text(f'''version = 2
root = "{self.dir}/containerd"
state = "{self.dir}/state"
[grpc]
  address = "{self.socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{self.dir}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{images.PAUSE}"
  restrict_oom_score_adj = true
  stream_server_address = "{self.plane.address}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{self.plane.bin}"
    conf_dir = "{cni}"
''')
        self.spawn("containerd", ["containerd", f"--config={config}"])
        self.wait("containerd to answer", lambda: self.ctr("version").returncode == 0, 30)

    def _start_kubelet(self):
        plane = self.plane
        cert, key = plane.ca.issue("kubelet", f"system:node:{NAME}", ["system:nodes"],
                                   [f"IP:{plane.address}", f"DNS:{NAME}"])
        kubeconfig = plane.ca.kubeconfig(self.dir / "kubelet.kubeconfig", plane.server,
                                         f"system:node:{NAME}", ["system:nodes"])
        (self.dir / "resolv.conf").write_text(f"nameserver {plane.address}\n")
        config = self.dir / "kubelet.json"
        config.write_text(json.dumps({
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "address": plane.address, "port": 10250, "readOnlyPort": 0,
            "healthzBindAddress": plane.address, "healthzPort": 10248,
            "tlsCertFile": str(cert), "tlsPrivateKeyFile": str(key),
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                               "x509": {"clientCAFile": str(plane.ca.cert)}},
            "authorization": {"mode": "Webhook"},
            "containerRuntimeEndpoint": f"unix://{self.socket}",
            "failCgroupV1": False, "cgroupDriver": "cgroupfs", "cgroupRoot": f"/{self.cgroup}",
            "localStorageCapacityIsolation": False, "enforceNodeAllocatable": ["none"],
            "failSwapOn": False, "oomScoreAdj": 0, "protectKernelDefaults": False,
            "evictionHard": {"memory.available": "0%", "nodefs.available": "0%",
                             "imagefs.available": "0%", "nodefs.inodesFree": "0%"},
            "imageGCHighThresholdPercent": 100, "resolvConf": str(self.dir / "resolv.conf"),
            "syncFrequency": "10s", "volumePluginDir": str(self.dir / "volume-plugins"),
            "podLogsDir": str(self.dir / "pod-logs"), "staticPodPath": "",
        }))
        self.spawn("kubelet", [
            plane.bin / "kubelet", f"--config={config}", f"--kubeconfig={kubeconfig}",
            f"--hostname-override={NAME}", f"--node-ip={plane.address}",
            f"--root-dir={self.dir / 'kubelet'}", f"--cert-dir={self.dir / 'kubelet-pki'}"])

    def stop(self):
        """Kubelet first, then every container, then containerd; mounts and cgroups last."""
        if "kubelet" in self.daemons:
            self.daemons.pop("kubelet").stop()
        if "containerd" in self.daemons and self.daemons["containerd"].running():
            for name in self.ctr("tasks", "list", "-q").stdout.split():
                run("ctr", f"--address={self.socket}", "--namespace=k8s.io", "tasks", "kill",
                    "--signal=SIGKILL", name, check=False)
                run("ctr", f"--address={self.socket}", "--namespace=k8s.io", "tasks", "delete",
                    "--force", name, check=False)
        super().stop()
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            points = [line.split()[1] for line in mounts]
        for point in reversed(points):
            if point.startswith(f"{self.dir}/"):
                run("umount", "--lazy", point, check=False)
        self._remove_cgroups()


POD = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "proof"},
    "spec": {"terminationGracePeriodSeconds": 0, "containers": [{
        "name": "main", "image": images.BUSYBOX, "imagePullPolicy": "Never",
        "command": ["sh", "-c", "echo started; exec sleep 3600"]}]},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", required=True, type=pathlib.Path)
    options = parser.parse_args()
    refused = missing() or sandbox.enter()
    if refused:
        sys.exit(f"node: SKIPPED: {refused}")
    begun = time.monotonic()

    def say(text):
        print(f"node: {time.monotonic() - begun:6.1f} s  {text}", flush=True)

    plane = ControlPlane(options.dir / "plane", address=sandbox.NODE_IP, scheduler=True)
    with plane, Node(options.dir / "node", plane):
        say("cluster and node are ready")
        plane.kubectl("create", "-f", "-", stdin=json.dumps(POD))
        plane.kubectl("wait", "--for=condition=Ready", "pod/proof", "--timeout=60s", timeout_s=70)
        say("pod runs: " + plane.kubectl("get", "pod", "proof", "-o", "wide",
                                         "--no-headers").stdout.strip())
        say("log: " + plane.kubectl("logs", "proof").stdout.strip())
        say("exec: " + plane.kubectl("exec", "proof", "--", "uname", "-a").stdout.strip())
        plane.kubectl("delete", "pod", "proof", "--timeout=30s")
        say("pod deleted")
    say("stopped")


if __name__ == "__main__":
    main()
