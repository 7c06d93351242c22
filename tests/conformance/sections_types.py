"""Sections about types: discovery, explain, RBAC decisions, custom resource definitions."""

import json
import time

from sections_objects import in_namespace

SECTIONS = []
# What the embedded API serves of the built-in kinds; the product's own kinds come beside them.
SERVED = (r"^(bindings|configmaps|secrets|serviceaccounts|events|namespaces|"
          r"customresourcedefinitions|clusterroles|clusterrolebindings|roles|rolebindings|"
          r"selfsubjectaccessreviews|selfsubjectrulesreviews|selfsubjectreviews|"
          r"localsubjectaccessreviews|subjectaccessreviews|tokenreviews) ")


def section(function):
    SECTIONS.append(function)
    return function


# Of feature gates that are not built here; a parameter that does nothing is not offered.
NOT_OFFERED = {"shardSelector", "ignoreStoreReadErrorWithClusterBreakingPotential"}
# Types that our source of definitions does not describe.
UNDESCRIBED = (".api.resource.Quantity", ".intstr.IntOrString")
OPERATION = ("x-kubernetes-action", "x-kubernetes-group-version-kind")


def shape_of(schema):
    """A schema without what upstream's server adds when it serves, and our source of definitions
    does not have: enums with their text, the zero defaults of Go structs, and `allOf` around the
    references that have one."""
    if isinstance(schema, list):
        return [shape_of(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: shape_of(value) for key, value in schema.items()
           if not (key == "enum" and isinstance(value, list))
           and not (key == "default" and value in ({}, "", 0, False))
           and key != "x-kubernetes-group-version-kind"}
    if isinstance(out.get("description"), str):
        out["description"] = out["description"].split("Possible enum values")[0].rstrip()
    if isinstance(out.get("allOf"), list) and len(out["allOf"]) == 1:
        out.update(out.pop("allOf")[0])
    return out


def unlike(ours, theirs, where=""):
    """The first places, at most eight, where two JSON values are not the same."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = []
        for key in sorted(ours.keys() | theirs.keys()):
            if key not in ours or key not in theirs:
                found.append(f"{where}/{key} is only {'theirs' if key in theirs else 'ours'}")
            else:
                found += unlike(ours[key], theirs[key], f"{where}/{key}")
        return found[:8]
    if isinstance(ours, list) and isinstance(theirs, list) and ours != theirs:
        more, less = ([x for x in a if x not in b] for a, b in ((ours, theirs), (theirs, ours)))
        return [f"{where}: only ours {more}, only theirs {less}"]
    return [] if ours == theirs else [f"{where}: {str(theirs)[:90]!r} is {str(ours)[:90]!r}"]


def unlike_definition(name, ours, theirs):
    ours, theirs = shape_of(ours), shape_of(theirs)
    if name.endswith(UNDESCRIBED):
        theirs.pop("description", None)
        ours.pop("description", None)
    return unlike(ours, theirs)


def operations(item):
    """What a path offers: method, what it does to which kind, and what it is asked with."""
    shared = [p.get("name") for p in item.get("parameters", [])]
    return {method: {**{name: op.get(name) for name in OPERATION},
                     "parameters": sorted(str(p) for p in shared + [
                         p.get("name", p.get("$ref")) for p in op.get("parameters", [])]
                         if p not in NOT_OFFERED)}
            for method, op in item.items() if method in ("get", "put", "post", "patch", "delete")}


@section
def openapi(pair):
    """Definitions field by field, paths and verbs, of everything that both serve."""
    def read(side, path):
        return json.loads(side.run(["get", "--raw", path], None, {}, 60)[1])

    theirs, ours = (read(side, "/openapi/v2") for side in pair.sides)
    for name in sorted(ours["definitions"].keys() & theirs["definitions"].keys()):
        faults = unlike_definition(name, ours["definitions"][name], theirs["definitions"][name])
        pair.check(f"definition of v2: {name}", not faults, "\n".join(faults))
    pair.check("definitions of v2", len(ours["definitions"].keys() & theirs["definitions"].keys())
               > 500, len(ours["definitions"]))
    theirs, ours = (read(side, "/openapi/v3")["paths"] for side in pair.sides)
    documents = sorted(d for d in ours.keys() & theirs.keys() if d.count("/") > 1 or "/v1" in d)
    pair.check("documents of v3", len(documents) > 15, documents)
    for document in documents:
        there, here = (read(side, "/openapi/v3/" + document) for side in pair.sides)
        schemas = [d["components"]["schemas"] for d in (here, there)]
        for name in sorted(schemas[0].keys() & schemas[1].keys()):
            faults = unlike_definition(name, schemas[0][name], schemas[1][name])
            pair.check(f"definition of v3: {name}", not faults, "\n".join(faults))
        for path in sorted(here["paths"].keys() & there["paths"].keys()):
            faults = unlike(operations(here["paths"][path]), operations(there["paths"][path]))
            pair.check(f"path of v3: {path}", not faults, "\n".join(faults))
        strays = here["paths"].keys() - there["paths"].keys()
        pair.check(f"paths of v3 {document}", not strays, sorted(strays))


@section
def discovery(pair):
    served = SERVED.replace("(bindings|", "(", 1)
    pair.k("api-resources", lines=served)
    pair.k("api-resources -o wide", lines=served)
    pair.k("api-resources --namespaced=true --sort-by=name", lines=served)
    pair.k("api-resources --verbs=create,watch --api-group=rbac.authorization.k8s.io", code=0)
    pair.k("api-resources --categories=api-extensions -o name", lines="customresource")
    pair.k("api-versions", lines=r"^(v1|autoscaling\S*|rbac\S*|apiextensions\S*|events\S*|authori\S*|authent\S*)$")
    pair.k("version -o json", lines=r'"(major|minor)"')
    for side in pair.sides:
        root = json.loads(side.run(["get", "--raw", "/openapi/v3"], None, {}, 30)[1])
        pair.check(f"/openapi/v3 of {side.name}", "api/v1" in root["paths"], sorted(root["paths"]))
        old = json.loads(side.run(["get", "--raw", "/openapi/v2"], None, {}, 30)[1])
        pair.check(f"/openapi/v2 of {side.name}",
                   "io.k8s.api.core.v1.ConfigMap" in old["definitions"])
    pair.k("get --raw /apis/rbac.authorization.k8s.io", code=0)
    pair.k("get --raw /apis/apiextensions.k8s.io/v1", code=0,
           more=[(r',?"storageVersionHash": "[^"]*"', "")])


@section
def explain(pair):
    for what in ("configmap", "configmap.data", "configmaps --recursive", "secret.type",
                 "role.rules", "clusterrolebinding.subjects.kind", "ns.spec", "crd.spec.versions",
                 "crd.spec.names --recursive", "event.involvedObject", "configmap.none", "none",
                 "sa --api-version=v1", "configmap --output=plaintext-openapiv2"):
        pair.k(f"explain {what}")


@section
def auth(pair):
    k = in_namespace(pair, "auth")
    k("create role reader --verb=get,list,watch --resource=configmaps", code=0)
    k("create role one --verb=update --resource=configmaps --resource-name=only", code=0)
    k("create rolebinding reader --role=reader --user=alice", code=0)
    k("create rolebinding one --role=one --group=team", code=0)
    pair.k("create clusterrole auth-metrics --verb=get --non-resource-url=/metrics,/auth/*", code=0)
    pair.k("create clusterrolebinding auth-metrics --clusterrole=auth-metrics --user=alice", code=0)
    for question in ("get configmaps", "delete configmaps", "'*' '*'", "update configmap/only",
                     "update configmap/other", "get /metrics", "get /auth/x/y", "get /other",
                     "get secrets", "get configmaps -n default", "get configmaps -A",
                     "get nothings", "list configmaps --subresource=log"):
        for who in ("--as=alice", "--as=bob --as-group=team", "--as=system:anonymous", ""):
            if question == "get configmaps -A" or "-n default" in question:
                pair.k(f"auth can-i {question} {who}")
            else:
                k(f"auth can-i {question} {who}")
    k("auth can-i --list --as=alice", code=0)
    k("auth whoami --as=alice --as-group=team --as-uid=7 --as-user-extra=reason=test", code=0)
    k("auth whoami --as=system:serviceaccount:auth:default -o yaml", code=0)
    for command in ("get configmaps -o name", "create configmap no", "get secrets",
                    "delete configmap none", "get configmap kube-root-ca.crt -n default",
                    "get namespaces", "get --raw /metrics-not", "edit configmap none",
                    "create clusterrolebinding mine --clusterrole=cluster-admin --user=alice"):
        k(f"{command} --as=alice", lines="^(?!configmap/kube-root-ca)")
    k("create role escalate --verb=get,create --resource=roles,rolebindings", code=0)
    k("create rolebinding escalate --role=escalate --user=carol", code=0)
    k("create role mine --verb=get --resource=secrets --as=carol", code=1)
    k("create role mine --verb=get --resource=roles --as=carol", code=0)
    k("auth reconcile -f -", json.dumps({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "reader", "namespace": "auth"}, "rules": [
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "patch"]}]}), code=0)
    k("get role reader -o yaml", code=0)
    k("patch rolebinding reader --type=merge -p '{\"roleRef\":{\"name\":\"one\"}}'", code=1)
    pair.k("delete clusterrole,clusterrolebinding auth-metrics", code=0)
    pair.k("delete namespace auth --wait=false", code=0)


def shapes(**more):
    schema = {"type": "object", "required": ["spec"], "properties": {
        "spec": {"type": "object", "required": ["size"], "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 9},
            "colour": {"type": "string", "default": "green", "enum": ["green", "blue"]},
            "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
            "parts": {"type": "array", "maxItems": 3, "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": ["id"], "items": {
                          "type": "object", "required": ["id"], "properties": {
                              "id": {"type": "string"}, "n": {"type": "integer"}}}},
            "anything": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "port": {"x-kubernetes-int-or-string": True}, "replicas": {"type": "integer"},
            "maybe": {"type": "string", "nullable": True}}},
        "status": {"type": "object", "properties": {
            "replicas": {"type": "integer"}, "phase": {"type": "string"}}}}}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "shapes.test.example"}, "spec": {
                "group": "test.example", "scope": "Namespaced", "names": {
                    "plural": "shapes", "singular": "shape", "kind": "Shape",
                    "shortNames": ["shp"], "categories": ["all", "drawings"]},
                "versions": [{"name": "v1", "served": True, "storage": True,
                              "schema": {"openAPIV3Schema": schema},
                              "subresources": {"status": {}, "scale": {
                                  "specReplicasPath": ".spec.replicas",
                                  "statusReplicasPath": ".status.replicas"}},
                              "selectableFields": [{"jsonPath": ".spec.colour"}],
                              "additionalPrinterColumns": [
                                  {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
                                  {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
                                  {"name": "Colour", "type": "string", "priority": 1,
                                   "jsonPath": ".spec.colour"},
                                  {"name": "Age", "type": "date",
                                   "jsonPath": ".metadata.creationTimestamp"}]}], **more}}


def shape(title, **spec):
    return json.dumps({"apiVersion": "test.example/v1", "kind": "Shape",
                       "metadata": {"name": title}, "spec": spec})


@section
def definitions(pair):
    pair.k("create -f -", json.dumps(shapes()), code=0)
    pair.k("wait --for=condition=Established crd/shapes.test.example --timeout=20s", code=0)
    pair.k("wait --for=condition=NamesAccepted crd/shapes.test.example --timeout=20s", code=0)
    pair.k("get crd shapes.test.example", code=0)
    pair.k("get crd shapes.test.example -o yaml", code=0)
    pair.k("get crd shapes.test.example -o jsonpath={.status.conditions[*].message}", code=0)
    pair.k("describe crd shapes.test.example", code=0)
    pair.k("api-resources --api-group=test.example -o wide", code=0)
    time.sleep(2)  # a new kind's schema is published a moment after it is established
    pair.k("explain shape.spec", code=0)
    pair.k("explain shapes --recursive", code=0)
    bad = shapes()
    bad["metadata"]["name"] = "wrong.name"
    pair.k("create -f -", json.dumps(bad), code=1)
    bad = shapes()
    bad["metadata"]["name"], bad["spec"]["group"] = "shapes.other.example", "other.example"
    bad["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = {}
    pair.k("create -f -", json.dumps(bad), code=1)
    pair.k("patch crd shapes.test.example --type=merge -p '{\"spec\":{\"scope\":\"Cluster\"}}'",
           code=1)


@section
def custom_objects(pair):
    """Needs `definitions` to have run before."""
    k = in_namespace(pair, "shapes")
    k("create -f -", shape("one", size=3), code=0)
    k("get shape one -o yaml --show-managed-fields", code=0)
    k("get shapes", code=0)
    k("get shp -o wide", code=0)
    k("get drawings", code=0)
    k("describe shape one", code=0)
    for spec in ({}, {"size": 0}, {"size": 10}, {"size": "x"}, {"size": 1.5},
                 {"size": 1, "colour": "red"}, {"size": 1, "name": "TOO-LONG"},
                 {"size": 1, "parts": [{"id": "a"}, {"id": "a"}]}, {"size": 1, "parts": [{}]},
                 {"size": 1, "parts": [{"id": str(n)} for n in range(4)]},
                 {"size": 1, "anything": 5}, {"size": 1, "port": True}, {"size": None},
                 {"size": 1, "maybe": None, "port": "http", "anything": {"deep": [1, {}]}},
                 {"size": 1, "unknown": 1}):
        k("create --dry-run=server -o yaml -f -", shape("bad", **spec))
        k("create --dry-run=server --validate=ignore -o yaml -f -", shape("bad", **spec))
    k("get shapes --field-selector spec.colour=green -o name", code=0)
    k("get shapes --field-selector spec.colour!=green -o name", code=0)
    k("get shapes --field-selector spec.size=3 -o name", code=1)
    k("patch shape one -p '{}'", code=1)
    k("patch shape one --type=merge -p '{\"spec\":{\"size\":4},\"status\":{\"phase\":\"x\"}}'",
      code=0)
    k("get shape one -o yaml", code=0)
    k("patch shape one --subresource=status --type=merge "
      "-p '{\"spec\":{\"size\":9},\"status\":{\"phase\":\"Ready\",\"replicas\":2}}'", code=0)
    k("get shape one -o yaml", code=0)
    k("get shape one --subresource=status -o yaml", code=0)
    k("scale shape one --replicas=5", code=0)
    k("get shape one --subresource=scale -o yaml", code=0)
    k("apply --server-side -f -", shape("two", size=1, parts=[{"id": "a", "n": 1}]), code=0)
    k("apply --server-side --field-manager=other -f -",
      shape("two", size=1, parts=[{"id": "b", "n": 2}]), code=0)
    k("apply --server-side --field-manager=other -f -",
      shape("two", size=1, parts=[{"id": "a", "n": 5}]), code=1)
    k("get shape two -o yaml --show-managed-fields", code=0)
    k("apply -f -", shape("three", size=1, colour="blue"), code=0)
    k("apply -f -", shape("three", size=2), code=0)
    k("get shape three -o yaml", code=0)
    k("label shapes --all drawn=yes", code=0)
    k("delete shape one two", code=0)
    pair.k("delete crd shapes.test.example", code=0, timeout_s=60)
    k("get shapes", code=1)
    pair.k("delete namespace shapes --wait=false", code=0)
