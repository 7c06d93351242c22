#!/usr/bin/env python3
"""The audit of writes that go through /k8s/clusters/ID to a real API server: what changed, at each
level, with kubectl (protobuf and JSON), and that no secret of them is in anything that comes out."""

import base64
import json
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from audit import CANARY, Audit, nothing_lets_out
from control_plane import ControlPlane, peers_bin
from paddock import Paddock
from proc import run
from steps import Steps


class Far:
    def __init__(self, server, cluster, folder):
        self.server, self.cluster, self.audit = server, cluster, Audit(server)
        config = server.expect(200, "POST", f"/v3/clusters/{cluster}?action=generateKubeconfig")
        self.kubeconfig = folder / "far.kubeconfig"
        self.kubeconfig.write_text(config["config"])

    def kubectl(self, *args, **options):
        return run(peers_bin() / "kubectl", f"--kubeconfig={self.kubeconfig}",
                   "--insecure-skip-tls-verify", *args, **options)

    def newest(self, **filters):
        return self.audit.find(cluster=self.cluster, limit=1, **filters)[0]

    def level(self, level):
        self.server.expect(200, "PUT", "/v3/settings/audit-level", {"value": str(level)})
        time.sleep(1.2)


def what_changed(far):
    # kubectl creates by protobuf.
    far.kubectl("create", "configmap", "seen", "--from-literal=colour=red")
    record = far.newest(resource="configmaps", verb="create")
    change = record["changes"][0]
    assert (record["code"], record["name"], change["did"]) == (201, "seen", "create"), record
    assert {"path": "data.colour", "to": "red"} in change["difference"], change
    compared = 0
    for n in range(10):
        far.kubectl("patch", "configmap", "seen", "-p", json.dumps({"data": {"colour": f"c{n}"}}))
        record = far.newest(resource="configmaps", verb="patch")
        change = record["changes"][0]
        if "difference" in change:
            compared += 1
            was = f"c{n - 1}" if n else "red"
            assert change["difference"] == [
                {"path": "data.colour", "from": was, "to": f"c{n}"}], change
            assert int(change["before_revision"]) > 0, change
        else:
            assert change["sent"] == [{"path": "data.colour", "to": f"c{n}"}], change
    print(f"  compared with what was there: {compared} of 10")
    assert compared > 0
    assert "request" not in record and "answer" not in record, record
    far.kubectl("create", "configmap", "never", "--dry-run=server")
    assert "changes" not in far.newest(name="", resource="configmaps", verb="create"), record
    refused = far.kubectl("create", "-f", "-", check=False, stdin=json.dumps({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Bad_Name"}}))
    assert refused.returncode
    record = far.newest(resource="configmaps", result="failed")
    assert record["code"] == 422 and record["why"] == "Invalid: metadata.name", record
    far.kubectl("delete", "configmap", "seen")
    record = far.newest(resource="configmaps", verb="delete")
    assert record["changes"] == [
        {"resource": "configmaps", "namespace": "default", "name": "seen", "did": "delete"}], record


def levels(far):
    far.level(2)
    far.kubectl("create", "configmap", "two", "--from-literal=colour=red")
    record = far.newest(verb="create")
    assert record["request"]["data"] == {"colour": "red"} and "answer" not in record, record
    far.level(3)
    far.kubectl("create", "configmap", "three", "--from-literal=colour=red")
    record = far.newest(verb="create")
    assert record["answer"]["metadata"]["name"] == "three", record
    big = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"},
           "data": {"much": "x" * 400_000}}
    far.kubectl("create", "-f", "-", stdin=json.dumps(big))
    record = far.newest(verb="create")
    assert record["changes"][0]["not_told"] and len(json.dumps(record)) < 4_000, record


def plant(far, folder):
    text = f"{CANARY}secret"
    planted = [CANARY, base64.b64encode(text.encode()).decode()]
    far.kubectl("create", "secret", "generic", "planted", f"--from-literal=plain={text}")
    far.kubectl("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "applied"},
        "stringData": {"a": text}}))
    far.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "applied"},
        "stringData": {"b": text}}))
    far.kubectl("patch", "secret", "planted", "-p", json.dumps({"stringData": {"c": text}}))
    far.kubectl("patch", "secret", "planted", "--type=json", "-p", json.dumps(
        [{"op": "add", "path": "/stringData", "value": {"d": text}}]))
    far.kubectl("patch", "secret", "planted", "-p", '{"data":{"a":"%s!"}}' % text, check=False)
    far.kubectl("create", "-f", "-", check=False, stdin=json.dumps({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "typed"},
        "type": "kubernetes.io/tls", "stringData": {"a": text}}))
    made = json.loads(far.kubectl("create", "token", "default", "-o", "json").stdout)
    planted.append(made["status"]["token"])
    far.kubectl("delete", "secret", "planted", "applied")
    assert far.audit.find(cluster=far.cluster, resource="secrets")
    (folder / "planted.json").write_text(json.dumps(planted))
    return planted


def main():
    steps = Steps("far audit")
    with tempfile.TemporaryDirectory(prefix="pdk-") as name:
        folder = pathlib.Path(name)
        (folder / "server").mkdir()
        flags = [f"--audit-export=file:{folder / 'server/exported.ndjson'}", "--log-level=debug"]
        with ControlPlane(folder / "plane") as plane, \
                Paddock(folder / "server", flags=flags) as server:
            server.log_in()
            server.expect_text = lambda path: server.ask("GET", path).body
            cluster = server.take_in(plane)
            server.expect(201, "POST", "/v3/tokens", {"description": "for the canaries"})
            server.expect(201, "POST", "/v3/users", {"username": "lin", "password": "a" * 16})
            far = Far(server, cluster, folder)
            steps.do("what changed there", what_changed, far)
            steps.do("the levels", levels, far)
            planted = steps.do("secrets go there", plant, far, folder)
            steps.do("and come out nowhere", nothing_lets_out, server, folder / "server", planted,
                     needs=("secrets go there",))
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
