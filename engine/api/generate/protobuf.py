"""Writes the wire numbers of Kubernetes' protobuf messages as facts: engine/api/facts/protobuf.txt.

Read from the Go modules of Kubernetes in the module cache (generated.proto for numbers and types, the Go sources for what is a pointer, inlined or left out when
empty). Run it when the Kubernetes version changes; the result is committed. Usage: protobuf.py MODULE_CACHE VERSION OUT

A line `message NAME FIELD...`, each field NUMBER:NAME:FLAGS:TYPE. Flags: r repeated, m map (the type is the value's), n inlined, p pointer (zero is kept), o left out when
empty. A line `kind GROUP/VERSION/KIND MESSAGE` for every message with object or list metadata, or of a review.
"""
import pathlib
import re
import sys

MODULES = ["api", "apimachinery", "apiextensions-apiserver", "kube-aggregator"]
SCALARS = {"string": "str", "bytes": "bytes", "bool": "bool", "double": "double", "int32": "int", "int64": "int", "uint32": "int", "uint64": "int"}
GROUP_SUFFIX = {"admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization", "certificates", "coordination", "discovery",
                "events", "flowcontrol", "internal", "networking", "node", "rbac", "resource", "scheduling", "storage", "storagemigration"}
SUFFIX_OF = {"apiregistration": "k8s.io", "flowcontrol": "apiserver.k8s.io", "rbac": "authorization.k8s.io", "internal": "apiserver.k8s.io"}


def go_fields(folder: pathlib.Path) -> dict[tuple[str, int], tuple[str, str]]:
    """(struct, wire number) -> (flags, JSON name), from the struct tags."""
    out = {}
    for file in folder.glob("*.go"):
        if file.name.endswith("_test.go") or file.name.startswith("zz_") or file.name == "generated.pb.go":
            continue
        for struct in re.finditer(r"^type (\w+) struct \{$(.*?)^\}$", file.read_text(), re.M | re.S):
            for line in struct.group(2).splitlines():
                tag = re.search(r"^\s*(?:\w+\s+)?(\S.*?)\s+`(.*)`", line)
                if not tag:
                    continue
                wire = re.search(r'protobuf:"\w+,(\d+),', tag.group(2))
                json_tag = re.search(r'json:"([^"]*)"', tag.group(2))
                if not wire or not json_tag:
                    continue
                name, *options = json_tag.group(1).split(",")
                flags = "p" if tag.group(1).startswith("*") else ""
                flags += "n" if "inline" in options and not name else ""
                flags += "o" if "omitempty" in options or "omitzero" in options else ""
                out[(struct.group(1), int(wire.group(1)))] = (flags, name)
    return out


def group_of(package: str) -> tuple[str, str]:
    parts = package.split(".")
    group, version = parts[-2], parts[-1]
    if group == "core":
        return "", version
    if group in GROUP_SUFFIX:
        return f"{group}.{SUFFIX_OF.get(group, 'k8s.io')}", version
    return group, version


def main(cache: pathlib.Path, version: str, out: pathlib.Path) -> None:
    lines = []
    for module in MODULES:
        root = cache / f"k8s.io/{module}@{version}"
        for proto in sorted(root.rglob("generated.proto")):
            text = re.sub(r"//[^\n]*", "", proto.read_text())
            package = re.search(r"^package ([\w.]+);", text, re.M).group(1)
            tags = go_fields(proto.parent)
            for message in re.finditer(r"^message (\w+) \{(.*?)^\}", text, re.M | re.S):
                name, fields, names = message.group(1), [], set()
                for field in re.finditer(r"^\s*(optional |repeated )?(map<string, ?)?([\w.]+)>? (\w+) = (\d+)", message.group(2), re.M):
                    label, is_map, type_name, proto_name, number = field.groups()
                    flags, json_name = tags.get((name, int(number)), ("o", proto_name))
                    flags += "r" if label == "repeated " else ""
                    flags += "m" if is_map else ""
                    if type_name not in SCALARS and "." not in type_name:
                        type_name = f"{package}.{type_name}"
                    fields.append(f"{number}:{json_name or proto_name}:{flags or '-'}:{SCALARS.get(type_name, type_name.lstrip('.'))}")
                    names.add(proto_name)
                full = f"{package}.{name}"
                lines.append(f"message {full} " + " ".join(fields))
                if "metadata" in names or ("spec" in names and name.endswith("Review")) or name in ("DeleteOptions", "SelfSubjectReview", "Scale", "Eviction"):
                    group, api_version = group_of(package)
                    if package.endswith("apis.meta.v1"):
                        group, api_version = "meta.k8s.io", "v1"
                    lines.append(f"kind {group}/{api_version}/{name} {full}")
    out.write_text("\n".join(lines) + "\n")


main(pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]))
