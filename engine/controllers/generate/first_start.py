#!/usr/bin/env python3
"""Makes the data of a first start from the facts: one JSON document that the program parses when it starts.

    first_start.py FACTS_DIR OUT

{"settings": [...], "objects": [...], "schemas": [...], "cluster": {...}, "projects": [...]}: `objects` are complete but for times ("<time>"),
`schemas` belong to drivers that have to be there before them, `cluster` and `projects` get names, creator and times when they are made. What a
server's own controllers put on objects while they work (finalizers, lifecycle marks, bindings) is left out: here others do that work.
"""
import json
import pathlib
import sys

DROPPED_MARKS = ("lifecycle.cattle.io/", "cleanup.cattle.io/", "field.cattle.io/creatorId")
# Conditions that say what a controller has done: it says so itself when it has.
DROPPED_CONDITIONS = ("InitialRolesPopulated", "CreatorMadeOwner")


def cleaned(item):
    item = json.loads(json.dumps(item))
    metadata = item["metadata"]
    for name in ("finalizers", "generateName"):
        metadata.pop(name, None)
    marks = {k: v for k, v in metadata.pop("annotations", {}).items() if not k.startswith(DROPPED_MARKS)}
    creators = "authz.management.cattle.io/creator-role-bindings"
    if creators in marks:
        marks[creators] = json.dumps({"created": [], "required": json.loads(marks[creators])["required"]}, separators=(",", ":"))
    if marks:
        metadata["annotations"] = marks
    conditions = item.get("status", {}).get("conditions")
    if conditions:
        item["status"]["conditions"] = [dict(c, lastUpdateTime="<time>") for c in conditions if c["type"] not in DROPPED_CONDITIONS]
    return item


def main(facts: pathlib.Path, out: pathlib.Path) -> None:
    settings, roles, drivers, boot = (json.loads((facts / f"{name}.json").read_text()) for name in ("settings", "roles", "drivers", "bootstrap"))
    named = [n for n in boot["namespaces"] if "<" not in n["metadata"]["name"]]
    for item in named:
        item.pop("status"), item.pop("spec")
    # The roles of the product; those of a GlobalRole, of the cluster or of a user are its controllers' to make.
    plain = [r for r in roles["clusterRoles"] if "ownerReferences" not in r["metadata"]]
    objects = named + plain + roles["globalRoles"] + roles["roleTemplates"] + drivers["nodeDrivers"] + drivers["kontainerDrivers"]
    for name in ("authConfigs", "catalogs", "clusterRepos", "features", "podSecurityPolicyTemplates", "configMaps"):
        objects += boot[name]
    document = {
        "settings": [{k: s[k] for k in ("name", "default", "env", "valueWritten") if k in s} for s in settings["settings"]],
        "objects": [cleaned(o) for o in objects],
        "schemas": [cleaned(o) for o in drivers["dynamicSchemas"]],
        "cluster": cleaned(boot["clusters"][0]),
        "projects": [cleaned(p) for p in boot["projects"]],
    }
    out.write_text(json.dumps(document, separators=(",", ":"), ensure_ascii=False))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
