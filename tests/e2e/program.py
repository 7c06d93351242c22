#!/usr/bin/env python3
"""The program as its owner meets it: one static file, the first start and those after it, health
pages, configuration, certificates, clean ends, and the starts that must be refused with one clear
line: twice on one folder, a taken port, a folder that cannot be, a damaged or newer store.
"""

import json
import pathlib
import re
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from certs import Authority
from control_plane import peers_bin
from paddock import PASSWORD, Paddock, program
from proc import Daemon, free_port, run, wait_for
from steps import Steps


def is_one_static_file():
    linked = run("ldd", program(), check=False)
    said = linked.stdout + linked.stderr
    assert "not a dynamic" in said or "statically linked" in said, said
    assert program().stat().st_size <= 40 << 20, program().stat().st_size


def says_what_it_is():
    assert re.search(r"\d", run(program(), "version").stdout)
    licences = run(program(), "licenses").stdout
    for library in ("OpenSSL", "SQLite", "httplib", "ImGui"):
        assert library.lower() in licences.lower(), f"{library} is not in `paddock licenses`"
    for shell in ("bash", "zsh", "fish"):
        assert "server" in run(program(), "completion", shell).stdout
    for command in ("server", "agent", "version", "licenses", "completion"):
        assert command in run(program(), "--help").stdout
        assert run(program(), command, "--help").stdout
    options = run(program(), "server", "--help").stdout
    for flag in ("data-dir", "listen", "store", "server-url", "tls-cert", "tls-key", "config",
                 "bootstrap-password", "log-level", "log-format"):
        assert f"--{flag}" in options, flag
    wrong = run(program(), "server", "--no-such-flag", check=False)
    assert wrong.returncode != 0 and "no-such-flag" in wrong.stderr, wrong


class Bare:
    """A server without the flags that Paddock (the test class) gives."""

    def __init__(self, folder, *flags, env=None, name="bare"):
        self.log = folder / f"{name}.log"
        self.daemon = Daemon(name, [program(), "server", *flags], self.log, env=env)

    def text(self):
        return self.log.read_text()

    def refuses(self, pattern, timeout_s=10):
        """Ends soon, with a code that is not 0 and one clear line."""
        code = self.daemon.process.wait(timeout_s)
        lines = [line for line in self.text().splitlines() if line.strip()]
        assert code > 0, f"code {code}: {self.text()}"
        assert re.search(pattern, self.text(), re.I), f"no /{pattern}/ in {self.text()}"
        assert len(lines) <= 3, f"not one clear line: {self.text()}"


def first_and_second_start(folder):
    server = Paddock(folder)  # only for its ask(): the process is started without a password
    flags = [f"--data-dir={server.data}", f"--listen=127.0.0.1:{server.port}"]
    first = Bare(folder, *flags, name="first")
    server.daemon = first.daemon

    def ready():
        return server.ask("GET", "/readyz").status == 200

    wait_for("the first start", ready, 10, [first.daemon])
    wait_for("the greeting", lambda: "password" in first.text(), 5, [first.daemon])
    assert stat.S_IMODE(server.kubeconfig.stat().st_mode) == 0o600
    assert re.search(rf"https://\S+:{server.port}", first.text()), first.text()
    words = re.findall(r"password\S*[:=]?\s+(\S+)|password=(\S+)", first.text())
    tried = {word.strip("\"'.,") for pair in words for word in pair if word}
    answers = {word: server.ask("POST", "/v3-public/localProviders/local?action=login",
                                {"username": "admin", "password": word}) for word in tried}
    good = [word for word, answer in answers.items() if answer.status == 201]
    assert len(good) == 1, f"no printed password logs in: {answers}\n{first.text()}"
    server.log_in(password=good[0])
    me = server.expect(200, "GET", "/v3/users?me=true")["data"][0]
    assert me["username"] == "admin" and me["mustChangePassword"] is True, me
    assert first.daemon.stop(5) == 0
    second = Bare(folder, *flags, name="second")
    server.daemon = second.daemon
    wait_for("the second start", ready, 10, [second.daemon])
    assert good[0] not in second.text()
    server.log_in(password=good[0])
    assert second.daemon.stop(5) == 0


def ready_is_ready(folder):
    """Whoever waited for /readyz of a new store may log in: no first instant without anybody."""
    for i in range(10):
        server = Paddock(folder / str(i))
        flags = [f"--data-dir={server.data}", f"--listen=127.0.0.1:{server.port}",
                 f"--bootstrap-password={PASSWORD}"]
        # In memory the other first objects take no time, so that the administrator comes last.
        bare = Bare(server.dir, *flags, *(["--store=memory"] if i % 2 else []), name="ready")
        server.daemon = bare.daemon
        wait_for("readiness", lambda s=server: s.ask("GET", "/readyz").status == 200, 10,
                 [bare.daemon], interval_s=0.001)
        server.log_in()
        server.expect(200, "GET", "/v3/users?me=true")
        assert bare.daemon.stop(5) == 0


def health_pages(server):
    for path, body in (("/ping", "pong"), ("/healthz", "ok"), ("/livez", "ok"), ("/readyz", "ok")):
        answer = server.ask("GET", path)
        assert answer.status == 200 and answer.body.strip() == body, (path, answer)
    assert server.expect(200, "GET", "/version")["major"] == "1"
    server.log_in()
    assert server.ask("GET", "/metrics", token="token-no:body").status == 401
    metrics = server.ask("GET", "/metrics", headers={"Accept": "text/plain"})
    assert metrics.status == 200 and "# TYPE" in metrics.body, metrics
    assert "BEGIN CERTIFICATE" in server.ask("GET", "/cacerts").body


def admin_kubeconfig(server):
    done = run(peers_bin() / "kubectl", f"--kubeconfig={server.kubeconfig}",
               "auth", "can-i", "*", "*")
    assert done.stdout.strip() == "yes", done


def one_data_folder_one_server(server, folder):
    Bare(folder, f"--data-dir={server.data}", f"--listen=127.0.0.1:{free_port()}",
         name="twice").refuses("already|in use|using|locked|another")
    assert server.ask("GET", "/readyz").status == 200


def one_port_one_server(server, folder):
    Bare(folder, f"--data-dir={folder / 'other'}", f"--listen=127.0.0.1:{server.port}",
         name="port").refuses(f"{server.port}.*in use|in use.*{server.port}|address already")


def impossible_folder(folder):
    (folder / "file").write_text("not a folder")
    Bare(folder, f"--data-dir={folder / 'file' / 'data'}", f"--listen=127.0.0.1:{free_port()}",
         name="folder").refuses(re.escape(str(folder / "file" / "data")))


def store_file(data):
    files = [f for f in data.rglob("*") if f.is_file() and f.read_bytes()[:6] == b"SQLite"]
    assert len(files) == 1, files
    return files[0]


def newer_store(folder):
    with Paddock(folder / "newer") as server:
        pass
    file = store_file(server.data)
    with sqlite3.connect(file) as database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        assert version > 0, "the store keeps its version in PRAGMA user_version"
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute(f"PRAGMA user_version = {version + 1000}")
    database.close()
    before = file.read_bytes()
    Bare(folder, f"--data-dir={server.data}", f"--listen=127.0.0.1:{server.port}",
         name="newer").refuses("newer")
    assert file.read_bytes() == before, "a refused store was changed"


def damaged_store(folder):
    with Paddock(folder / "damaged") as server:
        server.log_in()
    file = store_file(server.data)
    file.write_bytes(b"\0" * 4096 + file.read_bytes()[4096:])
    before = file.read_bytes()
    Bare(folder, f"--data-dir={server.data}", f"--listen=127.0.0.1:{server.port}",
         name="damaged").refuses("damage|corrupt|not a|malformed")
    assert file.read_bytes() == before, "a damaged store was changed"


def ends_in_time(folder):
    """SIGTERM and SIGINT, with a watch open and a connection idle."""
    for number in (signal.SIGTERM, signal.SIGINT):
        with Paddock(folder / f"end{number}") as server:
            server.log_in()
            tls = server.tls.wrap_socket(socket.create_connection((server.address, server.port)))
            tls.sendall(b"GET /api/v1/configmaps?watch=1 HTTP/1.1\r\nHost: x\r\n"
                        b"Authorization: Bearer " + server.token.encode() + b"\r\n\r\n")
            assert b"200" in tls.recv(4096)
            with socket.create_connection((server.address, server.port)):
                begun = time.monotonic()
                server.daemon.process.send_signal(number)
                code = server.daemon.process.wait(6)
            assert code == 0 and time.monotonic() - begun < 5, (number, code)
            tls.close()


def configuration(folder):
    """A flag beats the environment, which beats the file."""
    ports = [free_port() for _ in range(3)]
    config = folder / "config.yaml"
    config.write_text(f"data-dir: {folder / 'configured'}\nlisten: 127.0.0.1:{ports[0]}\n"
                      f"bootstrap-password: {PASSWORD}\nlog-format: json\n")
    for port, env, flags in (
            (ports[0], {}, []), (ports[1], {"PADDOCK_LISTEN": f"127.0.0.1:{ports[1]}"}, []),
            (ports[2], {"PADDOCK_LISTEN": "127.0.0.1:1"}, [f"--listen=127.0.0.1:{ports[2]}"])):
        server = Paddock(folder / "configured-ask", port=port)
        bare = Bare(folder, f"--config={config}", *flags, env=env, name=f"config{port}")
        server.daemon = bare.daemon
        wait_for("a configured server", lambda s=server: s.ask("GET", "/readyz").status == 200, 10,
                 [bare.daemon])
        server.log_in()
        assert bare.daemon.stop(5) == 0
        logged = [line for line in bare.text().splitlines() if line.startswith("{")]
        assert logged and all(json.loads(line)["message"] for line in logged), bare.text()[:800]
    config.write_text("no-such-option: 1\n")
    Bare(folder, f"--config={config}", name="config-wrong").refuses("no-such-option")


def peer_certificate(server):
    with socket.create_connection((server.address, server.port)) as link:
        with server.tls.wrap_socket(link, server_hostname="localhost") as tls:
            return ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))


def given_certificate(folder):
    """--tls-cert is used, and read again when the file changes, without a restart."""
    authority = Authority(folder / "pki")
    names = ["DNS:localhost", "IP:127.0.0.1"]
    cert, key = authority.issue("given", "localhost", sans=names)
    with Paddock(folder / "given", flags=[f"--tls-cert={cert}", f"--tls-key={key}"]) as server:
        first = peer_certificate(server)
        assert first.strip() in cert.read_text()
        authority.issue("given", "localhost", sans=names)
        wait_for("the new certificate", lambda: peer_certificate(server) != first, 75)
        assert peer_certificate(server).strip() in cert.read_text()


def sessions(server):
    """Login, who am I, tokens that end at once, cookies with their guard, one answer to guesses."""
    server.log_in()
    assert server.expect(200, "GET", "/v3/users?me=true")["data"][0]["username"] == "admin"
    assert server.ask("GET", "/v3/clusters", token="token-none:secret").status == 401
    made = server.expect(201, "POST", "/v3/tokens", {"type": "token", "description": "once"})
    secret = made["token"]
    assert server.ask("GET", "/v3/users?me=true", token=secret).status == 200
    read = server.expect(200, "GET", f"/v3/tokens/{made['id']}")
    assert secret.split(":")[1] not in str(read), "a secret is shown twice"
    assert server.ask("DELETE", f"/v3/tokens/{made['id']}").status in (200, 204)
    assert server.ask("GET", "/v3/users?me=true", token=secret).status == 401
    path = "/v3-public/localProviders/local?action=login"
    answer = server.ask("POST", path, {"username": "admin", "password": PASSWORD,
                                       "responseType": "cookie"})
    cookie = next(v.split(";")[0] for k, v in answer.headers.items()
                  if k.lower() == "set-cookie" and v.startswith("R_SESS="))
    flags = next(v for v in answer.headers.get_all("Set-Cookie") if v.startswith("R_SESS="))
    assert "HttpOnly" in flags and "Secure" in flags, flags
    kept, server.token = server.token, None
    browser = {"Cookie": cookie, "User-Agent": "Mozilla/5.0", "Content-Type": "application/json"}
    assert server.ask("GET", "/v3/users?me=true", headers=browser).status == 200
    denied = server.ask("POST", "/v3/tokens", {"type": "token"}, headers=browser)
    assert denied.status in (401, 403, 422), denied
    browser["Cookie"] += "; CSRF=abcdef"
    allowed = server.ask("POST", "/v3/tokens", {"type": "token"},
                         headers={**browser, "X-API-CSRF": "abcdef"})
    assert allowed.status == 201, allowed
    guesses = [server.ask("POST", path, {"username": user, "password": "wrong"})
               for user in ("admin", "nobody")]
    assert [g.status for g in guesses] == [401, 401], guesses
    assert guesses[0].json["message"] == guesses[1].json["message"], guesses
    server.token = kept


def guessing_is_slowed(folder):
    with Paddock(folder / "guess") as server:
        for _ in range(60):
            answer = server.ask("POST", "/v3-public/localProviders/local?action=login",
                                {"username": "admin", "password": "wrong"})
            if answer.status == 429:
                assert int(answer.headers["Retry-After"]) >= 1, answer.headers
                return
        raise AssertionError("60 wrong passwords, and no 429")


def main():
    subprocess.run([program(), "version"], check=True, stdout=subprocess.DEVNULL)
    steps = Steps("program")
    with tempfile.TemporaryDirectory(prefix="pdk-") as name:
        folder = pathlib.Path(name)
        steps.do("one static file of at most 40 MB", is_one_static_file)
        steps.do("version, licenses, completion, --help", says_what_it_is)
        steps.do("first start prints a password, the second starts at once",
                 first_and_second_start, folder / "first")
        steps.do("ready: the administrator may log in", ready_is_ready, folder / "ready")
        with Paddock(folder / "server") as server:
            steps.do("/ping /healthz /livez /readyz /version /metrics /cacerts", health_pages,
                     server)
            steps.do("admin.kubeconfig is cluster-admin", admin_kubeconfig, server)
            steps.do("login, tokens, cookies, CSRF", sessions, server)
            steps.do("a second server on one data folder is refused", one_data_folder_one_server,
                     server, folder)
            steps.do("a taken port is refused", one_port_one_server, server, folder)
        steps.do("a data folder that cannot be is refused", impossible_folder, folder)
        steps.do("a store of a newer version is refused", newer_store, folder)
        steps.do("a damaged store is refused", damaged_store, folder)
        steps.do("SIGTERM and SIGINT end it in under 5 s", ends_in_time, folder)
        steps.do("flags, environment, file", configuration, folder)
        steps.do("a given certificate is reloaded", given_certificate, folder)
        steps.do("guessing a password is slowed down", guessing_is_slowed, folder)
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
