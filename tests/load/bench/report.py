"""The bench's figures as Markdown: one row a promise, both sides, their ratio, and whether the
promise is kept; then what the load generator itself can do. Every number comes from the run.
"""

import os
import pathlib
import platform
import subprocess
import time

from control_plane import peers_bin
from management import LISTS_TIMES, PATHS, REFERENCE
from paddock import CHECKOUT, program

BEGIN, END = "<!-- scripts/bench writes from here -->", "<!-- to here -->"
PAGE = CHECKOUT / "docs" / "benchmarks.md"


def _lines(*argv):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().splitlines()


def _first_line(*argv):
    return _lines(*argv)[0]


def _machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())
    memory = int(open("/proc/meminfo", encoding="utf-8").readline().split()[1]) / (1 << 20)
    return f"{os.cpu_count()} cores of {cpu}, {memory:.0f} GiB, Linux {platform.release()}"


class Table:
    def __init__(self):
        self.rows, self.missed = [], []

    def row(self, measure, ours, theirs, ratio, promise, kept):
        self.rows.append(f"| {measure} | {ours} | {theirs} | {ratio} | {promise} | {_word(kept)} |")
        if kept is False:
            self.missed.append(measure)

    def rate(self, measure, ours, theirs, unit, times):
        ratio = ours / theirs
        self.row(measure, f"{ours:,.0f} {unit}", f"{theirs:,.0f} {unit}", f"{ratio:.1f} x",
                 f"{times} x", ratio >= times)

    def time(self, measure, ours, theirs, times=None, under_ms=None):
        ratio = theirs / ours
        promise = f"{times} x" if times else f"under {under_ms:,} ms" if under_ms else "–"
        kept = ratio >= times if times else ours < under_ms if under_ms else None
        self.row(measure, f"{ours:,.1f} ms", f"{theirs:,.1f} ms", f"{ratio:.1f} x", promise, kept)

    def memory(self, measure, ours, theirs, under=None):
        self.row(measure, f"{ours:,.1f} MiB", f"{theirs:,.1f} MiB", f"{theirs / ours:.1f} x",
                 f"under {under} MiB" if under else "–", ours < under if under else None)


def _rows(results):
    plan, ours, theirs = results["plan"], results["paddock"], results["kube"]
    table, few, many = Table(), f"{plan['few']:,}", f"{plan['many']:,}"
    full = not plan["quick"]
    table.time("exec to `/readyz`, empty store", ours["ready_empty"]["ms"],
               theirs["ready_empty"]["ms"], times=25)
    table.time(f"exec to `/readyz`, {many} objects", ours["ready_many"]["ms"],
               theirs["ready_many"]["ms"], under_ms=1000 if full else None)
    table.memory("memory, idle", ours["rss_idle"], theirs["rss_idle"], 30)
    table.memory(f"memory, {few} config maps of 1 KiB", ours["rss_few"], theirs["rss_few"], 60)
    table.memory(f"memory, {many} config maps of 1 KiB", ours["rss_many"], theirs["rss_many"],
                 400 if full else None)
    for verb in ("create", "update"):
        table.rate(f"{verb}, 16 connections", ours[verb]["times"]["per_second"],
                   theirs[verb]["times"]["per_second"], "/s", 8)
    table.rate("create, 1 connection", ours["create_one"]["times"]["per_second"],
               theirs["create_one"]["times"]["per_second"], "/s", 3)
    table.row("the disk alone: 4 KiB overwritten, then fdatasync",
              f"{ours['disk']['times']['per_second']:,.0f} /s",
              f"{theirs['disk']['times']['per_second']:,.0f} /s", "–", "–", None)
    table.rate("get, 16 connections", ours["get"]["times"]["per_second"],
               theirs["get"]["times"]["per_second"], "/s", 12)
    table.time(f"list of {few} at once", ours["list"]["times"]["p50_ms"],
               theirs["list"]["times"]["p50_ms"], times=8)
    table.time(f"list of {few} in pages of 500", ours["pages"]["times"]["p50_ms"],
               theirs["pages"]["times"]["p50_ms"], times=8)
    _watch_rows(table, plan, ours, theirs)
    return table


def _watch_rows(table, plan, ours, theirs):
    crowd = f"{plan['crowd']:,}"
    table.rate(f"{plan['watchers']:,} watchers: events delivered", ours["watch_per_s"],
               theirs["watch_per_s"], "/s", 8)
    table.time(f"{crowd} watchers: write until all have it, median of {plan['crowd_events']}",
               ours["crowd"]["all"]["p50_ms"], theirs["crowd"]["all"]["p50_ms"],
               under_ms=None if plan["quick"] else 150)
    table.time(f"{crowd} watchers: the slowest of them", ours["crowd"]["all"]["max_ms"],
               theirs["crowd"]["all"]["max_ms"])

    def added(side):
        return (side["crowd"]["after_kib"] - side["crowd"]["before_kib"]) / 1024
    table.memory(f"{crowd} watchers: memory added", added(ours), added(theirs),
                 None if plan["quick"] else 100)
    table.time(f"{plan['beside']} watchers alone: p99", ours["calm"]["each"]["p99_ms"],
               theirs["calm"]["each"]["p99_ms"])
    feel = max(2 * ours["calm"]["each"]["p99_ms"], ours["calm"]["each"]["p99_ms"] + 10)
    one, other = ours["beside"], theirs["beside"]
    table.row(f"beside {plan['silent']} that never read: p99",
              f"{one['each']['p99_ms']:,.1f} ms, {one['missing']:,} missing",
              f"{other['each']['p99_ms']:,.1f} ms, {other['missing']:,} missing",
              f"{other['each']['p99_ms'] / one['each']['p99_ms']:.1f} x",
              "nobody else feels it", one["each"]["p99_ms"] < feel and one["missing"] == 0)


def _proxy_row(table, proxy):
    for name, key in (("p50", "p50_ms"), ("p99", "p99_ms")):
        direct, proxied = proxy["direct"][key], proxy["proxied"][key]
        table.row(f"GET through `/k8s/clusters/ID`, {name}", f"{proxied:.2f} ms",
                  f"{direct:.2f} ms (directly)", f"+{proxied - direct:.2f} ms",
                  "under +1 ms" if name == "p50" else "–",
                  proxied - direct < 1 if name == "p50" else None)


def _ceiling(results):
    rows = ["| load generator | against a trivial server | its share of a core there | with Paddock"
            " | with kube-apiserver |", "| --- | ---: | ---: | ---: | ---: |"]
    ours, theirs, top = results["paddock"], results["kube"], results["ceiling"]
    for key, label in (("get", "get, 16 connections"), ("list", "list at once"),
                       ("watch", "watchers, events delivered")):
        figure = {"get": lambda r: f"{r['times']['per_second']:,.0f} /s",
                  "list": lambda r: f"{r['times']['p50_ms']:,.1f} ms",
                  "watch": lambda r: f"{r['delivered'] / r['seconds']:,.0f} /s"}[key]
        rows.append(f"| {label} | {figure(top[key])} | {top[key]['busy']:.0%} | "
                    f"{ours[key]['busy']:.0%} | {theirs[key]['busy']:.0%} |")
    plan = results["plan"]
    rows.append(f"| one event to {plan['crowd']:,} | {top['crowd']['all']['p50_ms']:,.1f} ms | "
                "– | – | – |")
    return rows


def _management(results):
    """One row a measure; the reference's figures are of another run on such a machine."""
    plan, got = results["plan"], results["management"]
    head = f"With {plan['projects']:,} projects and {plan['nodes']:,} nodes:"
    rows = [head, "", "| management API | p50, 1 connection | p99 | at 16 connections | reference 2.5.9 | "
            "promised | kept |", "| --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    missed = []

    def row(name, one, many, promise, kept):
        known = REFERENCE.get(name, {})
        said = ", ".join([f"{known[key]:,} {unit}" for key, unit in (("ms", "ms"), ("rate", "/s"))
                          if key in known]) or "–"
        rows.append(f"| `{name}` | {one['p50_ms']:.2f} ms | {one['p99_ms']:.2f} ms | "
                    f"{many['per_second']:,.0f} /s | {said} | {promise} | {_word(kept)} |")
        if kept is False:
            missed.append(name)

    for path in [*PATHS, "login"]:
        one, many, known = got[path][1], got[path][16], REFERENCE.get(path, {})
        if path == "/v3/schemas":
            row(path, one, many, "under 1 ms", one["p50_ms"] < 1)
        elif "rate" in known:
            row(path, one, many, f"{LISTS_TIMES} x", many["per_second"] >= LISTS_TIMES * known["rate"])
        else:
            row(path, one, many, "–", None)
    rows += ["", "| management API | measured | promised | kept |", "| --- | ---: | ---: | --- |"]

    def other(name, value, limit, unit):
        kept = None if plan["quick"] or limit is None else value < limit
        promise = "–" if limit is None else f"under {limit} {unit}"
        rows.append(f"| {name} | {value:,.1f} {unit} | {promise} | {_word(kept)} |")
        if kept is False:
            missed.append(name)

    told = got["subscribers"]["all"]
    other("create a project until its roles are there, few projects, p50",
          got["project_few_ms"]["p50"], 100, "ms")
    other("the same with all projects", got["project_ms"]["p50"], 100, "ms")
    other(f"{plan['watchers']:,} subscribers: write until all have it, p50", told["p50_ms"], 50, "ms")
    other(f"memory with {plan['projects']:,} projects", got["rss_projects"], 100, "MiB")
    other("memory at the end, nodes and subscribers' rest too", got["rss_end"], None, "MiB")
    other(f"{plan['projects']:,} projects, from the first create until all are set up",
          got["projects_s"], None, "s")
    return [*rows, "", f"Missed: {', '.join(missed) or 'none'}.", ""]


def _word(kept):
    return "–" if kept is None else "yes" if kept else "**no**"


def _kubernetes(results):
    table = _rows(results)
    _proxy_row(table, results["proxy"])
    return ["| measure | Paddock | kube-apiserver + etcd | ratio | promised | kept |",
            "| --- | ---: | ---: | ---: | ---: | --- |", *table.rows, "",
            f"Missed: {', '.join(table.missed) or 'none'}.", "", *_ceiling(results)]


def text(results, command):
    commit = _first_line("git", "-C", CHECKOUT, "rev-parse", "--short", "HEAD")
    loads = results["load_average"]
    return "\n".join([
        f"Measured {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())} by `{command}` at commit "
        f"{commit}, in {results['took_s']:.0f} s.", "",
        f"- Machine: {_machine()}; the load generator shares it. Load average of the minute "
        f"before the run: {loads[0]:.1f}, of its last minute: {os.getloadavg()[0]:.1f}.",
        f"- {', '.join(_lines(program(), 'version'))}: {program().stat().st_size / 1e6:.1f} MB, SQLite "
        "store, TLS.",
        f"- kube-apiserver {peers_bin().parent.name}, "
        f"{_first_line(peers_bin() / 'etcd', '--version')}, TLS; no controllers.", "",
        *(_management(results) if "management" in results else []),
        *(_kubernetes(results) if "kube" in results else [])])


def write(report_text):
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{report_text}\n\n{END}{after}")
