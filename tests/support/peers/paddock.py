"""The program under test: started on a free port with an own data folder, and asked over HTTPS."""

import http.client
import json
import os
import pathlib
import ssl
import urllib.parse

from proc import Peer, free_port, wait_for

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
PASSWORD = "correct horse battery staple"


def program():
    path = pathlib.Path(os.environ.get("PADDOCK_PROGRAM", CHECKOUT / "build/release/paddock"))
    if not path.exists():
        raise SystemExit(f"{path} is not there: build the release preset first")
    return path


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:1500]!r}"


class Paddock(Peer):
    def __init__(self, directory, address="127.0.0.1", flags=(), port=None):
        self.dir, self.address = pathlib.Path(directory), address
        super().__init__(self.dir)
        self.data, self.flags, self.token = self.dir / "data", list(flags), None
        self.port = port or free_port(address)
        self.url = f"https://{address}:{self.port}"
        self.kubeconfig = self.data / "admin.kubeconfig"
        self.tls = ssl._create_unverified_context()  # pylint: disable=protected-access

    def start(self):
        self.spawn("paddock", [
            program(), "server", f"--data-dir={self.data}",
            f"--listen={self.address}:{self.port}", f"--server-url={self.url}",
            f"--bootstrap-password={PASSWORD}", *self.flags])
        self.wait("paddock's /readyz", lambda: self.ask("GET", "/readyz").status == 200, 20)

    @property
    def daemon(self):
        return self.daemons.get("paddock")

    @daemon.setter
    def daemon(self, daemon):  # started by a test in a way of its own
        self.daemons["paddock"] = daemon

    def stop(self):
        """Gives its exit code."""
        return self.daemon.stop() if self.daemon else None

    def ask(self, method, path, body=None, token=None, headers=None, timeout_s=30):
        """One request; `path` may be a link that an answer gave."""
        if path.startswith("https://"):
            parts = urllib.parse.urlsplit(path)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {"Accept": "application/json", **(headers or {})}
        if token or self.token:
            sent["Authorization"] = f"Bearer {token or self.token}"
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        link = http.client.HTTPSConnection(self.address, self.port, timeout=timeout_s,
                                           context=self.tls)
        try:
            link.request(method, path, body, sent)
            answer = link.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))
        finally:
            link.close()

    def expect(self, status, method, path, body=None, **options):
        """The JSON of an answer that must have this status."""
        answer = self.ask(method, path, body, **options)
        assert answer.status == status, f"{method} {path}: wanted {status}, got {answer}"
        return answer.json if answer.body else None

    def take_in(self, plane, name="far", timeout_s=30):
        """The id of a cluster that is handed over by its kubeconfig, when it is active."""
        cluster = self.expect(201, "POST", "/v3/clusters", {
            "name": name, "importedConfig": {"kubeConfig": plane.admin.read_text()}})["id"]
        wait_for(f"the cluster {name}", lambda: self.expect(
            200, "GET", f"/v3/clusters/{cluster}")["state"] == "active", timeout_s)
        return cluster

    def log_in(self, user="admin", password=PASSWORD):
        got = self.expect(201, "POST", "/v3-public/localProviders/local?action=login",
                          {"username": user, "password": password, "responseType": "json"})
        self.token = got["token"]
        return got
