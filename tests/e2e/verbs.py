"""What people do with a cluster through kubectl, as checks that hold for any way to reach it.

`Verbs` gets a kubeconfig; the same checks run directly against the real cluster first (that proves
the checks), then through Paddock. Streams run once over WebSockets and once over SPDY.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import termios
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import images
from proc import die_with_parent, run, wait_for

SPDY = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"}
WEBSOCKET = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "true", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "true"}
SERVED_BYTES = 4 << 20


def container(name, script, **more):
    return {"name": name, "image": images.BUSYBOX, "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", script], **more}


def pod(name, *containers):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": list(containers)}}


PODS = {"apiVersion": "v1", "kind": "List", "items": [
    pod("ticker", container("main", "i=0; while :; do echo line $i; i=$((i+1)); sleep 0.1; done")),
    pod("reader", container("main", "while read line; do echo got $line; done", stdin=True)),
    pod("web", container("main", "mkdir /www; yes paddock | head -c %d > /www/data; "
                         "exec httpd -f -p 8080 -h /www" % SERVED_BYTES)),
]}


class Stream:
    """A kubectl that goes on: its output is read line by line with a deadline."""

    def __init__(self, argv, env, stdin=None):
        self.process = subprocess.Popen(
            argv, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=env, preexec_fn=die_with_parent)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.seen = ""

    def until(self, pattern, timeout_s=15):
        """Reads until the pattern is in what was said so far; returns its match."""
        def look():
            ready, _, _ = select.select([self.process.stdout], [], [], 0.2)
            if ready:
                self.seen += (self.process.stdout.read() or b"").decode(errors="replace")
            return re.search(pattern, self.seen, re.M)
        try:
            return wait_for(f"/{pattern}/ in a stream", look, timeout_s, interval_s=0)
        except Exception as error:
            raise AssertionError(f"{error}\nstream said: {self.seen[-2000:]!r}") from None

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Verbs:
    def __init__(self, kubectl, kubeconfig, namespace):
        self.base = [str(kubectl), f"--kubeconfig={kubeconfig}", f"--namespace={namespace}"]
        self.namespace = namespace

    def kubectl(self, *args, env=None, **options):
        return run(*self.base, *args, env=env, **options)

    @contextlib.contextmanager
    def stream(self, *args, env=None, stdin=None):
        opened = Stream([*self.base, *args], {**os.environ, **(env or {})}, stdin)
        try:
            yield opened
        finally:
            opened.close()

    # Without a node.

    def objects(self):
        """create, apply, get -w, label, patch, diff, delete: what needs an API server only."""
        self.kubectl("create", "namespace", self.namespace)
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"},
                    "data": {"colour": "green"}}
        with self.stream("get", "configmap", "--watch", "--no-headers",
                         "-o", "jsonpath={.metadata.name}={.data.colour}{\"\\n\"}") as watch:
            text = json.dumps(manifest)
            assert "created" in self.kubectl("apply", "-f", "-", stdin=text).stdout
            watch.until("^settings=green$")
            manifest["data"]["colour"] = "blue"
            differs = self.kubectl("diff", "-f", "-", stdin=json.dumps(manifest), check=False)
            assert differs.returncode == 1 and "+  colour: blue" in differs.stdout, differs
            self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-",
                         stdin=json.dumps(manifest))
            watch.until("^settings=blue$")
            self.kubectl("patch", "configmap", "settings", "-p", '{"data":{"colour":"red"}}')
            watch.until("^settings=red$")
        self.kubectl("label", "configmap", "settings", "team=one")
        listed = self.kubectl("get", "configmap", "-l", "team=one", "-o", "name").stdout
        assert listed.strip() == "configmap/settings", listed
        self.kubectl("delete", "configmap", "settings")
        gone = self.kubectl("get", "configmap", "settings", check=False)
        assert gone.returncode == 1 and "NotFound" in gone.stderr, gone

    # With a node.

    def start_pods(self):
        self.kubectl("apply", "-f", "-", stdin=json.dumps(PODS))
        self.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=90s",
                     timeout_s=100)

    def logs(self):
        def three():
            tail = self.kubectl("logs", "ticker", "--tail=3").stdout.splitlines()
            assert all(re.fullmatch(r"line \d+", line) for line in tail), tail
            return len(tail) == 3
        wait_for("three lines of log", three, 10)
        with self.stream("logs", "ticker", "--follow", "--tail=1") as log:
            first = int(log.until(r"^line (\d+)$").group(1))
            log.until(f"^line {first + 5}$", timeout_s=8)  # streamed, not collected

    def execute(self, env):
        done = self.kubectl("exec", "ticker", "--", "sh", "-c", "echo out; echo err >&2; exit 7",
                            env=env, check=False)
        assert done.returncode == 7, done
        assert done.stdout == "out\n" and done.stderr.startswith("err\n"), done
        sent = "".join(f"{random.getrandbits(512):0128x}\n" for _ in range(8000))
        back = self.kubectl("exec", "-i", "ticker", "--", "cat", stdin=sent, env=env)
        assert back.stdout == sent, f"{len(sent)} bytes sent, {len(back.stdout)} came back"

    def terminal(self, env):
        """exec -it on a real terminal: a prompt, echo, the window's size, and its change."""
        pid, master = pty.fork()
        if pid == 0:
            os.execve(self.base[0], [*self.base, "exec", "-it", "ticker", "--", "sh"],
                      {**os.environ, **env})
        seen = ""

        def until(pattern):
            nonlocal seen
            end = time.monotonic() + 15
            while not (found := re.search(pattern, seen)):
                assert time.monotonic() < end, f"no /{pattern}/ in {seen!r}"
                if select.select([master], [], [], 0.2)[0]:
                    seen += os.read(master, 65536).decode(errors="replace")
            seen = seen[found.end():]

        def resize(rows, columns):
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

        try:
            until(r"[#$] ")
            os.write(master, b"tty; echo a$((40+2))b\n")
            until(r"/dev/pts/\d+\r?\n")
            until("a42b")
            resize(33, 101)
            time.sleep(0.5)
            os.write(master, b"stty size\n")
            until("33 101")
            os.write(master, b"exit 3\n")
            end = time.monotonic() + 10
            while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0):
                assert time.monotonic() < end, "exec -it does not end after exit"
                if select.select([master], [], [], 0.1)[0]:
                    with contextlib.suppress(OSError):
                        os.read(master, 65536)
            assert os.waitstatus_to_exitcode(ended[1]) == 3, ended
        finally:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            os.close(master)

    def copy(self, env, folder):
        there, back = folder / "there", folder / "back"
        there.write_bytes(random.randbytes(3 << 20))
        self.kubectl("cp", there, "ticker:/tmp/copied", env=env)
        digest = self.kubectl("exec", "ticker", "--", "sha256sum", "/tmp/copied", env=env).stdout
        assert digest.split()[0] == hashlib.sha256(there.read_bytes()).hexdigest()
        self.kubectl("cp", "ticker:/tmp/copied", back, env=env)
        assert back.read_bytes() == there.read_bytes()

    def forward(self, env):
        with self.stream("port-forward", "pod/web", ":8080", env=env) as tunnel:
            port = tunnel.until(r"Forwarding from 127.0.0.1:(\d+) -> 8080").group(1)

            def fetch(_):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/data", timeout=30) as answer:
                    return hashlib.sha256(answer.read()).hexdigest()

            want = hashlib.sha256((b"paddock\n" * SERVED_BYTES)[:SERVED_BYTES]).hexdigest()
            with ThreadPoolExecutor(6) as pool:
                assert set(pool.map(fetch, range(12))) == {want}

    def attach(self, env):
        reader, writer = os.pipe()
        with self.stream("attach", "-i", "reader", env=env, stdin=reader) as attached:
            os.close(reader)
            word = f"word{random.randrange(1 << 30)}"
            time.sleep(0.5)
            os.write(writer, f"{word}\n".encode())
            attached.until(f"^got {word}$")
            os.close(writer)

    def streams(self, folder, name, env):
        """Every long-lived verb over one kind of connection."""
        for check in (lambda: self.execute(env), lambda: self.terminal(env),
                      lambda: self.copy(env, folder), lambda: self.forward(env),
                      lambda: self.attach(env)):
            check()
        return name

    def end(self):
        self.kubectl("delete", "namespace", self.namespace, "--timeout=60s", timeout_s=70)
