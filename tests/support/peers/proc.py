"""Daemons for tests: started with a log file, waited for by a named condition, never left over.

A daemon is killed by the kernel when the test that started it ends, however it ends. A wait that
fails says what it waited for, and shows the end of the log of a daemon that stopped meanwhile.
"""

import contextlib
import ctypes
import os
import pathlib
import resource
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class WaitFailed(Exception):
    pass


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def raise_descriptors():
    """As many descriptors as this process and its children may have."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def free_port(address="127.0.0.1"):
    with contextlib.closing(socket.socket()) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Daemon:
    def __init__(self, name, argv, log_path, env=None, cwd=None):
        self.name, self.log_path = name, log_path
        with open(log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(env or {})}, cwd=cwd, preexec_fn=die_with_parent)

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def tail(self, lines=25):
        with open(self.log_path, errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def stop(self, grace_s=5):
        """Asks, waits, then kills; gives the exit code."""
        if self.running():
            self.process.terminate()
            try:
                self.process.wait(grace_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()


def wait_for(what, check, timeout_s=60, daemons=(), interval_s=0.1):
    """Calls check() until it returns something true, and returns that."""
    end, last = time.monotonic() + timeout_s, None
    while time.monotonic() < end:
        for daemon in daemons:
            if not daemon.running():
                raise WaitFailed(f"waiting for {what}: {daemon.name} ended with code "
                                 f"{daemon.process.returncode}\n{daemon.tail()}")
        try:
            last = check()
            if last:
                return last
        except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
            last = error
        time.sleep(interval_s)
    tails = "".join(f"\n--- {d.name}\n{d.tail(12)}" for d in daemons)
    raise WaitFailed(f"{what}: not within {timeout_s} s; last: {last!r}{tails}")


class Peer:
    """What runs as daemons with logs in one folder. As a context it starts them, and stops what was
    started in the end, also where starting fails halfway."""

    def __init__(self, logs):
        self.logs, self.daemons = pathlib.Path(logs), {}
        self.logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        raise NotImplementedError

    def spawn(self, name, argv):
        self.daemons[name] = Daemon(name, argv, self.logs / f"{name}.log")
        return self.daemons[name]

    def wait(self, what, check, timeout_s, *names):
        """wait_for, that also ends when one of these daemons does (none named: any)."""
        daemons = [self.daemons[name] for name in names] or list(self.daemons.values())
        return wait_for(what, check, timeout_s, daemons)

    def stop(self):
        """The last started first."""
        for daemon in reversed(list(self.daemons.values())):
            daemon.stop(3)
        self.daemons.clear()


def run(*argv, stdin=None, timeout_s=60, env=None, check=True):
    """Runs a command to its end and returns the CompletedProcess with text output."""
    done = subprocess.run([str(a) for a in argv], input=stdin, capture_output=True, text=True,
                          timeout=timeout_s, env={**os.environ, **(env or {})}, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(str(a) for a in argv)}\nended with code "
                             f"{done.returncode}\n{done.stdout}{done.stderr}")
    return done
