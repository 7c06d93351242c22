#!/usr/bin/env python3
"""The program killed at places with a name (storage/base/failpoints.inc), and on a disk that fails,
hangs or answers late: what was acknowledged is there, what was half done is finished or undone.
"""

import os
import pathlib
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support" / "peers"))

# pylint: disable=wrong-import-position
from paddock import PASSWORD, Paddock, program
from proc import Daemon, wait_for
from steps import Steps

LOGIN = "/v3-public/localProviders/local?action=login"


def start(server, name, env=None, ready=True):
    server.daemon = Daemon(name, [
        program(), "server", f"--data-dir={server.data}", f"--listen=127.0.0.1:{server.port}",
        f"--bootstrap-password={PASSWORD}"], server.dir / f"{name}.log", env=env)
    if ready:
        wait_for("readiness", lambda: server.ask("GET", "/readyz").status == 200, 20,
                 [server.daemon], interval_s=0.02)


def killed_itself(server):
    code = server.daemon.process.wait(20)
    assert code == -signal.SIGKILL, (code, server.daemon.tail())


def between_user_and_rights(folder):
    """A first start that ends after the user and before its binding leaves no admin without rights."""
    server = Paddock(folder)
    start(server, "first", {"PADDOCK_FAILPOINT": "administrator_written"}, ready=False)
    killed_itself(server)
    start(server, "second")
    server.log_in()
    assert server.expect(200, "GET", "/v3/users")["data"]
    server.expect(201, "POST", "/v3/clusters", {"type": "cluster", "name": "mine"})
    assert len(server.expect(200, "GET", "/v3/users")["data"]) == 1
    assert server.daemon.stop() == 0


def tokens_are_whole(folder):
    """Killed when a token has been written and nobody told: those that were told work, and the
    other one is a whole token that its owner sees and can withdraw."""
    server = Paddock(folder)
    start(server, "first", {"PADDOCK_FAILPOINT": "token_written:5"})
    told = []
    for _ in range(5):
        try:
            told.append(server.log_in()["token"])
        except (OSError, ValueError):
            break
    killed_itself(server)
    assert len(told) == 4, told
    start(server, "second")
    for token in told:
        assert server.ask("GET", "/v3/users?me=true", token=token).status == 200
    server.token = told[0]
    tokens = server.expect(200, "GET", "/v3/tokens")["data"]
    assert len(tokens) == 5, tokens
    for one in tokens:
        assert one["userId"] and one["authProvider"] == "local", one
    untold = {one["id"] for one in tokens} - {token.split(":")[0] for token in told}
    assert server.ask("DELETE", f"/v3/tokens/{untold.pop()}").status in (200, 204)
    assert server.daemon.stop() == 0


def make_map(server, name):
    return server.ask("POST", "/api/v1/namespaces/default/configmaps",
                      {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})


class Disk:
    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "disk"
        self.env = {"LD_PRELOAD": os.environ["PADDOCK_SYNC_SHIM"], "PADDOCK_DISK": str(self.file)}

    def says(self, word):
        self.file.write_text(word)


def failed_sync_ends_it(folder):
    """A sync that failed is never tried again: one clear line, an exit code, and a start that
    reads from the disk what is true."""
    disk, server = Disk(folder), Paddock(folder)
    start(server, "first", disk.env)
    server.log_in()
    made = [f"m-{i}" for i in range(20) if make_map(server, f"m-{i}").status == 201]
    assert len(made) == 20
    disk.says("fail")
    try:
        answer = make_map(server, "lost")
        assert answer.status in (500, 503, 504), answer
    except OSError:
        pass
    code = server.daemon.process.wait(10)
    lines = [line for line in (folder / "first.log").read_text().splitlines()
             if "the store has failed; this process ends" in line]
    assert code == 1 and len(lines) == 1, (code, server.daemon.tail())
    disk.says("")
    start(server, "second", disk.env)
    server.log_in()
    for name in made:
        server.expect(200, "GET", f"/api/v1/namespaces/default/configmaps/{name}")
    assert make_map(server, "afterwards").status == 201
    assert server.daemon.stop() == 0


def hanging_sync_is_told(folder):
    """A disk that does not answer: reads go on, /readyz and the log say it, and it ends by itself."""
    disk, server = Disk(folder), Paddock(folder)
    start(server, "first", disk.env)
    server.log_in()
    metrics = server.ask("GET", "/metrics", headers={"Accept": "text/plain"}).body
    assert 'paddock_store_sync_seconds_bucket{le="+Inf"}' in metrics, metrics[:2000]
    disk.says("hang")
    pid = os.fork()
    if pid == 0:
        os._exit(0 if make_map(server, "late").status == 201 else 1)
    begun = time.monotonic()
    wait_for("not being ready", lambda: server.ask("GET", "/readyz").status == 500, 15,
             [server.daemon])
    assert 4 < time.monotonic() - begun < 9, time.monotonic() - begun
    assert "[-]disk failed" in server.ask("GET", "/readyz").body
    assert server.ask("GET", "/livez").status == 200
    server.expect(200, "GET", "/api/v1/namespaces/default")
    wait_for("the log", lambda: "the disk does not answer" in server.daemon.tail(200), 5)
    disk.says("")
    wait_for("being ready again", lambda: server.ask("GET", "/readyz").status == 200, 5,
             [server.daemon])
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    wait_for("the log", lambda: "the disk answers again" in server.daemon.tail(200), 5)
    assert server.daemon.stop() == 0


def main():
    steps = Steps("program_crash")
    with tempfile.TemporaryDirectory(prefix="pdk-") as name:
        folder = pathlib.Path(name)
        steps.do("killed between the administrator and its rights", between_user_and_rights,
                 folder / "rights")
        steps.do("killed when a token has been written", tokens_are_whole, folder / "tokens")
        steps.do("a failed sync ends the process, once", failed_sync_ends_it, folder / "fail")
        steps.do("a sync that hangs is told", hanging_sync_is_told, folder / "hang")
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
