#!/usr/bin/env python3
"""The dashboard against nothing made up: the program with the dashboard inside, a real control
plane with a real node, and Chromium, in which real_cluster.mjs does what a person would do.

Runs in namespaces of its own. Where the machine refuses those, the steps that need containers are
skipped and say why; the others run on loopback against a real API server.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "support" / "peers")]

# pylint: disable=wrong-import-position
import images
import node
import sandbox
from control_plane import ControlPlane, peers_bin
from importing import SERVICE_ADDRESS
from paddock import PASSWORD, Paddock, program
from proc import die_with_parent, run, wait_for
from verbs import PODS

RUN = HERE / "run.sh"
NAMESPACE = "shop"


def home_of(directory, plane):
    """Where the commands that the page shows are pasted: kubectl, paddock, ~/.kube/config."""
    folder = directory / "home" / "bin"
    folder.mkdir(parents=True)
    (folder / "paddock").symlink_to(program())
    (folder / "kubectl").symlink_to(plane.bin / "kubectl")
    (directory / "home" / ".kube").mkdir()
    shutil.copy(plane.admin, directory / "home" / ".kube" / "config")
    return directory / "home"


def serve_agent_image(directory, server, plane, real):
    """What a registry and kube-proxy would do for the Deployment of the manifest."""
    server.log_in()
    image = server.expect(200, "GET", "/v3/settings/agent-image")["value"]
    real.ctr("images", "import", images.write_program(directory / "agent.tar", image, program()))
    run("iptables", "-t", "nat", "-A", "PREROUTING", "-d", SERVICE_ADDRESS, "-p", "tcp",
        "--dport", "443", "-j", "DNAT", "--to-destination", f"{plane.address}:{plane.port}")


def fill(plane, real):
    """What the cluster holds before anybody looks."""
    plane.kubectl("create", "namespace", NAMESPACE)
    plane.kubectl("create", "configmap", "settings", f"--namespace={NAMESPACE}",
                  "--from-literal=colour=green", "--from-literal=size=small")
    plane.kubectl("create", "configmap", "doomed", f"--namespace={NAMESPACE}",
                  "--from-literal=left=soon")
    if real:
        wait_for("the namespace's service account", lambda: plane.kubectl(
            "get", "serviceaccount", "default", f"--namespace={NAMESPACE}",
            check=False).returncode == 0, 20)
        plane.kubectl("apply", f"--namespace={NAMESPACE}", "-f", "-", stdin=json.dumps(PODS))
        plane.kubectl("wait", f"--namespace={NAMESPACE}", "--for=condition=Ready", "pod", "--all",
                      "--timeout=90s", timeout_s=100)


def drive(directory, server, plane, refused):
    """The page's side; its exit code."""
    facts = {"url": server.url, "password": PASSWORD, "home": str(home_of(directory, plane)),
             "namespace": NAMESPACE, "refused": refused or "", "version": plane.bin.parent.name}
    # The browser keeps its profile in the folder that goes with the test.
    environment = {**os.environ, "REAL_CLUSTER": json.dumps(facts), "TMPDIR": str(directory)}
    host = [] if refused else sandbox.other_host()
    with subprocess.Popen([*host, RUN, "real_cluster.mjs", *sys.argv[1:]], env=environment,
                          preexec_fn=die_with_parent) as page:
        return page.wait()


def main():
    # In the sandbox there is no internet: what is fetched or built comes before.
    subprocess.run([RUN, "--prepare"], check=True)
    peers = peers_bin()
    refused = node.missing() or sandbox.enter()
    address = "127.0.0.1" if refused else sandbox.NODE_IP
    with tempfile.TemporaryDirectory(prefix="pdk-", ignore_cleanup_errors=True) as folder:
        directory = pathlib.Path(folder)
        plane = ControlPlane(directory / "plane", address=address, scheduler=not refused,
                             programs=peers)
        with plane:
            real = None if refused else node.Node(directory / "node", plane)
            try:
                if real:
                    real.start()
                fill(plane, real)
                with Paddock(directory / "paddock", address=address) as server:
                    if real:
                        serve_agent_image(directory, server, plane, real)
                    return drive(directory, server, plane, refused)
            finally:
                if real:
                    real.stop()


if __name__ == "__main__":
    sys.exit(main())
