#!/usr/bin/env python3
"""The measures of scripts/bench: the management API; then the Kubernetes API, first of one side, then
of the other, never of both at once; then the proxy, which needs both. Talks to loopback only, keeps all data in one folder that goes away,
and stops by itself. Prints the report, or writes it into docs/benchmarks.md.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support" / "peers"))

# pylint: disable=wrong-import-position
import report
from management import Management
from proc import wait_for
from sides import KubeSide, PaddockSide, load

SPACE, MORE, ONE, WATCHED = "bench", "more", "one", "watched"


class Plan:
    """How much: bounded in count and in time, the same for both sides."""
    def __init__(self, quick):
        self.quick = quick
        self.starts = 1 if quick else 3
        self.settle_s = 3 if quick else 8
        self.seconds = 2.5 if quick else 5  # of each rate
        self.few, self.many = 10_000, 20_000 if quick else 100_000
        self.watchers, self.crowd = 1_000, 2_000 if quick else 10_000
        self.silent, self.beside = 200, 100
        self.slow_s = 6 if quick else 12
        self.crowd_events = 10 if quick else 20
        self.projects, self.nodes = (1_000, 500) if quick else (10_000, 5_000)
        self.made = 10 if quick else 30  # projects, one after the other


def say(text):
    print(f"bench: {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def namespaces(side):
    for name in (SPACE, MORE, ONE, WATCHED):
        body = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        side.post("/api/v1/namespaces", body)


def create_exactly(side, space, start, count, limit_s, connections=16):
    """Creates `count` objects; what it measured."""
    got = side.load("create", space=space, count=count, connections=connections, seconds=limit_s,
                    limit_s=limit_s + 60, **{"from": start})
    if got["times"]["done"] != count:
        raise SystemExit(f"{side.name}: only {got['times']['done']} of {count} in {limit_s} s")
    return got


def measure_starts(side_class, folder, plan):
    """Starts on empty folders; the last one goes on running."""
    times = []
    for number in range(plan.starts):
        side = side_class(folder / f"{side_class.__name__}-{number}")
        try:
            times.append(side.start())
        except BaseException:
            side.stop()
            raise
        if number + 1 < plan.starts:
            side.stop()
    return side, {"ready_empty": {"ms": statistics.median(times), "all": times}}


def measure_requests(side, plan, out):
    create_exactly(side, SPACE, 0, plan.few, 90)
    time.sleep(plan.settle_s)
    out["rss_few"] = side.rss_mib()
    for verb in ("get", "update"):
        out[verb] = side.load(verb, space=SPACE, objects=plan.few, connections=16,
                              seconds=plan.seconds)
        say(f"{side.name}: {verb} {out[verb]['times']['per_second']:.0f}/s")
    out["list"] = side.load("list", space=SPACE, seconds=plan.seconds, times=20)
    out["pages"] = side.load("list", space=SPACE, page=500, seconds=plan.seconds, times=20)
    say(f"{side.name}: list {out['list']['times']['p50_ms']:.0f} ms, "
        f"pages {out['pages']['times']['p50_ms']:.0f} ms")
    room = (plan.many - plan.few) * 3 // 4
    out["create"] = side.load("create", space=MORE, connections=16, count=room,
                              seconds=plan.seconds)
    out["create_one"] = side.load("create", space=ONE, connections=1, count=room // 4,
                                  seconds=plan.seconds)
    say(f"{side.name}: create {out['create']['times']['per_second']:.0f}/s, "
        f"at 1 connection {out['create_one']['times']['per_second']:.0f}/s")
    return plan.few + out["create"]["times"]["done"] + out["create_one"]["times"]["done"]


def measure_watches(side, plan, out):
    out["watch"] = side.load("watch", space=WATCHED, watchers=plan.watchers, window=16,
                             events=20_000, seconds=plan.seconds, limit=plan.seconds + 20)
    watched = out["watch"]
    out["watch_per_s"] = watched["delivered"] / watched["seconds"]
    say(f"{side.name}: {plan.watchers} watchers, {out['watch_per_s']:.0f} events/s")
    out["crowd"] = side.load("watch", space=WATCHED, watchers=plan.crowd, window=1,
                             events=plan.crowd_events, rate=4, seconds=20, limit=40)
    say(f"{side.name}: {plan.crowd} watchers, all after {out['crowd']['all']['p50_ms']:.0f} ms")
    for name, silent in (("calm", 0), ("beside", plan.silent)):
        out[name] = side.load("watch", space=WATCHED, watchers=plan.beside, silent=silent,
                              window=0, rate=50, events=int(50 * plan.slow_s), value=8192,
                              seconds=plan.slow_s + 5, limit=plan.slow_s + 25)
    say(f"{side.name}: beside {plan.silent} that never read, p99 "
        f"{out['beside']['each']['p99_ms']:.1f} ms")


def measure(side_class, folder, plan):
    out = {"disk": load("fsync", dir=folder, seconds=2)}
    side, starts = measure_starts(side_class, folder, plan)
    out.update(starts)
    try:
        say(f"{side.name}: ready in {out['ready_empty']['ms']:.0f} ms")
        time.sleep(plan.settle_s)
        out["rss_idle"] = side.rss_mib()
        namespaces(side)
        made = measure_requests(side, plan, out)
        create_exactly(side, MORE, plan.many * 2, plan.many - made, 300, connections=64)
        time.sleep(plan.settle_s)
        out["rss_many"] = side.rss_mib()
        measure_watches(side, plan, out)
        side.stop()
        out["ready_many"] = {"ms": side.start()}
        say(f"{side.name}: {plan.many} objects: {out['rss_many']:.0f} MiB, ready again in "
            f"{out['ready_many']['ms']:.0f} ms")
    except BaseException:
        side.stop()
        raise
    return side, out


def measure_proxy(paddock, kube, plan):
    server = paddock.server
    server.log_in()
    made = server.expect(201, "POST", "/v3/clusters", {
        "type": "cluster", "name": "bench",
        "importedConfig": {"kubeConfig": kube.plane.admin.read_text()}})

    def active():
        found = server.expect(200, "GET", f"/v3/clusters/{made['id']}")
        if found["state"] != "active":
            raise ValueError(f"{found['state']}: {found.get('transitioningMessage')}")
        return True
    wait_for("the imported cluster to be active", active, 60)
    got = kube.load("pair", space=SPACE, seconds=plan.seconds * 2, other_target=paddock.port,
                    other_prefix=f"/k8s/clusters/{made['id']}", other_bearer=server.token)
    return {"direct": got["one"], "proxied": got["other"]}


def measure_management(folder, plan):
    side = PaddockSide(folder / "management")
    side.start()
    try:
        return Management(side, plan, say).measure()
    finally:
        side.stop()


def ceiling(plan, sizes):
    """What the generator does against a server that does nothing."""
    return {
        "get": load("get", connections=16, seconds=plan.seconds),
        "list": load("list", seconds=plan.seconds, times=20, list_bytes=sizes["list"]),
        "watch": load("watch", watchers=plan.watchers, window=16, events=20_000,
                      seconds=plan.seconds, limit=plan.seconds + 20),
        "crowd": load("watch", watchers=plan.crowd, window=1, events=plan.crowd_events, rate=4,
                      seconds=20, limit=40)}


def run_all(folder, plan, parts):
    begun = time.monotonic()
    results, sides = {"plan": vars(plan), "load_average": os.getloadavg()}, {}
    if "management" in parts:
        results["management"] = measure_management(folder, plan)
    if "kubernetes" in parts:
        measure_sides(folder, plan, results, sides)
    results["took_s"] = time.monotonic() - begun
    return results


def measure_sides(folder, plan, results, sides):
    try:
        for name, side_class in (("paddock", PaddockSide), ("kube", KubeSide)):
            sides[name], results[name] = measure(side_class, folder, plan)
            if name == "paddock":
                sides[name].stop()
        sides["paddock"].start()
        results["proxy"] = measure_proxy(sides["paddock"], sides["kube"], plan)
    finally:
        for side in sides.values():
            side.stop()
    say("the generator's own ceiling")
    results["ceiling"] = ceiling(plan, {"list": results["paddock"]["list"]["bytes"]})


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="fewer objects and watchers, shorter; under four minutes")
    parser.add_argument("--write", action="store_true",
                        help="put the report into docs/benchmarks.md instead of printing it")
    parser.add_argument("--part", choices=["kubernetes", "management"],
                        help="measure only this part of it")
    parser.add_argument("--json", help="write every figure into this file too")
    parser.add_argument("--dir", help="where the stores lie (default: the temporary folder)")
    options = parser.parse_args()
    plan = Plan(options.quick)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.dir) as folder:
        parts = [options.part] if options.part else ["management", "kubernetes"]
        results = run_all(pathlib.Path(folder), plan, parts)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1))
    command = "scripts/bench" + (" --quick" if plan.quick else "")
    text = report.text(results, command + (f" --part {options.part}" if options.part else ""))
    if options.write:
        report.write(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
