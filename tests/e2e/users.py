#!/usr/bin/env python3
"""Users as they come and go, and `paddock token` as kubectl's credential plugin: the release program,
the real kubectl. Who is deactivated is out of every open stream at once; a kubeconfig without a token
in it logs its owner in, keeps what it got in a file of their own, and asks anew when that has ended.
"""

import json
import os
import pathlib
import pty
import select
import stat
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import peers_bin
from paddock import Paddock, program
from proc import die_with_parent, run, wait_for
from steps import Steps

LIN_PASSWORD = "a long enough one for lin"


class Lin:
    """A user with little: may list namespaces and use the local cluster."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        made = server.expect(201, "POST", "/v3/users",
                             {"username": "lin", "name": "Lin", "password": LIN_PASSWORD})
        self.id = made["id"]
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": {"name": "of-lin"},
                "rules": [{"apiGroups": [""], "resources": ["namespaces"],
                           "verbs": ["get", "list", "watch"]},
                          {"apiGroups": ["management.cattle.io"], "resources": ["clusters"],
                           "resourceNames": ["local"], "verbs": ["get"]}]}
        bound = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                 "metadata": {"name": "of-lin"},
                 "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                             "name": "of-lin"},
                 "subjects": [{"kind": "User", "name": self.id,
                               "apiGroup": "rbac.authorization.k8s.io"}]}
        for one in (role, bound):
            run(peers_bin() / "kubectl", f"--kubeconfig={server.kubeconfig}", "apply", "-f", "-",
                stdin=json.dumps(one))
        tools = folder / "bin"
        tools.mkdir()
        (tools / "paddock").symlink_to(program())
        self.env = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}",
                    "XDG_CONFIG_HOME": str(folder / "config")}
        self.with_password = {**self.env, "PADDOCK_USERNAME": "lin",
                              "PADDOCK_PASSWORD": LIN_PASSWORD}
        self.kubeconfig = folder / "lin.kubeconfig"

    def log_in(self):
        return self.server.expect(
            201, "POST", "/v3-public/localProviders/local?action=login",
            {"username": "lin", "password": LIN_PASSWORD, "responseType": "json"})["token"]

    def enable(self, value):
        self.server.expect(200, "PUT", f"/v3/users/{self.id}", {"enabled": value})

    def kubectl(self, *args, env=None, check=True):
        return run(peers_bin() / "kubectl", f"--kubeconfig={self.kubeconfig}", *args,
                   env=env or self.env, check=check)

    def credential(self):
        files = list((self.folder / "config/paddock/credentials").glob("*.json"))
        assert len(files) == 1, files
        return files[0]


def principals(server, lin):
    """By the ids that have slashes, escaped or not, over the real edge."""
    for path in (f"/v3/principals/local%3A%2F%2F{lin.id}", f"/v3/principals/local://{lin.id}"):
        assert server.expect(200, "GET", path)["loginName"] == "lin"
    found = server.expect(200, "POST", "/v3/principals?action=search", {"name": "LI"})["data"]
    assert [one["id"] for one in found] == [f"local://{lin.id}"], found
    assert server.expect(200, "GET", found[0]["links"]["self"])["name"] == "Lin"
    assert server.ask("GET", "/v3/users/local%2F..%2F").status == 400


def not_oneself(server):
    me = server.expect(200, "GET", "/v3/users?me=true")["data"][0]["id"]
    for answer in (server.ask("DELETE", f"/v3/users/{me}"),
                   server.ask("PUT", f"/v3/users/{me}", {"enabled": False})):
        assert answer.status in (403, 422), answer
    kubectl = [peers_bin() / "kubectl", f"--server={server.url}", "--insecure-skip-tls-verify",
               f"--token={server.token}"]
    for args in (["delete", f"users.management.cattle.io/{me}"],
                 ["patch", f"users.management.cattle.io/{me}", "--type=merge",
                  "-p", '{"enabled":false}'],
                 ["delete", f"clusterrolebinding/globaladmin-{me}"]):
        refused = run(*kubectl, *args, check=False)
        assert refused.returncode != 0 and "cannot" in refused.stderr, (args, refused)
    server.expect(200, "GET", "/v3/users?me=true")


def streams_end(server, lin):
    for how in ("deactivated", "token withdrawn"):
        token = lin.log_in()
        for base in ("", "/k8s/clusters/local"):
            watch = subprocess.Popen(
                [peers_bin() / "kubectl", f"--server={server.url}{base}", f"--token={token}",
                 "--insecure-skip-tls-verify", "get", "--raw",
                 "/api/v1/namespaces?watch=1&resourceVersion=0"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
            try:
                assert watch.stdout.read(10), "the watch said nothing"
                began = time.monotonic()
                if how == "deactivated":
                    lin.enable(False)
                else:
                    server.expect(204, "DELETE", f"/v3/tokens/{token.split(':')[0]}")
                watch.communicate(timeout=5)
                assert time.monotonic() - began < 2, "the stream outlived its user"
            finally:
                watch.kill()
                watch.wait()
            assert server.ask("GET", "/v3/users?me=true", token=token).status == 401
            if how == "deactivated":
                lin.enable(True)
            else:
                token = lin.log_in()


def plugin(server, lin):
    server.expect(200, "PUT", "/v3/settings/kubeconfig-generate-token", {"value": "false"})
    made = server.expect(200, "POST", "/v3/clusters/local?action=generateKubeconfig",
                         token=lin.log_in())
    lin.kubeconfig.write_text(made["config"])
    assert "token:" not in made["config"], made["config"]
    # No password, no terminal: it says what it wants.
    refused = subprocess.run(
        [peers_bin() / "kubectl", f"--kubeconfig={lin.kubeconfig}", "get", "namespaces"],
        env=lin.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
        start_new_session=True, check=False)
    assert refused.returncode and "PADDOCK_PASSWORD" in refused.stderr, refused
    assert "kube-system" in lin.kubectl("get", "namespaces", env=lin.with_password).stdout
    file = lin.credential()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert LIN_PASSWORD not in file.read_text()
    # From the file, without a password.
    assert "kube-system" in lin.kubectl("get", "namespaces").stdout
    kept = json.loads(file.read_text())
    assert kept["expires"], kept
    # Good for that cluster only.
    for path in ("/v3/users?me=true", "/api/v1/namespaces", "/k8s/clusters/c-other/version"):
        assert server.ask("GET", path, token=kept["token"]).status == 401, path
    # Ended: asked for anew.
    ended = {**kept, "expires": "2020-01-01T00:00:00Z"}
    file.write_text(json.dumps(ended))
    assert "kube-system" in lin.kubectl("get", "namespaces", env=lin.with_password).stdout
    fresh = json.loads(file.read_text())
    assert fresh["token"] != kept["token"]
    # Withdrawn at the server: noticed, not repeated for ever.
    server.expect(204, "DELETE", f"/v3/tokens/{fresh['token'].split(':')[0]}")
    assert "kube-system" in lin.kubectl("get", "namespaces", env=lin.with_password).stdout
    # Of a deactivated user nothing works, not even the right password.
    lin.enable(False)
    assert lin.kubectl("get", "namespaces", env=lin.with_password, check=False).returncode
    lin.enable(True)
    # Nobody else may log in for this kubeconfig.
    file.unlink()
    other = lin.kubectl("get", "namespaces", check=False,
                        env={**lin.env, "PADDOCK_USERNAME": "admin",
                             "PADDOCK_PASSWORD": "correct horse battery staple"})
    assert other.returncode and "belongs to" in other.stderr, other


def asks_at_the_terminal(lin):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(str(peers_bin() / "kubectl"),
                  ["kubectl", f"--kubeconfig={lin.kubeconfig}", "get", "namespaces"], lin.env)
    said = ""

    def until(text):
        nonlocal said

        def look():
            nonlocal said
            ready, _, _ = select.select([terminal], [], [], 0.2)
            if ready:
                try:
                    said += os.read(terminal, 4096).decode(errors="replace")
                except OSError:
                    pass
            return text in said
        wait_for(f"{text!r} at the terminal", look, 20, interval_s=0)

    try:
        until("User name: ")
        os.write(terminal, b"lin\n")
        until("Password: ")
        os.write(terminal, LIN_PASSWORD.encode() + b"\n")
        until("kube-system")
        assert LIN_PASSWORD not in said, "the password was shown"
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


def by_checksum(server, lin):
    import hashlib  # pylint: disable=import-outside-toplevel
    summed = hashlib.sha256(server.ask("GET", "/cacerts").body.encode()).hexdigest()
    base = [program(), "token", f"--server={server.url}", f"--user={lin.id}"]
    said = run(*base, f"--ca-checksum={summed}", env=lin.with_password).stdout
    got = json.loads(said)
    assert got["apiVersion"] == "client.authentication.k8s.io/v1" and got["status"]["token"]
    assert got["status"]["expirationTimestamp"]
    wrong = run(*base, f"--ca-checksum={summed[::-1]}", "--cluster=local", env=lin.with_password,
                check=False)
    assert wrong.returncode and "checksum" in wrong.stderr and not wrong.stdout, wrong
    unknown = run(*base, "--cluster=c-one", env=lin.with_password, check=False)
    assert unknown.returncode and not unknown.stdout, "an unknown CA was believed"


def main():
    steps = Steps("users")
    with tempfile.TemporaryDirectory(prefix="pdk-") as name:
        folder = pathlib.Path(name)
        with Paddock(folder / "server") as server:
            server.log_in()
            lin = Lin(server, folder)
            steps.do("principals by ids with slashes, and by search", principals, server, lin)
            steps.do("nobody locks themselves out", not_oneself, server)
            steps.do("streams end with their user and their token", streams_end, server, lin)
            steps.do("paddock token is kubectl's credential plugin", plugin, server, lin)
            steps.do("it asks at the terminal", asks_at_the_terminal, lin)
            steps.do("it trusts by checksum", by_checksum, server, lin)
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
