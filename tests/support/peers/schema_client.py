"""A client of the management API that knows nothing but the schemas a running server publishes:
it makes bodies from them, checks objects against them, and finds by links everything it asks for.
"""

import itertools

# Codes that a refusal may have (the contract's, and Kubernetes' own that pass through).
CODES = {
    "MissingRequired", "InvalidOption", "InvalidFormat", "InvalidBodyContent", "NotNullable",
    "MinLimitExceeded", "MaxLimitExceeded", "MinLengthExceeded", "MaxLengthExceeded",
    "InvalidCharacters", "InvalidReference", "InvalidAction", "InvalidState", "NotUnique",
    "Unauthorized", "Forbidden", "PermissionDenied", "NotFound", "ActionNotAvailable",
    "MethodNotAllow", "Conflict", "AlreadyExists"}
SCALARS = {"string", "enum", "password", "date", "hostname", "dnsLabel", "dnsLabelRestricted",
           "base64", "boolean", "int", "float", "json", "intOrString"}
# What a client does not choose, though the schemas let it be written.
SERVERS_OWN = {"annotations", "labels", "ownerReferences", "type", "baseType", "namespaceId"}
DEPTH_MAX = 3


def taken_apart(text):
    """`array[reference[user]]` -> ("array", "reference[user]"); a plain type -> (itself, "")."""
    if not text.endswith("]"):
        return text, ""
    outer, inner = text[:-1].split("[", 1)
    return outer, inner


def bare(name):
    return name.rsplit("/", 1)[-1]


class Refused(Exception):
    def __init__(self, method, path, answer):
        super().__init__(f"{method} {path}: {answer}")
        try:
            body = answer.json
        except ValueError:
            body = {}
        self.status, self.body = answer.status, body if isinstance(body, dict) else {}
        self.code = self.body.get("code", "")
        self.field = self.body.get("fieldName", "")

    def by_the_contract(self):
        return (self.body.get("type") == "error" and self.body.get("status") == self.status
                and self.status < 500 and self.code in CODES)


class Surface:
    """The schemas below one path, by id."""

    def __init__(self, server, path):
        self.path = path
        document = server.expect(200, "GET", f"{path}/schemas")
        self.schemas = {schema["id"]: schema for schema in document["data"]}
        self._lower = {name.lower(): schema for name, schema in self.schemas.items()}

    def find(self, name):
        return self.schemas.get(bare(name)) or self._lower.get(bare(name).lower())

    def types(self):
        return [s for s in self.schemas.values() if s.get("collectionMethods")]


class SchemaClient:
    """`known`: ids to use for references to these types, where a walk needs certain ones. `extras`:
    fields by type that its creates need though the schema does not say so."""

    def __init__(self, server, paths, known=None, extras=None):
        self.extras = extras or {}
        self.server = server
        self.surfaces = [Surface(server, path) for path in paths]
        self.known = dict(known or {})
        self._numbers = itertools.count(1)

    # Schemas

    def schema(self, surface, name):
        found = surface.find(name)
        for other in self.surfaces:
            found = found or other.find(name)
        return found

    def _surface_of(self, surface, schema):
        for one in [surface, *self.surfaces]:
            if one.schemas.get(schema["id"]) is schema:
                return one
        raise AssertionError(schema["id"])

    # Requests

    def call(self, method, path, body=None):
        answer = self.server.ask(method, path, body)
        if answer.status >= 300:
            raise Refused(method, path, answer)
        return answer.json if answer.body else None

    def collection(self, schema):
        return self.call("GET", schema["links"]["collection"])

    # Bodies

    def body(self, surface, schema, wanted="required", depth=0):
        """What a create of the type takes: required fields, or all."""
        out = {}
        for name, field in schema.get("resourceFields", {}).items():
            if not field.get("create") or (name in SERVERS_OWN and not field.get("required")):
                continue
            if wanted == "required" and not field.get("required"):
                continue
            if depth >= DEPTH_MAX and not field.get("required"):
                continue
            value = self.value(surface, name, field, field["type"], wanted, depth)
            if value is not None:
                out[name] = value
        return out

    def value(self, surface, name, field, kind, wanted="required", depth=0):
        if field.get("options") and kind == field["type"]:
            return field["options"][0]
        outer, inner = taken_apart(kind)
        if outer == "reference":
            return self.reference(surface, inner)
        if outer in ("array", "map"):
            if depth >= DEPTH_MAX:
                return [] if outer == "array" else {}
            item = self.value(surface, name, field, inner, wanted, depth + 1)
            if item is None:
                return None
            return [item] if outer == "array" else {"key": item}
        nested = None if outer in SCALARS else self.schema(surface, outer)
        if nested:
            return self.body(surface, nested, wanted, depth + 1)
        return self._scalar(name, field, outer)

    def _scalar(self, name, field, kind):
        if kind == "boolean":
            return True
        if kind in ("int", "float"):
            low = field.get("min")
            return 7 if low is None else int(low) + 1
        plain = {"date": "2026-11-22T22:10:47Z", "base64": "dGV4dA==", "json": {"any": "thing"},
                 "hostname": f"host-{next(self._numbers)}.example.com", "intOrString": 8080}
        if kind in plain:
            return plain[kind]
        if field.get("default") and isinstance(field["default"], str):
            return field["default"]
        if "url" in name.lower():
            return "https://example.com/of-a-test"
        text = f"{name.lower()[:12]}-{next(self._numbers)}"
        return text.ljust(int(field.get("minLength") or 0), "a")

    def reference(self, surface, to):
        """The id of an object of that type: a known one, one that is there, or one made now."""
        kind = bare(to)
        if kind in self.known:
            return self.known[kind]
        schema = self.schema(surface, kind)
        if not schema or not schema.get("collectionMethods"):
            return None
        self.known[kind] = None  # types that refer to each other end here
        try:
            there = self.collection(schema)["data"]
            one = there[0] if there else self.create(self._surface_of(surface, schema), schema)
            self.known[kind] = one["id"]
        except Refused:
            pass
        return self.known[kind]

    # Objects

    def create(self, surface, schema, extra=None, without=()):
        """Makes one; what the server says is missing is given, field by field."""
        body = {**self.body(surface, schema), **(extra or self.extras.get(schema["id"], {}))}
        for name in without:
            body.pop(name, None)
        while True:
            try:
                return self.call("POST", schema["links"]["collection"], body)
            except Refused as refused:
                field = schema["resourceFields"].get(refused.field)
                if refused.code != "MissingRequired" or not field or refused.field in body:
                    raise
                body[refused.field] = self.value(surface, refused.field, field, field["type"])

    def misfits(self, surface, schema, thing, where="", just_made=False):
        """What of an object is not as its schema says. Write-only fields are shown once: in the
        answer to the create."""
        out = []
        fields = schema.get("resourceFields", {})
        for name, value in thing.items():
            field = fields.get(name)
            if not field:
                known = ("type", "baseType", "id", "links", "actions", "actionLinks")
                if name not in known and not name.endswith("TS"):
                    out.append(f"{where}{name} is no field")
                continue
            if field["type"] == "password" or (field.get("writeOnly") and not just_made):
                out.append(f"{where}{name} is shown")
            out += self._unfit(surface, field["type"], value, where + name, just_made)
        return out

    def _unfit(self, surface, kind, value, where, just_made):
        outer, inner = taken_apart(kind)
        if value is None or outer in ("json", "intOrString"):
            return []
        wanted = {"boolean": bool, "int": int, "float": (int, float), "array": list,
                  "map": dict, "reference": str}.get(outer, str if outer in SCALARS else None)
        if wanted is not None:
            if not isinstance(value, wanted) or (outer == "int" and isinstance(value, bool)):
                return [f"{where} is {value!r}, no {kind}"]
            if outer == "array":
                return [bad for n, one in enumerate(value)
                        for bad in self._unfit(surface, inner, one, f"{where}[{n}]", just_made)]
            if outer == "map":
                return [bad for key, one in value.items()
                        for bad in self._unfit(surface, inner, one, f"{where}.{key}", just_made)]
            return []
        nested = self.schema(surface, outer)
        if not nested or not nested.get("resourceFields"):
            return []
        if not isinstance(value, dict):
            return [f"{where} is {value!r}, no {kind}"]
        return self.misfits(surface, nested, value, where + ".", just_made)
