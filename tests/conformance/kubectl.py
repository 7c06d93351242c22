#!/usr/bin/env python3
"""kubectl against the embedded API, command by command beside a real kube-apiserver.

Sections are functions of sections_*.py; `--only NAME` runs some, `--self` compares the oracle with
itself (which proves that the comparison has no noise), `--list` names them.
"""

import argparse
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support" / "peers"))

# pylint: disable=wrong-import-position
import contextlib

import sections_objects
import sections_types
from control_plane import ControlPlane
from paddock import Paddock
from pair import Pair

SECTIONS = {f.__name__: f for module in (sections_objects, sections_types)
            for f in module.SECTIONS}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--self", action="store_true", dest="itself")
    parser.add_argument("--kubectl", help="another kubectl than the one built with the oracle")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        print("\n".join(SECTIONS))
        return 0
    failed = 0
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pdk-")))
        oracle = stack.enter_context(ControlPlane(directory / "oracle"))
        if options.itself:
            subject = stack.enter_context(ControlPlane(directory / "subject")).admin
        else:
            subject = stack.enter_context(Paddock(directory / "paddock")).kubeconfig
        pair = Pair(options.kubectl or oracle.bin / "kubectl", oracle.admin, subject)
        for name in options.only:
            before, begun = len(pair.failures), time.monotonic()
            pair.section = name
            try:
                SECTIONS[name](pair)
            except Exception as error:  # pylint: disable=broad-except
                pair.fail(f"(section {name} stopped)", f"{type(error).__name__}: {error}")
            bad = len(pair.failures) - before
            failed += bad > 0
            print(f"{'FAILED' if bad else 'ok':8}{name} ({time.monotonic() - begun:.1f} s"
                  f"{f', {bad} differ' if bad else ''})", flush=True)
    for known in pair.known:
        if known.section in options.only and not known.met and not options.itself:
            print(f"no longer differs, take it out of known.txt: [{known.section}] {known.part}")
    met = sum(known.met for known in pair.known)
    print(f"{pair.compared} compared, {len(pair.failures)} differ, {met} known")
    print(f"{len(options.only) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
