#!/usr/bin/env python3
"""No error quotes a secret: bad values with a canary at every field that holds one, of every type of
the management API (from its own schemas) and of the Kubernetes API, in every way to write. What is
looked at is each refusal, and in the end the log and the audit."""

import base64
import json
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from paddock import Paddock
from proc import wait_for
from steps import Steps

CANARY = "Zq7canaryXv"
SECRET = re.compile("passw|passphrase|secret|token|apikey|accesskey|privatekey|credential|kubeconfig"
                    "|clientkey|keydata|authkey|authorization|cookie")
NAMES = re.compile("(name|ref|refs|type|namespace|kind|id|s?ttl.*)$")
# A key of TLS, a hash and a token: what is a secret by its looks, wherever it stands.
PEM = f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----"


def secret_field(name, field):
    word = re.sub("[^a-z0-9]", "", name.lower())
    return field.get("type") == "password" or bool(SECRET.search(word) and not NAMES.search(word))


def bad_values():
    return [CANARY, CANARY + "!", PEM, [CANARY], [[CANARY]], {"a": CANARY}, {"a": [CANARY]},
            {"b": {"a": {"c": CANARY}}}, [{"a": CANARY}], f"  {CANARY}\n", CANARY + "y" * 400]


class Asker:
    def __init__(self, server):
        self.server, self.asked, self.refused, self.lets_out = server, 0, 0, []

    def send(self, method, path, body, kind="application/json"):
        text = body if isinstance(body, str) else json.dumps(body)
        answer = self.server.ask(method, path, text, headers={"Content-Type": kind})
        self.asked += 1
        if answer.status < 400:
            return answer
        self.refused += 1
        if CANARY in answer.body:
            self.lets_out.append(f"{method} {path} {text[:200]}: {answer.body[:400]}")
        return answer

    def end(self, least):
        assert not self.lets_out, "\n".join(self.lets_out[:10])
        assert self.refused >= least, (self.asked, self.refused)
        print(f"  {self.asked} asked, {self.refused} refused")


def inner_type(name):
    """array[x], map[x]: of what; and how a value of it is put there."""
    found = re.match(r"(array|map)\[(.*)\]$", name)
    return (found.group(1), found.group(2)) if found else ("", name)


def places(schemas, schema, depth=0):
    """A body for each secret field of the type, however deep, that only lacks the value."""
    for name, field in (schema.get("resourceFields") or {}).items():
        if secret_field(name, field):
            yield lambda value, name=name: {name: value}
        wrap, of = inner_type(field.get("type", ""))
        inner = schemas.get(of)
        if inner is None or depth > 2:
            continue
        for put in places(schemas, inner, depth + 1):
            yield lambda value, name=name, wrap=wrap, put=put: {
                name: [put(value)] if wrap == "array" else {"m": put(value)} if wrap == "map"
                else put(value)}


def management(server):
    asker = Asker(server)
    project = server.expect(200, "GET", "/v3/projects")["data"][0]["id"]
    fields = 0
    for base in ("/v3", "/v3/cluster/local", "/v3/project/" + project):
        answered = server.expect(200, "GET", base + "/schemas")["data"]
        schemas = {one["id"]: one for one in answered}
        for schema in answered:
            if "POST" not in (schema.get("collectionMethods") or []):
                continue
            link = f"{base}/{schema['pluralName']}"
            for n, put in enumerate(places(schemas, schema)):
                fields += 1
                # All values at a few fields of a type, some at each: a driver has dozens.
                for value in bad_values()[::1 if n < 3 else 4]:
                    asker.send("POST", link, {"name": "x" + "y" * 300, **put(value)})
    users = server.expect(200, "GET", "/v3/users?me=true")["data"][0]["id"]
    for value in bad_values():
        for body in ({"newPassword": value}, {"newPassword": value, "currentPassword": value},
                     value):
            asker.send("POST", f"/v3/users/{users}?action=setpassword",
                       body if isinstance(body, dict) else json.dumps(body))
            asker.send("POST", "/v3/users?action=changepassword",
                       body if isinstance(body, dict) else json.dumps(body))
        asker.send("POST", "/v3-public/localProviders/local?action=login",
                   {"username": "admin", "password": value})
        asker.send("POST", "/v3/clusters", {"name": "handed", "importedConfig": {
            "kubeConfig": json.dumps({"kind": "Config", "users": [{"name": "a", "user": {
                "token": value, "password": value, "client-key-data": value}}],
                "contexts": [{"name": "a", "context": {"user": "a", "cluster": "a"}}],
                "clusters": [{"name": "a", "cluster": {
                    "server": f"https://u:{CANARY}@127.0.0.1:x"}}], "current-context": "a"})}})
    asker.send("POST", "/v3/tokens", '{"description":"x", "token": "%s' % CANARY)
    print(f"  {fields} fields")
    asker.end(500)


def secrets(server):
    asker = Asker(server)
    base = "/api/v1/namespaces/default/secrets"
    encoded = base64.b64encode(CANARY.encode()).decode()
    server.expect(201, "POST", base, {"metadata": {"name": "kept"}, "immutable": True,
                                      "data": {"a": encoded}})
    server.expect(201, "POST", base, {"metadata": {"name": "free"}, "data": {"a": encoded}})
    patches = ("application/merge-patch+json", "application/strategic-merge-patch+json")
    types = ("", "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg", "kubernetes.io/tls")
    for value in bad_values():
        for member in ("data", "stringData", "unknown"):
            for given in (value, {"a": value}, {".dockerconfigjson": value, ".dockercfg": value,
                                                "tls.key": value, "tls.crt": value}):
                for kind in types if isinstance(given, dict) else types[:1]:
                    for name in ("x", "Bad_Name"):
                        asker.send("POST", base + "?fieldValidation=Strict", {
                            "metadata": {"name": name}, "type": kind, member: given})
                for name in ("kept", "free"):
                    link = f"{base}/{name}?fieldValidation=Strict"
                    asker.send("PUT", link, {"metadata": {"name": name}, member: given})
                    for patch in patches:
                        asker.send("PATCH", link, {member: given, "type": "other"}, patch)
                    asker.send("PATCH", link, [{"op": "replace", "path": f"/{member}",
                                                "value": given}], "application/json-patch+json")
                    asker.send("PATCH", link, [{"op": "test", "path": "/data/a", "value": given}],
                               "application/json-patch+json")
                    asker.send("PATCH", link + "&fieldManager=t", json.dumps({
                        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
                        member: given}), "application/apply-patch+yaml")
        server.ask("DELETE", base + "/x")
    for text in ("{", "stringData: [", "data: {a: &%s *b}", '{"data": %s}', '{"data":{"a":"%s"}'):
        text = text.replace("%s", CANARY)
        for kind in ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf"):
            asker.send("POST", base, text, kind)
    asker.end(500)


def custom(server):
    """A custom kind whose rules complain of its secrets."""
    server.expect(201, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
        "metadata": {"name": "vaults.test.example"}, "spec": {
            "group": "test.example", "scope": "Cluster", "names": {
                "plural": "vaults", "kind": "Vault"}, "versions": [{
                    "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                        "type": "object", "properties": {"spec": {"type": "object", "properties": {
                            "password": {"type": "string", "pattern": "^[0-9]+$"},
                            "token": {"type": "string", "enum": ["a", "b"]},
                            "apiKey": {"type": "string", "maxLength": 3},
                            "clientSecret": {"type": "string", "minLength": 2000},
                            "tokens": {"type": "array", "x-kubernetes-list-type": "set",
                                       "items": {"type": "string"}},
                            "users": {"type": "array", "items": {"type": "object", "properties": {
                                "password": {"type": "string", "pattern": "^[0-9]+$"}},
                                "maxProperties": 0}},
                        }}}}}}]}})
    base = "/apis/test.example/v1/vaults"
    wait_for("the kind", lambda: server.ask("GET", base).status == 200, 10)
    asker = Asker(server)
    for field in ("password", "token", "apiKey", "clientSecret", "tokens"):
        for value in [*bad_values(), [CANARY, CANARY]]:
            asker.send("POST", base, {"apiVersion": "test.example/v1", "kind": "Vault",
                                      "metadata": {"name": "x"}, "spec": {field: value}})
            server.ask("DELETE", base + "/x")
    for value in bad_values():
        asker.send("POST", base, {"apiVersion": "test.example/v1", "kind": "Vault",
                                  "metadata": {"name": "x"},
                                  "spec": {"users": [{"password": value}]}})
    asker.end(50)
    # The product's own kinds, written past the management API.
    asker = Asker(server)
    group = "/apis/management.cattle.io/v3"
    for one in server.expect(200, "GET", group)["resources"]:
        if "/" in one["name"] or "create" not in one["verbs"] or one["namespaced"]:
            continue
        for field in ("password", "token", "spec", "kubeConfig", "newPassword"):
            for value in bad_values():
                if field == "spec":
                    value = {"token": value, "importedConfig": {"kubeConfig": value}}
                asker.send("POST", f"{group}/{one['name']}?fieldValidation=Strict", {
                    "apiVersion": "management.cattle.io/v3", "kind": one["kind"],
                    "metadata": {"name": "x"}, field: value})
    asker.end(200)


def nothing_after(server, folder):
    texts = {"metrics": server.ask("GET", "/metrics").body}
    for file in [*folder.rglob("*.log"), *(server.data / "audit").iterdir()]:
        texts[str(file)] = file.read_bytes().decode(errors="replace")
    assert len(texts) >= 3, list(texts)
    for place, text in texts.items():
        at = text.find(CANARY)
        assert at < 0, f"{place}: {text[max(0, at - 300):at + 80]!r}"


def main():
    steps = Steps("secret errors")
    with tempfile.TemporaryDirectory(prefix="pdk-") as name:
        folder = pathlib.Path(name)
        with Paddock(folder, flags=["--log-level=debug"]) as server:
            server.log_in()
            server.expect(200, "PUT", "/v3/settings/audit-level", {"value": "3"})
            steps.do("every type of the management API", management, server)
            steps.do("secrets of the Kubernetes API", secrets, server)
            steps.do("custom kinds, and the product's", custom, server)
            steps.do("nothing in log and audit", nothing_after, server, folder)
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
