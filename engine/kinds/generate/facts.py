#!/usr/bin/env python3
"""Makes the kind data of the program: one file of rows (kinds) and compressed blocks of OpenAPI definitions.

    facts.py DEFINITIONS_JSON FACTS_DIR OUT

DEFINITIONS_JSON is _definitions.json of the PyPI package kubernetes-validate (OpenAPI v2 of Kubernetes, turned into JSON
Schema for a validator); this undoes that turning, adds the product's types, and joins both with discovery.

OUT: 8 bytes of magic, then little-endian u32 sizes (raw, compressed) and the zlib stream of the header, a JSON document
{"kinds": [...], "texts": [...], "definitions": {name: [block, offset, length]}, "blocks": [[offset, compressed, raw], ...]},
then the blocks; block offsets count from the end of the header.
"""
import json
import pathlib
import struct
import sys
import zlib

MAGIC = b"PDKFACT1"
BLOCK_BYTES = 32 << 10
META = "io.k8s.apimachinery.pkg.apis.meta.v1."


def plain(node):
    """OpenAPI v2 as the API server publishes it, from the validator's form."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key == "properties":
            out[key] = {name: plain(child) for name, child in value.items()}
        elif key == "type" and isinstance(value, list):
            out[key] = next(t for t in value if t != "null")
        elif key == "$ref":
            out[key] = value.replace("#/$defs/", "#/definitions/")
        else:
            out[key] = plain(value)
    return out


def kubernetes_definitions(path):
    out = {name: plain(node) for name, node in json.loads(path.read_text())["$defs"].items()}
    # The validator's form pins these two fields of every kind to one value each.
    for node in out.values():
        for field in ("apiVersion", "kind"):
            if "x-kubernetes-group-version-kind" in node and field in node.get("properties", {}):
                node["properties"][field].pop("enum", None)
    for name, restored in {
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"format": "int-or-string", "type": "string"},
        "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "string"},
    }.items():
        node = out[name]
        node.pop("oneOf", None)
        node.update(restored)
    return out


def reversed_group(group):
    return ".".join(reversed(group.split(".")))


def product_name(name):
    """management.cattle.io.v3.Cluster -> io.cattle.management.v3.Cluster; shared types keep their path behind a prefix."""
    if name.startswith("meta.v1."):
        return META + name[len("meta.v1."):]
    parts = name.split(".")
    if len(parts) > 4 and parts[1:3] == ["cattle", "io"]:
        return f"io.cattle.{parts[0]}." + ".".join(parts[3:])
    return "io.cattle.types." + name


def product_node(node):
    """Fields that a newer client adds are kept: these kinds were never pruned."""
    if isinstance(node, list):
        return [product_node(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key == "properties":
            out[key] = {name: product_node(child) for name, child in value.items()}
        elif key == "$ref":
            out[key] = "#/definitions/" + product_name(value[len("#/definitions/"):])
        elif key not in ("x-norman", "x-always-written", "x-any", "nullable"):
            out[key] = product_node(value)
    if out.get("type") == "object":
        out["x-kubernetes-preserve-unknown-fields"] = True
    return out


def list_definition(group, version, kind, item):
    text = {"type": "string"}
    return {"type": "object", "required": ["items"], "properties": {
        "apiVersion": text, "items": {"type": "array", "items": {"$ref": "#/definitions/" + item}}, "kind": text,
        "metadata": {"$ref": "#/definitions/" + META + "ListMeta"}},
        "x-kubernetes-group-version-kind": [{"group": group, "version": version, "kind": kind + "List"}]}


def columns_of(crd):
    """As a CRD's own columns: Name first, Age when the CRD has none."""
    out = [{"name": "Name", "type": "string", "format": "name", "cell": "name", "doc": META + "ObjectMeta#name"}]
    for c in crd.get("additionalPrinterColumns") or []:
        out.append({"name": c["name"], "type": c["type"], "path": c["JSONPath"], "priority": c.get("priority", 0)})
    if len(out) == 1:
        out.append({"name": "Age", "type": "date", "path": ".metadata.creationTimestamp",
                    "doc": META + "ObjectMeta#creationTimestamp"})
    return out


def product_kinds(facts, definitions):
    types = json.loads((facts / "product/go-types-openapi-v2.5.9.json").read_text())
    for name, node in types["definitions"].items():
        target = product_name(name)
        if not target.startswith(META):
            definitions[target] = product_node(node)
    for name in list(types["definitions"]):
        if name.startswith("meta.v1.") and product_name(name) not in definitions:
            raise SystemExit(f"facts: {name} has no counterpart in Kubernetes")
    crds = json.loads((facts / "product/crds-v2.5.9.json").read_text())
    crds += json.loads((facts / "product/crds-fleet-operators.json").read_text())
    rows = []
    for crd in crds:
        group, version, kind = crd["group"], crd["versions"][0], crd["kind"]
        name = f"{reversed_group(group)}.{version}.{kind}"
        if "goTypeSchema" in crd:
            name = product_name(types["kinds"][crd["goTypeSchema"]]["$ref"][len("#/definitions/"):])
        else:
            definitions[name] = product_node(crd["openAPIV3Schema"])
        node = definitions[name]
        node["x-kubernetes-group-version-kind"] = [{"group": group, "version": version, "kind": kind}]
        properties = node.setdefault("properties", {})
        properties.update({"apiVersion": {"type": "string"}, "kind": {"type": "string"},
                           "metadata": {"$ref": "#/definitions/" + META + "ObjectMeta"}})
        definitions[name + "List"] = list_definition(group, version, kind, name)
        verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
        rows.append({
            "group": group, "version": version, "kind": kind, "list": crd.get("listKind", kind + "List"),
            "plural": crd["plural"], "singular": crd.get("singular") or kind.lower(),
            "short": crd.get("shortNames") or [], "categories": crd.get("categories") or [],
            "namespaced": crd["scope"] == "Namespaced", "verbs": verbs, "definition": name, "served": True, "stored": True,
            "subresources": [{"name": s, "group": group, "version": version, "kind": kind,
                              "verbs": ["get", "patch", "update"]} for s in crd.get("subresources") or {}],
            "columns": columns_of(crd), "product": True})
    return sorted(rows, key=lambda r: (r["group"], r["version"], r["plural"]))


def kubernetes_kinds(facts, definitions):
    discovery, by_kind = facts / "kubernetes/discovery", {}
    served = json.loads((facts / "kubernetes/served.json").read_text())
    columns = json.loads((facts / "kubernetes/columns.json").read_text())
    for name, node in definitions.items():
        for gvk in node.get("x-kubernetes-group-version-kind", []):
            by_kind.setdefault((gvk["group"], gvk["version"], gvk["kind"]), name)
    documents = [json.loads((discovery / "api__v1.json").read_text())]
    for group in json.loads((discovery / "apis.json").read_text())["groups"]:
        for version in group["versions"]:
            path = discovery / f"apis__{version['groupVersion'].replace('/', '__')}.json"
            documents.append(json.loads(path.read_text()))
    rows = []
    for document in documents:
        group, _, version = document["groupVersion"].rpartition("/")
        rule = served["groups"].get(f"{group or 'core'}/{version}")
        for r in document["resources"]:
            if "/" in r["name"]:
                continue
            subresources = [{
                "name": s["name"].split("/")[1], "group": s.get("group", group), "version": s.get("version", version),
                "kind": s["kind"], "verbs": s["verbs"]} for s in document["resources"]
                if s["name"].startswith(r["name"] + "/") and s["name"].split("/")[1] in served["subresources"]]
            stored = f"{group}/{r['name']}" not in served["virtual"]
            definition = by_kind.get((group, version, r["kind"]))
            listed = by_kind.get((group, version, r["kind"] + "List"))
            rows.append({
                "group": group, "version": version, "kind": r["kind"], "list": r["kind"] + "List" if listed else "",
                "plural": r["name"], "singular": r["singularName"], "short": r.get("shortNames", []),
                "categories": r.get("categories", []), "namespaced": r["namespaced"], "verbs": r["verbs"],
                "definition": definition, "hash": r.get("storageVersionHash", ""), "subresources": subresources,
                "served": rule is not None and r["name"] not in rule.get("except", []), "stored": stored,
                # One object in two shapes has one table.
                "columns": columns.get(f"{'core' if group in ('', 'events.k8s.io') else group}/{r['kind']}",
                                       columns["default"])})
            if definition is None:
                raise SystemExit(f"facts: no definition of {group}/{version} {r['kind']}")
    return rows


def describe(rows, definitions):
    """A column's `doc` names the field whose description it carries; the texts are shared, and columns name them by number."""
    texts = {}
    for row in rows:
        row["columns"] = [dict(c) for c in row["columns"]]
        for c in row["columns"]:
            if "doc" in c:
                name, field = c.pop("doc").split("#")
                text = definitions[name]["properties"].get(field, {}).get("description", "")
                c["text"] = texts.setdefault(text, len(texts))
    return list(texts)


def pack(rows, texts, definitions):
    index, blocks, packed, block = {}, [], b"", b""

    def close():
        nonlocal packed, block
        if block:
            data = zlib.compress(block, 9)
            blocks.append([len(packed), len(data), len(block)])
            packed, block = packed + data, b""

    for name in sorted(definitions):
        data = json.dumps(definitions[name], separators=(",", ":"), ensure_ascii=False).encode()
        if len(block) + len(data) > BLOCK_BYTES:
            close()
        index[name] = [len(blocks), len(block), len(data)]
        block += data
    close()
    header = json.dumps({"kinds": rows, "texts": texts, "definitions": index, "blocks": blocks}, separators=(",", ":")).encode()
    small = zlib.compress(header, 9)
    return MAGIC + struct.pack("<II", len(header), len(small)) + small + packed


def main():
    definitions_path, facts, out = (pathlib.Path(a) for a in sys.argv[1:4])
    definitions = kubernetes_definitions(definitions_path)
    for name, fields in json.loads((facts / "kubernetes/defaults.json").read_text()).items():
        for field, value in fields.items():
            definitions[name]["properties"][field]["default"] = value
    rows = kubernetes_kinds(facts, definitions)
    rows += product_kinds(facts, definitions)
    texts = describe(rows, definitions)
    out.write_bytes(pack(rows, texts, definitions))


if __name__ == "__main__":
    main()
