"""Packs the facts of the management API into one file of records that the program reads without parsing what nobody asks for.

A record: a line `KIND PATH ID LENGTH`, then LENGTH bytes of compact JSON and a newline. KIND is P (a schema as /schemas lists it), D (one that
it does not list, as /schemas/ID shows it), R (any schema, for the shape of nested types) or M (the fields and mapper chain of a stored type). Usage: pack.py FACTS_DIR OUT
"""
import json
import pathlib
import sys

PUBLISHED = {
    "/v3": "v3.json",
    "/v3/cluster": "v3-cluster.json",
    "/v3/project": "v3-project.json",
    "/v3-public": "v3-public.json",
    "/meta": "meta.json",
}
# Where the facts say no scope: these objects lie in namespaces, and their ids say in which.
NAMESPACED = {("/v3", "managementSecret")}
RAW_KEPT = ("baseType", "pluralName", "resourceFields", "collectionMethods", "resourceMethods", "resourceActions",
            "collectionActions", "collectionFilters", "_scope", "_storageContext", "version")


def without_dynamic(schemas: list) -> list:
    """Without what a server's DynamicSchema objects add (engine/norman/dynamic_schemas.h): fields of listed types, and the types of such fields."""
    by_id = {schema["id"]: schema for schema in schemas}
    types = set()
    for schema in schemas:
        fields = schema.get("resourceFields") or {}
        if schema.get("collectionMethods"):
            types |= {f["type"] for f in fields.values() if f.get("dynamicField")}
    for schema in schemas:
        fields = schema.get("resourceFields") or {}
        if schema["id"] not in types and any(f.get("dynamicField") for f in fields.values()):
            schema["resourceFields"] = {n: f for n, f in fields.items() if not f.get("dynamicField")}
    return [schema for name, schema in by_id.items() if name not in types]


def main(facts: pathlib.Path, out: pathlib.Path) -> None:
    records = []
    listed = set()

    def add(kind: str, path: str, name: str, value: object) -> None:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        records.append(f"{kind} {path} {name} {len(text)}\n".encode() + text + b"\n")

    for path, file in PUBLISHED.items():
        for schema in without_dynamic(json.loads((facts / file).read_text())["data"]):
            add("P", path, schema["id"], schema)
            listed.add((path, schema["id"]))
    for path, group in json.loads((facts / "all-schemas-raw.json").read_text()).items():
        schemas = group["schemas"]
        for schema in without_dynamic(schemas if isinstance(schemas, list) else list(schemas.values())):
            kept = {k: schema[k] for k in RAW_KEPT if k in schema}
            if (path, schema["id"]) in NAMESPACED:
                kept["_scope"] = "namespace"
            add("R", path, schema["id"], kept)
            if (path, schema["id"]) not in listed:
                shown = {k: v for k, v in schema.items() if not k.startswith("_")}
                shown |= {"type": "schema", "baseType": "schema", "links": {"self": f"{path}/schemas/{schema['id']}"}}
                add("D", path, schema["id"], shown)
    for path, types in json.loads((facts / "k8s-fields-and-mappers.json").read_text()).items():
        for name, entry in types.items():
            add("M", path, name, entry)
    out.write_bytes(b"".join(records))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
