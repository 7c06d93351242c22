#!/usr/bin/env python3
"""The audit of the release program: who did what, as which, from where, found again by the API and
on disk; and that no password, token or secret is in anything that the program lets out. Canaries are
planted in every place that takes one, on every surface, good requests and bad, at the highest level,
and every output is searched for them."""

import base64
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import peers_bin
from paddock import PASSWORD, Paddock, program
from proc import run, wait_for
from steps import Steps

CANARY = "Zq7canaryXv"
KUBECONFIG = f"""apiVersion: v1
kind: Config
clusters: [{{name: a, cluster: {{server: "https://127.0.0.1:1"}}}}]
users: [{{name: a, user: {{token: {CANARY}kubeconfig}}}}]
contexts: [{{name: a, context: {{cluster: a, user: a}}}}]
current-context: a
"""


class Audit:
    def __init__(self, server):
        self.server = server

    def find(self, **filters):
        return self.server.expect(200, "GET", "/v3/auditlogs?" +
                                  urllib.parse.urlencode(filters))["data"]

    def one(self, **filters):
        found = self.find(**filters)
        assert len(found) == 1, (filters, found)
        return found[0]


def who_did_what(server, kubectl, audit):
    me = server.expect(200, "GET", "/v3/users?me=true")["data"][0]["id"]
    made = server.expect(201, "POST", "/v3/projects",
                         {"name": "audited", "clusterId": "local"})
    record = audit.one(resource="projects", verb="create")
    assert record["user"] == me and record["result"] == "ok" and record["code"] == 201, record
    assert record["from"] == "127.0.0.1" and record["name"] == made["id"].split(":")[1], record
    server.expect(200, "PUT", f"/v3/projects/{made['id']}", {"description": "changed"})
    change = audit.one(resource="projects", verb="update")["changes"][0]
    assert {"path": "spec.description", "to": "changed"}.items() <= {
        **change["difference"][0]}.items() or any(
            one["path"] == "spec.description" for one in change["difference"]), change
    # Through kubectl, as somebody else.
    kubectl("create", "configmap", "seen", "--from-literal=colour=red")
    kubectl("patch", "configmap", "seen", "-p", '{"data":{"colour":"blue"}}')
    refused = kubectl("delete", "configmap", "seen", "--as=nobody", check=False)
    assert refused.returncode, refused
    record = audit.one(resource="configmaps", verb="patch", name="seen")
    assert record["changes"][0]["difference"] == [
        {"path": "data.colour", "from": "red", "to": "blue"}], record
    record = audit.one(resource="configmaps", verb="delete", result="refused")
    assert record["user"] == "admin" and record["as"] == "nobody" and record["code"] == 403, record
    assert audit.find(user="nobody") == [record]
    server.ask("DELETE", "/k8s/clusters/c-none/api/v1/namespaces/default")
    record = audit.one(cluster="c-none")
    assert record["verb"] == "delete" and record["resource"] == "namespaces", record


def logins(server, audit):
    assert server.ask("POST", "/v3-public/localProviders/local?action=login",
                      {"username": "admin", "password": f"{CANARY}wrong"}).status == 401
    assert audit.find(verb="login", result="ok")[0]["name"] == "admin"
    assert audit.find(verb="login", result="refused")[0]["user"] == "admin"
    assert server.ask("GET", "/v3/auditlogs", token="token-none:none").status == 401
    assert audit.find(result="refused", limit=1)[0]["path"] == "/v3/auditlogs"
    for bad in ("result=maybe", "limit=some", "since=yesterday", "marker=-1"):
        assert server.ask("GET", f"/v3/auditlogs?{bad}").status == 422, bad


def pages(server, audit):
    first = server.expect(200, "GET", "/v3/auditlogs?limit=3")
    seen = [one["id"] for one in first["data"]]
    second = server.expect(200, "GET", first["pagination"]["next"])
    seen += [one["id"] for one in second["data"]]
    assert len(set(seen)) == 6 and seen == sorted(seen, key=int, reverse=True), seen
    one = server.expect(200, "GET", first["data"][0]["links"]["self"])
    assert one == first["data"][0], one
    assert audit.find(since="2020-01-01T00:00:00Z", until="2020-01-02T00:00:00Z") == []


def plant(server, kubectl, folder):
    """Every place that takes a secret, each with one that can be found again."""
    server.expect(200, "PUT", "/v3/settings/audit-level", {"value": "3"})
    time.sleep(1.2)
    user = server.expect(201, "POST", "/v3/users", {
        "username": "lin", "name": "Lin", "password": f"{CANARY}password"})
    as_lin = server.expect(201, "POST", "/v3-public/localProviders/local?action=login",
                           {"username": "lin", "password": f"{CANARY}password"})["token"]
    planted = [CANARY, as_lin.split(":")[1]]
    server.expect(200, "POST", "/v3/users?action=changepassword",
                  {"currentPassword": f"{CANARY}password", "newPassword": f"{CANARY}changed"},
                  token=as_lin)
    server.expect(200, "POST", f"/v3/users/{user['id']}?action=setpassword",
                  {"newPassword": f"{CANARY}set-anew"})
    for body in ({"newPassword": f"{CANARY}"}, {"newPassword": [f"{CANARY}"]}, f"{CANARY}not json"):
        server.ask("POST", f"/v3/users/{user['id']}?action=setpassword", body)
    made = server.expect(201, "POST", "/v3/tokens", {"description": "for the canaries"})
    planted.append(made["token"].split(":")[1])
    server.expect(200, "GET", "/v3/users?me=true", token=made["token"])
    server.ask("GET", "/v3/users?me=true", token=made["token"] + CANARY)
    config = server.expect(200, "POST", "/v3/clusters/local?action=generateKubeconfig")["config"]
    planted.append(re.search(r"token: \S+:(\S+)", config).group(1))
    server.ask("POST", "/v3/clusters", {
        "name": "handed", "importedConfig": {"kubeConfig": KUBECONFIG}})
    cluster = server.expect(201, "POST", "/v3/clusters", {"name": "joined"})["id"]
    server.expect(201, "POST", "/v3/clusterregistrationtokens", {"clusterId": cluster})

    def joined():
        return server.expect(200, "GET", "/v3/clusterregistrationtokens?clusterId=" + cluster)[
            "data"][0].get("token")
    wait_for("the registration token", joined, 10)
    planted.append(joined())
    server.ask("GET", f"/v3/import/{planted[-1]}_{cluster}.yaml")
    server.ask("GET", f"/v3/import/{planted[-1]}wrong_{cluster}.yaml")
    kubectl("create", "secret", "generic", "planted", f"--from-literal=plain={CANARY}secret")
    planted.append(base64.b64encode(f"{CANARY}secret".encode()).decode())
    kubectl("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "applied"},
        "stringData": {"a": f"{CANARY}applied"}}))
    planted.append(base64.b64encode(f"{CANARY}applied".encode()).decode())
    kubectl("patch", "secret", "planted", "--type=json",
            "-p", json.dumps([{"op": "add", "path": "/stringData",
                               "value": {"b": f"{CANARY}json"}}]))
    kubectl("patch", "secret", "planted", "-p", '{"data":{"a":"%s"}}' % f"{CANARY}bad!", check=False)
    kubectl("create", "-f", "-", check=False, stdin=json.dumps({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "Bad_Name"},
        "data": {"a": f"{CANARY}!!"}}))
    kubectl("create", "token", "default", check=False)
    kubectl("delete", "secret", "planted", "applied")
    for header in ({"Authorization": f"Bearer {CANARY}"}, {"Cookie": f"R_SESS=token-x:{CANARY}"},
                   {"Authorization": "Basic " + base64.b64encode(
                       f"token-x:{CANARY}".encode()).decode()}):
        for path in ("/v3/users", "/api/v1/namespaces", "/k8s/clusters/local/api"):
            server.ask("GET", path, headers=header)
    (folder / "planted.json").write_text(json.dumps(planted))
    return planted


def outputs(server, folder):
    """All that anybody can read: the log, the audit and its index, what was exported, metrics, and
    what the API says of it."""
    texts = {"metrics": server.expect_text("/metrics")}
    texts["the API"] = json.dumps(server.expect(200, "GET", "/v3/auditlogs?limit=1000"))
    for file in [*folder.rglob("*.log"), *(server.data / "audit").iterdir(),
                 folder / "exported.ndjson"]:
        texts[str(file)] = file.read_bytes().decode(errors="replace")
    return texts


def nothing_lets_out(server, folder, planted):
    texts = outputs(server, folder)
    assert len(texts) >= 5 and "lin" in texts["the API"], list(texts)
    for secret in planted:
        for place, text in texts.items():
            at = text.find(secret)
            assert at < 0, f"{secret[:24]} is in {place}: {text[max(0, at - 300):at + 60]!r}"
    # The search itself works: what is no secret is found.
    assert "for the canaries" in texts["the API"]


def chain(server, folder):
    def verify(*more):
        return run(program(), "audit", "verify", f"--data-dir={server.data}", *more, check=False)
    said = verify()
    assert said.returncode == 0 and "as they were written" in said.stdout, said
    last = re.search(r"last hash (\w{64})", said.stdout).group(1)
    server.ask("POST", "/v3/tokens", {"description": "one more"})
    server.expect(200, "GET", "/v3/auditlogs?limit=1")
    assert verify(f"--expect={last}").returncode == 0
    assert verify(f"--expect={'0' * 63}1").returncode == 1
    exported = (folder / "exported.ndjson").read_text().splitlines()
    printed = run(program(), "audit", "export", f"--data-dir={server.data}").stdout.splitlines()
    assert printed == exported, (len(printed), len(exported))
    assert [json.loads(line)["seq"] for line in printed] == list(range(1, len(printed) + 1))
    server.stop()
    server.start()
    server.log_in()
    file = server.data / "audit" / "00000001.ndjson"
    assert verify(f"--expect={last}").returncode == 0
    text = file.read_text()
    file.write_text(text.replace('"verb":"login"', '"verb":"logim"', 1))
    broken = verify()
    assert broken.returncode == 1 and "00000001.ndjson:" in broken.stderr, broken
    file.write_text(text)


def to_syslog(folder):
    """RFC 5424 over UDP to a listener of ours."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5)
        port = listener.getsockname()[1]
        with Paddock(folder / "syslog", flags=[f"--audit-export=syslog:127.0.0.1:{port}"]) as server:
            server.log_in()
            said = listener.recv(65536).decode()
            while '"verb":"login"' not in said:
                said = listener.recv(65536).decode()
            assert re.match(r"<86>1 20\S+Z \S+ paddock - audit - \{.*\}$", said), said
    refused = subprocess.run([program(), "server", f"--data-dir={folder / 'no'}",
                              "--listen=127.0.0.1:0", "--audit-export=carrier:pigeon"],
                             capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode and "carrier:pigeon" in refused.stderr, refused


def main():
    steps = Steps("audit")
    with tempfile.TemporaryDirectory(prefix="pdk-") as name:
        folder = pathlib.Path(name)
        flags = [f"--audit-export=file:{folder / 'exported.ndjson'}", "--log-level=debug"]
        with Paddock(folder / "server", flags=flags) as server:
            server.log_in()
            server.expect_text = lambda path: server.ask("GET", path).body
            audit = Audit(server)

            def kubectl(*args, **options):
                return run(peers_bin() / "kubectl", f"--kubeconfig={server.kubeconfig}", *args,
                           **options)
            steps.do("who did what, as which, from where", who_did_what, server, kubectl, audit)
            steps.do("logins, good and refused", logins, server, audit)
            steps.do("page by page", pages, server, audit)
            planted = steps.do("secrets go in everywhere", plant, server, kubectl, folder)
            steps.do("and come out nowhere", nothing_lets_out, server, folder, planted,
                     needs=("secrets go in everywhere",))
            steps.do("the chain holds, and shows what was changed", chain, server, folder)
        steps.do("to syslog", to_syslog, folder)
    assert PASSWORD
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
