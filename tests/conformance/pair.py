"""The same kubectl command against a real kube-apiserver (the oracle) and against Paddock's
embedded API, compared after taking out what must differ: uids, times, revisions, addresses, ages.
"""

import contextlib
import difflib
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

NORMAL = [(re.compile(pattern, re.M), text) for pattern, text in (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}", "TIME"),
    # kubectl logs a watch of its own that was younger than a second when it gave up: its clock, not
    # the server's word.
    (r"^[EWI]\d{4} \S+ +\d+ reflector\.go:\d+\] .*very short watch.*\n", ""),
    (r"^[EWI]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ ", "LOG "),
    (r'(resourceVersion"?: ?"?|Resource Version: +)\d+', r"\1RV"),
    (r"https://127\.0\.0\.1:\d+", "SERVER"),
    (r"/tmp/(LIVE|MERGED|kubectl-edit)-\d+\S*", r"\1"),
    (r"<(unknown|invalid)>", "AGE"),
    (r"(?<![\w.-])(\d+d)?(\d+h)?(\d+m)?\d+(ms|s|m|h|d)( ago)?(?![\w.-])", "AGE"),
    (r"[ \t]+$", ""),
    # What is the same fault in the words of Go's libraries, and in ours.
    (r"json: cannot unmarshal .*|data\S*: Invalid value: \S+ \S+ in body must be .*", "TYPE"),
    (r"error decoding patch: .*|a merge patch is an object.*|a JSON patch is a .*", "NO PATCH"),
    (r"(data\S+: )?illegal base64 data.*", "NO BASE64"),
    (r"(continue key is not valid:).*", r"\1 NO JSON"),
    (r"(due to an error in our request): .*", r"\1"),
    (r"StorageError: invalid object, Code: 4, .*AdditionalErrorMsg: ", ""),
)]


class Known:
    """A line of known.txt: only these lines of only this command may differ."""

    def __init__(self, line):
        self.section, self.part, lines, self.reason = [x.strip() for x in line.split(" | ", 3)]
        self.lines, self.met = re.compile(lines), False

    def covers(self, section, command, difference):
        lines = [line for line in difference.splitlines()
                 if line[:1] in "+-" and not line.startswith(("+++ ", "--- "))]
        return (self.section == section and self.part in command and bool(lines)
                and all(self.lines.fullmatch(line) for line in lines))


def _known():
    lines = (pathlib.Path(__file__).parent / "known.txt").read_text().splitlines()
    return [Known(line) for line in lines if line.strip() and not line.startswith("#")]


def _sorted_json(text):
    """A line a field, so that a difference is readable; of a watch a line an event."""
    with contextlib.suppress(ValueError):
        return json.dumps(json.loads(text), indent=1, sort_keys=True)
    with contextlib.suppress(ValueError):
        return "\n".join(json.dumps(json.loads(line), sort_keys=True)
                         for line in text.splitlines())
    return text


def normal(text, more=()):
    if text.startswith("{"):
        text = _sorted_json(text)
    for pattern, by in NORMAL:
        text = pattern.sub(by, text)
    for pattern, by in more:
        text = re.sub(pattern, by, text, flags=re.M)
    # Columns are as wide as the widest age: squeeze runs of blanks inside lines.
    return re.sub(r"(?<=\S)[ \t]+", " ", text)


class Side:
    def __init__(self, name, kubectl, kubeconfig):
        self.name, self.base = name, [str(kubectl), f"--kubeconfig={kubeconfig}"]

    def run(self, args, stdin, env, timeout_s):
        try:
            done = subprocess.run([*self.base, *args], input=stdin, capture_output=True, text=True,
                                  timeout=timeout_s, env={**os.environ, **env}, check=False)
            return done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired as late:
            said = (late.stdout or b"").decode(errors="replace")
            return "timeout", said, f"still running after {timeout_s} s"


class Pair:
    """What differed is kept in `failures`, except where known.txt says why just these lines may
    differ; a section goes on after a difference."""

    def __init__(self, kubectl, oracle, subject):
        self.sides = [Side("kube-apiserver", kubectl, oracle), Side("paddock", kubectl, subject)]
        self.threads = ThreadPoolExecutor(2)
        self.failures, self.known, self.compared, self.section = [], _known(), 0, ""

    def both(self, command, stdin=None, env=None, timeout_s=30):
        args = shlex.split(command) if isinstance(command, str) else command
        tasks = [self.threads.submit(side.run, args, stdin, env or {}, timeout_s)
                 for side in self.sides]
        return [task.result() for task in tasks]

    def k(self, command, stdin=None, code=None, more=(), env=None, lines=None, timeout_s=30):
        """Runs on both and compares. `code`: what the oracle must end with, to keep the scenario
        honest. `more`: further (pattern, text) to take out. `lines`: keep only lines that match.
        """
        oracle, subject = self.both(command, stdin, env, timeout_s)
        self.compared += 1
        shown = []
        for ended, out, err in (oracle, subject):
            text = f"code {ended}\n{normal(out, more)}{normal(err, more)}"
            if lines:
                text = "\n".join(x for x in text.split("\n") if re.search(lines, x))
            shown.append(text.splitlines())
        if code is not None and oracle[0] != code:
            self.fail(command, f"the oracle ended with {oracle[0]}, not {code}: {oracle[1:]}")
        elif shown[0] != shown[1]:
            self.fail(command, "\n".join(difflib.unified_diff(
                shown[0], shown[1], "kube-apiserver", "paddock", n=1, lineterm="")))
        return subject

    def fail(self, command, text):
        shown = command if isinstance(command, str) else " ".join(command)
        for known in self.known:
            if known.covers(self.section, shown, text):
                known.met = True
                print(f"KNOWN   [{self.section}] kubectl {shown[:120]}: {known.reason}",
                      flush=True)
                return
        self.failures.append((self.section, command))
        print(f"DIFFERS [{self.section}] kubectl {shown[:200]}\n    "
              + text[:4000].replace("\n", "\n    "), flush=True)

    def check(self, what, good, text=""):
        """A rule for Paddock alone, where the oracle has nothing to say."""
        self.compared += 1
        if not good:
            self.fail(what, str(text))

    def watched(self, watch, act, settle_s=1):
        """Runs `kubectl WATCH` on both while act() happens; compares what they printed."""
        files, running = [], []
        for side in self.sides:
            out = tempfile.TemporaryFile("w+")
            files.append(out)
            running.append(subprocess.Popen([*side.base, *shlex.split(watch)], stdout=out,
                                            stderr=subprocess.STDOUT))
        time.sleep(settle_s)
        act()
        time.sleep(settle_s)
        shown = []
        for process, out in zip(running, files):
            process.terminate()
            process.wait()
            out.seek(0)
            shown.append(normal(out.read()).splitlines())
            out.close()
        self.compared += 1
        if shown[0] != shown[1] or not shown[0]:
            self.fail(watch, "\n".join(difflib.unified_diff(
                shown[0], shown[1], "kube-apiserver", "paddock", lineterm="")) or "nothing seen")
