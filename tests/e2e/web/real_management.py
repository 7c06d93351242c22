#!/usr/bin/env python3
"""The management pages against the program itself and a real cluster: projects, quotas, members,
roles, users, nodes, access questions and the audit log, in Chromium. real_management.mjs does what a
person would do; what came of it is looked up through the API and kubectl.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "support" / "peers")]

# pylint: disable=wrong-import-position
from control_plane import ControlPlane, peers_bin
from paddock import PASSWORD, Paddock
from proc import die_with_parent, wait_for

RUN = HERE / "run.sh"
NODE = {"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "made-by-hand", "labels": {"node-role.kubernetes.io/worker": "true"}},
        "spec": {"taints": [{"key": "dedicated", "value": "search", "effect": "NoSchedule"}]}}
STATUS = {"status": {"capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                     "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                     "conditions": [{"type": "Ready", "status": "True"}],
                     "nodeInfo": {"kubeletVersion": "v1.36.0"}}}


class Heart(threading.Thread):
    """The node's kubelet, as far as its controller looks."""

    def __init__(self, plane):
        super().__init__(daemon=True)
        self.plane, self.over = plane, threading.Event()

    def run(self):
        while not self.over.is_set():
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            STATUS["status"]["conditions"][0]["lastHeartbeatTime"] = now
            self.plane.kubectl("patch", "node", "made-by-hand", "--subresource=status",
                               "--type=merge", "-p", json.dumps(STATUS), check=False)
            self.over.wait(10)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


def main():
    subprocess.run([RUN, "--prepare"], check=True)
    with tempfile.TemporaryDirectory(prefix="pdk-", ignore_cleanup_errors=True) as folder:
        directory = pathlib.Path(folder)
        plane = ControlPlane(directory / "plane", programs=peers_bin())
        with plane, Paddock(directory / "paddock") as server:
            plane.kubectl("create", "-f", "-", stdin=json.dumps(NODE))
            server.log_in()
            made = server.expect(201, "POST", "/v3/clusters", {
                "type": "cluster", "name": "downstream",
                "importedConfig": {"kubeConfig": plane.admin.read_text()}})
            wait_for("the cluster is there", lambda: server.expect(
                200, "GET", f"/v3/clusters/{made['id']}")["state"] == "active", 30)
            facts = {"url": server.url, "password": PASSWORD, "cluster": made["id"]}
            environment = {**os.environ, "REAL": json.dumps(facts), "TMPDIR": folder}
            with Heart(plane), subprocess.Popen(
                    [RUN, "real_management.mjs", *sys.argv[1:]], env=environment,
                    preexec_fn=die_with_parent) as page:
                return page.wait()


if __name__ == "__main__":
    sys.exit(main())
