#!/usr/bin/env python3
"""Makes what this server knows of node drivers' fields from the facts: one JSON document, read when a driver is made active whose fields nobody
has written down yet.

    driver_flags.py FACTS_DIR OUT

{DRIVER: {FIELD: field as a DynamicSchema has it}}. A flag that is a path to a file is the file's contents in the API, under the alias's name;
keys are secrets.
"""
import json
import pathlib
import sys


def main(facts: pathlib.Path, out: pathlib.Path) -> None:
    known = json.loads((facts / "drivers.json").read_text())["nodeDriverFlags"]
    drivers = {}
    for driver, flags in known.items():
        fields = drivers[driver] = {}
        for name, flag in flags.items():
            alias = flag.get("alias", name)
            fields[alias] = dict(flag["field"])
            if alias.startswith("sshKey") and alias != name:
                fields[alias]["type"] = "password"
    out.write_text(json.dumps(drivers, separators=(",", ":"), sort_keys=True))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
