#!/usr/bin/env python3
"""A real cluster, worked with through Paddock: imported in each of the three ways (kubeconfig
handed over, agent process, manifest), active, a kubeconfig made, and an unchanged kubectl on it.

Runs in namespaces of its own with a real node. Where the machine refuses those, the steps that
need containers are skipped and say why; the others run on loopback against a real API server.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
import node
import sandbox
from control_plane import ControlPlane
from importing import WAYS, Importer
from paddock import Paddock
from steps import Steps
from verbs import SPDY, WEBSOCKET, Verbs


def work(steps, verbs, label, folder, containers, refused, extra=None):
    """Every verb through one kubeconfig; `extra` is called while the pods are there."""
    steps.do(f"{label}: create, apply, get -w, patch, diff, delete", verbs.objects)
    if not containers:
        steps.skip(f"{label}: logs, exec, cp, port-forward, attach", refused)
    else:
        pods = f"{label}: pods run"
        steps.do(pods, verbs.start_pods)
        steps.do(f"{label}: logs, logs -f", verbs.logs, needs=[pods])
        for name, env in (("WebSocket", WEBSOCKET), ("SPDY", SPDY)):
            for verb, call in (("exec", verbs.execute), ("exec -it", verbs.terminal),
                               ("port-forward", verbs.forward), ("attach", verbs.attach)):
                steps.do(f"{label}: {verb} over {name}", call, env, needs=[pods])
            steps.do(f"{label}: cp over {name}", verbs.copy, env, folder, needs=[pods])
        if extra:
            extra(verbs, pods)
    steps.do(f"{label}: delete namespace", verbs.end)


def run_all(steps, options, directory, refused):
    address = "127.0.0.1" if refused else sandbox.NODE_IP
    plane = ControlPlane(directory / "plane", address=address, scheduler=not refused)
    kubectl = plane.bin / "kubectl"
    with plane:
        steps.say(f"real cluster: {plane.server}")
        real = None if refused else node.Node(directory / "node", plane)
        try:
            if real:
                real.start()
                steps.say("real node: Ready")
            if options.direct:
                work(steps, Verbs(kubectl, plane.admin, "direct"), "direct", directory,
                     real is not None, refused)
            if options.ways:
                with Paddock(directory / "paddock", address=address) as server:
                    steps.say(f"paddock: {server.url}")
                    importer = Importer(steps, server, plane, real, directory)
                    steps.do("log in", server.log_in)
                    for way in options.ways:
                        with importer.imported(way) as kubeconfig:
                            if kubeconfig:
                                work(steps, Verbs(kubectl, kubeconfig, way), way, directory,
                                     real is not None, refused,
                                     importer.heavy if way == "agent" else None)
                    steps.do("SIGTERM ends the server in under 5 s with code 0",
                             importer.stops_in_time)
        finally:
            if options.keep:
                shutil.copytree(directory, options.keep, dirs_exist_ok=True, ignore=lambda _, names:
                                {"containerd", "state", "kubelet"}.intersection(names))
            if real:
                real.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--direct", action="store_true", help="the same verbs without Paddock too")
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--keep", help="copy logs and data to this folder")
    options = parser.parse_args()
    refused = node.missing() or sandbox.enter()
    steps = Steps("e2e")
    if refused:
        steps.skip("a real node", refused)
    with tempfile.TemporaryDirectory(prefix="pdk-", ignore_cleanup_errors=True) as directory:
        run_all(steps, options, pathlib.Path(directory), refused)
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
