#!/usr/bin/env python3
"""The whole management API by its own schemas: for every type of all six surfaces that has methods,
a client that knows the schemas only lists, creates, reads, changes, follows each link, asks for each
action, deletes. schema_client.json names what cannot be made and what the schemas cannot say, each
with its reason; a reason that is not true any more fails the test.
"""

import json
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support" / "peers"))

# pylint: disable=wrong-import-position
from certs import Authority
from paddock import Paddock
from schema_client import Refused, SchemaClient, bare

KNOWN = json.loads((HERE / "schema_client.json").read_text())


class Walk:
    """One type's round. `done` says what was done, `wrong` what was not as it should be."""

    def __init__(self, client, surface, schema):
        self.client, self.surface, self.schema = client, surface, schema
        self.name = f"{surface.path_name} {schema['id']}"
        self.done, self.wrong = [], []
        self.hint = KNOWN["hints"].get(schema["id"], {})

    def check(self, what, good, detail=""):
        if good:
            self.done.append(what)
        else:
            self.wrong.append(f"{what}: {detail}")
        return good

    def run(self):
        schema = self.schema
        refusal = KNOWN["not_listed"].get(self.name)
        try:
            listed = self.client.collection(schema)
        except Refused as refused:
            self.check("not listed, as known", refusal and refused.code == refusal["code"], refused)
            return
        if not self.check("listed", not refusal, "it is listed now: take it from not_listed"):
            return
        self.check("a collection", listed["type"] == "collection" and
                   (listed["resourceType"] == schema["id"] or self.surface.path == "/meta"), listed)
        made = self.create() if "POST" in schema["collectionMethods"] else None
        thing = made or next(iter(listed["data"]), None)
        if not thing or "links" not in thing:
            return
        thing = self.look(thing, made)
        if made and "PUT" in schema.get("resourceMethods", []):
            thing = self.update(thing)
        self.follow(thing)
        self.act(thing)
        if made and "DELETE" in schema.get("resourceMethods", []):
            self.remove(thing)
            self.create_whole()

    def create(self):
        refusal = KNOWN["not_made"].get(self.name)
        try:
            made = self.client.create(self.surface, self.schema, self.extra(),
                                      self.hint.get("without", ()))
        except Refused as refused:
            expected = refusal and refused.code == refusal["code"]
            self.check("refused, as known" if refusal else "created", expected, refused)
            self.check("the contract's refusal", refused.by_the_contract(), refused)
            return None
        self.check("created", not refusal, "it can be made now: take it from not_made")
        return made

    def extra(self):
        known = {f"${name}": value for name, value in self.client.known.items()}
        return {name: known.get(value, value) if isinstance(value, str) else value
                for name, value in self.hint.get("with", {}).items()}

    def look(self, thing, made):
        kind = self.client.schema(self.surface, thing["type"]) or self.schema
        shown = thing
        if "GET" in self.schema.get("resourceMethods", []):
            try:
                shown = self.client.call("GET", thing["links"]["self"])
            except Refused as refused:
                self.check("read", False, refused)
                return thing
            self.check("read", shown.get("id") == thing.get("id"), shown)
        unfit = self.client.misfits(self.surface, kind, shown)
        self.check("as its schema says", not unfit, unfit)
        if made:
            again = self.client.collection(self.schema)["data"]
            self.check("in the list", any(o["id"] == made["id"] for o in again),
                       f"{made['id']} is not in {[o['id'] for o in again][:20]}")
            self.filtered(made)
        return shown

    def filtered(self, made):
        for name in ("id", "name"):
            if name not in self.schema.get("collectionFilters", {}) or not made.get(name):
                continue
            link = self.schema["links"]["collection"]
            for query, there in ((f"{name}={made[name]}", True), (f"{name}_ne={made[name]}", False)):
                data = self.client.call("GET", f"{link}?{query}")["data"]
                self.check(f"filtered by {name}", there == any(o["id"] == made["id"] for o in data),
                           f"?{query} gave {[o['id'] for o in data][:20]}")

    def update(self, thing):
        fields = self.schema["resourceFields"]
        changed, field = dict(thing), None
        if fields.get("description", {}).get("update"):
            field, value = "description", "changed by a test"
        elif fields.get("labels", {}).get("update"):
            field, value = "labels", {**(thing.get("labels") or {}), "of-a-test": "yes"}
        if field:
            changed[field] = value
        if "update" not in thing["links"]:
            self.check("not to be updated, as known", self.hint.get("no_update"), thing["links"])
            return thing
        try:
            now = self.client.call("PUT", thing["links"]["update"], changed)
        except Refused as refused:
            self.check("updated", False, refused)
            return thing
        self.check("updated", not field or now.get(field) == value, now)
        lost = [name for name, was in thing.items() if name in fields and name != field
                and fields[name].get("create") and not kept(name, was, now.get(name))]
        self.check("nothing lost by an update", not lost,
                   {name: (thing[name], now.get(name)) for name in lost})
        return now

    def follow(self, thing):
        for name, link in thing["links"].items():
            if name in ("remove", "update", "self"):
                continue
            answer = self.client.server.ask("GET", link)
            if name in ("subscribe", "shell"):  # WebSockets
                self.check(f"link {name}", answer.status == 400, answer)
            elif name in self.hint.get("away", ()):
                self.check(f"link {name} says that there is no way",
                           answer.status == 503 and answer.json["code"] == "ServiceUnavailable",
                           answer)
            else:
                expected = KNOWN["not_listed"].get(self.inner_name(name))
                self.check(f"link {name}",
                           answer.status == 200 or (expected and answer.status == 404), answer)

    def inner_name(self, plural):
        """A cluster and a project link to what is in them."""
        for surface in self.client.surfaces:
            for schema in surface.types():
                if schema["pluralName"] == plural and surface.path_name in (
                        "/v3", f"/v3/{self.schema['id']}"):
                    found = f"{surface.path_name} {schema['id']}"
                    if found in KNOWN["not_listed"]:
                        return found
        return ""

    def act(self, thing):
        declared = self.schema.get("resourceActions") or {}
        offered = self.offered(thing)
        known = self.client.schema(self.surface, thing["type"]) or self.schema
        declared = {**declared, **(known.get("resourceActions") or {})}
        self.check("offered actions are declared", set(offered) <= set(declared), offered)
        for name, action in declared.items():
            if name in self.hint.get("not_called", ()):
                continue
            self.one_action(thing["links"]["self"], name, action, name in offered)
            offered = self.offered(thing)
        for name, action in (self.schema.get("collectionActions") or {}).items():
            if name not in self.hint.get("not_called", ()):
                self.one_action(self.schema["links"]["collection"], name, action, None)

    def offered(self, thing):
        """The actions that it has now: one may bring or take another."""
        if "GET" not in self.schema.get("resourceMethods", []):
            return thing.get("actions") or {}
        return self.client.call("GET", thing["links"]["self"]).get("actions") or {}

    def one_action(self, link, name, action, offered):
        shape = self.client.schema(self.surface, action["input"]) if action.get("input") else None
        body = self.client.body(self.surface, shape, "all") if shape else {}
        answer = self.client.server.ask("POST", f"{link}?action={name}", body)
        refused = Refused("POST", f"{link}?action={name}", answer)
        if answer.status < 300:
            self.check(f"action {name}", offered is not False, f"not offered, and done: {answer}")
        elif refused.code == "ActionNotAvailable":
            self.check(f"action {name} not available", not offered, f"offered, and not there: {answer}")
        else:
            self.check(f"action {name} refused", refused.by_the_contract(), refused)

    def remove(self, thing):
        if "remove" not in thing["links"]:
            self.check("not to be removed, as known", self.hint.get("no_remove"), thing["links"])
            return
        try:
            self.client.call("DELETE", thing["links"]["remove"])
        except Refused as refused:
            self.check("deleted", False, refused)
            return
        if "GET" in self.schema["resourceMethods"]:
            answer = self.client.server.ask("GET", thing["links"]["self"])
            going = answer.status == 200 and answer.json.get("state") == "removing"
            self.check("deleted", answer.status in (404, 403) or going, answer)

    def create_whole(self):
        """Every field that may be written: taken, or refused by the contract."""
        body = {**self.client.body(self.surface, self.schema, "all"), **self.extra()}
        for name in self.hint.get("without", ()):
            body.pop(name, None)
        try:
            made = self.client.call("POST", self.schema["links"]["collection"], body)
        except Refused as refused:
            self.check("the whole refused by the contract", refused.by_the_contract(), refused)
            return
        kind = self.client.schema(self.surface, made["type"]) or self.schema
        unfit = self.client.misfits(self.surface, kind, made, just_made=True)
        self.check("the whole created, as its schema says", not unfit, unfit)
        if "remove" in made["links"]:
            self.client.server.ask("DELETE", made["links"]["remove"])


def kept(name, was, now):
    if name in ("labels", "annotations"):  # the server adds to these
        return all((now or {}).get(key) == value for key, value in (was or {}).items())
    return was == now


def surfaces(server):
    project = server.expect(201, "POST", "/v3/projects",
                            {"name": "of-the-schemas", "clusterId": "local"})["id"]
    space = server.expect(201, "POST", "/v3/cluster/local/namespaces",
                          {"name": "of-the-schemas", "projectId": project})["id"]
    user = server.expect(201, "POST", "/v3/users", {
        "username": "of-the-schemas", "name": "S", "password": "a password of the test"})["id"]
    known = {"cluster": "local", "project": project, "namespace": space, "user": user,
             "principal": f"local://{user}"}
    paths = {"/v3": "/v3", "/v3/cluster/local": "/v3/cluster",
             f"/v3/project/{project}": "/v3/project", "/v3-public": "/v3-public", "/meta": "/meta"}
    extras = {name: hint["with"] for name, hint in KNOWN["hints"].items() if "with" in hint}
    client = SchemaClient(server, list(paths), known, extras)
    for surface in client.surfaces:
        surface.path_name = paths[surface.path]
    return client


def real_certificates(folder):
    """Where a hint says $certs and $key: a pair that can be read."""
    cert, key = Authority(folder / "pki").issue("walk", "of-the-schemas")
    given = {"$certs": cert.read_text(), "$key": key.read_text()}
    for hint in KNOWN["hints"].values():
        for name, value in hint.get("with", {}).items():
            if isinstance(value, str):
                hint["with"][name] = given.get(value, value)


def main():
    with tempfile.TemporaryDirectory() as folder, Paddock(folder) as server:
        real_certificates(pathlib.Path(folder))
        server.log_in()
        client = surfaces(server)
        wrong, seen = 0, set()
        only = sys.argv[1:]
        for surface in client.surfaces:
            for schema in surface.types():
                name = f"{surface.path_name} {schema['id']}"
                seen.add(name)
                if bare(name) == "subscribe" or schema["id"] == "subscribe":
                    continue  # a WebSocket
                if only and schema["id"] not in only:
                    continue
                walk = Walk(client, surface, schema)
                try:
                    walk.run()
                except Exception as error:  # pylint: disable=broad-except
                    walk.wrong.append(f"{type(error).__name__}: {error}")
                print(f"{walk.name}: {', '.join(dict.fromkeys(walk.done))}", flush=True)
                for line in walk.wrong:
                    print(f"    WRONG {line[:1200]}", flush=True)
                wrong += len(walk.wrong)
        for kept in ("not_listed", "not_made"):
            for name in set(KNOWN[kept]) - seen:
                print(f"    WRONG {name} of {kept} is no type")
                wrong += 1
        print(f"{len(seen)} types, {wrong} things wrong")
        return 1 if wrong else 0


sys.exit(main())
