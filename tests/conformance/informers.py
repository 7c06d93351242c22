#!/usr/bin/env python3
"""client-go informers on the embedded API: the first list, every change in order and once, a kind
that appears at run time, and a server killed and started again under an informer that goes on.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import peers_bin
from paddock import Paddock
from proc import die_with_parent, run, wait_for
from steps import Steps


class Informer:
    """What one clientgo-watch process has seen so far."""

    def __init__(self, programs, kubeconfig, resource, namespace=""):
        self.events = []
        self.process = subprocess.Popen(
            [programs / "clientgo-watch", f"-kubeconfig={kubeconfig}", f"-resource={resource}",
             f"-namespace={namespace}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=die_with_parent)
        threading.Thread(target=self._read, daemon=True).start()
        wait_for("the informer's first list", lambda: self.of("SYNCED"), 20)

    def _read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def of(self, kind, name=None):
        return [e for e in self.events if e["type"] == kind and name in (None, e.get("name"))]

    def saw(self, what, count, timeout_s=10):
        wait_for(f"{count} x {what}", lambda: len(self.of(*what)) >= count, timeout_s)
        assert len(self.of(*what)) == count, (what, self.of(*what))

    def close(self):
        self.process.kill()
        self.process.wait()


class Cluster:
    def __init__(self, programs, server):
        self.programs, self.server = programs, server

    def kubectl(self, *args, **options):
        return run(self.programs / "kubectl", f"--kubeconfig={self.server.kubeconfig}", *args,
                   **options)

    def informer(self, resource, namespace=""):
        return Informer(self.programs, self.server.kubeconfig, resource, namespace)


def changes(cluster):
    cluster.kubectl("create", "configmap", "before")
    informer = cluster.informer("v1/configmaps", "default")
    try:
        assert len(informer.of("ADDED", "before")) == 1, informer.events
        for number in range(20):
            cluster.kubectl("create", "configmap", f"c-{number}")
        cluster.kubectl("label", "configmap", "c-3", "a=b")
        cluster.kubectl("delete", "configmap", "before", "c-4")
        informer.saw(("DELETED", "c-4"), 1)
        informer.saw(("DELETED", "before"), 1)
        informer.saw(("MODIFIED", "c-3"), 1)
        for number in range(20):
            informer.saw(("ADDED", f"c-{number}"), 1)
        revisions = [int(e["resourceVersion"]) for e in
                     informer.events[informer.events.index({"type": "SYNCED"}) + 1:]
                     if e["type"] != "DELETED"]
        assert revisions == sorted(revisions), f"not in order: {revisions}"
    finally:
        informer.close()


def kind_at_run_time(cluster):
    cluster.kubectl("create", "-f", "-", stdin=json.dumps({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.test.example"}, "spec": {
            "group": "test.example", "scope": "Cluster",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
                "openAPIV3Schema": {"type": "object",
                                    "x-kubernetes-preserve-unknown-fields": True}}}]}}))
    cluster.kubectl("wait", "--for=condition=Established", "crd/widgets.test.example")
    informer = cluster.informer("test.example/v1/widgets")
    try:
        cluster.kubectl("create", "-f", "-", stdin=json.dumps({
            "apiVersion": "test.example/v1", "kind": "Widget", "metadata": {"name": "one"}}))
        informer.saw(("ADDED", "one"), 1)
        cluster.kubectl("delete", "crd", "widgets.test.example")
        informer.saw(("DELETED", "one"), 1)
    finally:
        informer.close()


def server_killed(cluster):
    informer = cluster.informer("v1/secrets", "default")
    try:
        cluster.kubectl("create", "secret", "generic", "one")
        informer.saw(("ADDED", "one"), 1)
        cluster.server.daemon.process.kill()
        cluster.server.daemon.process.wait()
        cluster.server.start()
        for name in ("two", "three"):
            cluster.kubectl("create", "secret", "generic", name)
        cluster.kubectl("delete", "secret", "one")
        informer.saw(("DELETED", "one"), 1, timeout_s=60)
        for name in ("two", "three"):
            informer.saw(("ADDED", name), 1, timeout_s=60)
    finally:
        informer.close()


def main():
    steps, programs = Steps("informers"), peers_bin()
    with tempfile.TemporaryDirectory(prefix="pdk-") as folder:
        with Paddock(pathlib.Path(folder) / "paddock") as server:
            cluster = Cluster(programs, server)
            steps.do("list, then every change in order and once", changes, cluster)
            steps.do("a kind that appears at run time", kind_at_run_time, cluster)
            steps.do("server killed and started again", server_killed, cluster)
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
