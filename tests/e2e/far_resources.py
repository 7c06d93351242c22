#!/usr/bin/env python3
"""What lies in clusters, through /v3: each type made, seen with kubectl, changed and deleted, in a real
API server and in this server's own cluster alike; what is refused, and who sees nothing.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from certs import Authority
from control_plane import ControlPlane, peers_bin
from paddock import Paddock
from proc import wait_for


class Place:
    """A cluster with a project, a namespace in it, and a kubectl of its admin."""

    def __init__(self, server, cluster, config):
        self.server, self.cluster, self.config = server, cluster, config
        self.project = server.expect(201, "POST", "/v3/projects", {
            "name": "of-" + cluster, "clusterId": cluster})["id"]
        self.base, self.there = f"/v3/project/{self.project}", f"/v3/cluster/{cluster}"
        server.expect(201, "POST", f"{self.there}/namespaces", {
            "name": "web", "projectId": self.project})

    def kubectl(self, *args, body=None, check=True):
        done = subprocess.run(
            [str(peers_bin() / "kubectl"), f"--kubeconfig={self.config}", *args],
            input=body and json.dumps(body), text=True, capture_output=True, check=False)
        assert done.returncode == 0 or not check, (args, done.stderr)
        return done.stdout

    def get(self, what, name, ns="web"):
        return json.loads(self.kubectl("get", what, name, "-n", ns, "-o", "json"))

    def gone(self, what, name):
        return not self.kubectl("get", what, name, "-n", "web", "--ignore-not-found")

    def made(self, types, body, base=None):
        out = self.server.expect(201, "POST", f"{base or self.base}/{types}", body)
        listed = self.server.expect(200, "GET", f"{base or self.base}/{types}?limit=-1")
        assert out["id"] in [one["id"] for one in listed["data"]], (types, out, listed)
        return out

    def changed(self, thing, body):
        return self.server.expect(200, "PUT", thing["links"]["self"], body)

    def deleted(self, thing, what, name):
        answer = self.server.ask("DELETE", thing["links"]["self"])
        assert answer.status in (200, 204), answer
        wait_for(f"the end of {name}", lambda: self.gone(what, name), 10)

    def refused(self, field, types, body, code=None):
        answer = self.server.ask("POST", f"{self.base}/{types}", body)
        assert answer.status == 422 and answer.json.get("fieldName") == field, answer
        assert code in (None, answer.json["code"]), answer


def deployment(place):
    place.kubectl("apply", "-f", "-", body={
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "site", "namespace": "web"},
        "spec": {"selector": {"matchLabels": {"app": "site"}}, "replicas": 1, "template": {
            "metadata": {"labels": {"app": "site"}},
            "spec": {"containers": [{"name": "c", "image": "i"}]}}}})


def services(place):
    one = place.made("services", {"name": "plain", "namespaceId": "web", "kind": "ClusterIP",
                                  "selector": {"app": "site"},
                                  "ports": [{"port": 80, "targetPort": 8080, "name": "http"}]})
    assert (one["kind"], one["selector"]) == ("ClusterIP", {"app": "site"}), one
    seen = place.get("service", "plain")["spec"]
    assert (seen["type"], seen["ports"][0]["targetPort"]) == ("ClusterIP", 8080), seen
    place.changed(one, {"ports": [{"port": 81, "targetPort": "http", "name": "http"}]})
    port = place.get("service", "plain")["spec"]["ports"][0]
    assert (port["port"], port["targetPort"]) == (81, "http"), port
    two = place.made("services", {"name": "headless", "namespaceId": "web", "kind": "ClusterIP",
                                  "clusterIp": None, "targetWorkloadIds": ["deployment:web:site"]})
    assert two["clusterIp"] is None and two["targetWorkloadIds"] == ["deployment:web:site"], two
    seen = place.get("service", "headless")["spec"]
    assert (seen["clusterIP"], seen["selector"]) == ("None", {"app": "site"}), seen
    place.changed(two, {**two, "description": "kept"})
    assert place.get("service", "headless")["spec"]["clusterIP"] == "None"
    place.refused("targetWorkloadIds", "services", {
        "name": "x", "namespaceId": "web", "targetWorkloadIds": ["deployment:web:none"]},
                  "InvalidReference")
    place.deleted(two, "service", "headless")
    return one


def records(place):
    one = place.made("dnsRecords", {"name": "named", "namespaceId": "web",
                                    "hostname": "example.com"})
    seen = place.get("service", "named")["spec"]
    assert (seen["type"], seen["externalName"]) == ("ExternalName", "example.com"), seen
    place.changed(one, {"hostname": "example.org"})
    assert place.get("service", "named")["spec"]["externalName"] == "example.org"
    place.deleted(one, "service", "named")
    two = place.made("dnsRecords", {"name": "outside", "namespaceId": "web",
                                    "ipAddresses": ["192.0.2.7", "192.0.2.8"]})
    assert two["ipAddresses"] == ["192.0.2.7", "192.0.2.8"], two

    def ips():
        return [a["ip"] for a in place.get("endpoints", "outside")["subsets"][0]["addresses"]]
    assert ips() == ["192.0.2.7", "192.0.2.8"]
    place.changed(two, {"ipAddresses": ["192.0.2.9"]})
    assert ips() == ["192.0.2.9"]
    three = place.made("dnsRecords", {"name": "alias", "namespaceId": "web",
                                      "targetDnsRecordIds": ["web:outside"]})
    assert three["targetDnsRecordIds"] == ["web:outside"] and not three.get("hostname"), three
    seen = place.get("service", "alias")["spec"]["externalName"]
    assert seen == "outside.web.svc.cluster.local", seen
    place.deleted(three, "service", "alias")
    place.deleted(two, "service", "outside")
    place.refused("ipAddresses", "dnsRecords", {"name": "x", "namespaceId": "web",
                                                "ipAddresses": ["127.0.0.1"]}, "InvalidOption")
    place.refused("ipAddresses", "dnsRecords", {"name": "x", "namespaceId": "web", "hostname": "a.b",
                                                "ipAddresses": ["192.0.2.1"]}, "InvalidOption")


def certificates(place, authority):
    cert, key = authority.issue("site", "site.test", sans=["DNS:site.test", "IP:192.0.2.1"])
    one = place.made("namespacedCertificates", {
        "name": "tls", "namespaceId": "web", "certs": pathlib.Path(cert).read_text(),
        "key": pathlib.Path(key).read_text()})
    assert (one["cn"], one["version"], one["algorithm"]) == ("site.test", "3", "ECDSA"), one
    assert one["subjectAlternativeNames"] == ["site.test", "192.0.2.1"], one
    assert place.get("secret", "tls")["type"] == "kubernetes.io/tls"
    for field, body in {"certs": {"certs": "x", "key": pathlib.Path(key).read_text()},
                        "key": {"certs": pathlib.Path(cert).read_text(), "key": "x"}}.items():
        place.refused(field, "namespacedCertificates",
                      {"name": "x", "namespaceId": "web", **body}, "InvalidBodyContent")
    return one


def ingresses(place):
    one = place.made("ingresses", {
        "name": "front", "namespaceId": "web",
        "defaultBackend": {"serviceId": "web:plain", "targetPort": 80},
        "rules": [{"host": "site.test", "paths": [
            {"path": "/a", "serviceId": "web:plain", "targetPort": "http"},
            {"path": "/b", "workloadIds": ["deployment:web:site"], "targetPort": 8080}]}],
        "tls": [{"hosts": ["site.test"], "certificateId": "web:tls"}]})
    paths = one["rules"][0]["paths"]
    assert (paths[0]["serviceId"], paths[0]["targetPort"]) == ("web:plain", "http"), one
    assert paths[1]["workloadIds"] == ["deployment:web:site"] and not paths[1]["serviceId"], one
    assert one["tls"][0]["certificateId"] == "web:tls", one
    assert one["defaultBackend"]["serviceId"] == "web:plain" and one["state"] == "initializing", one
    spec = place.get("ingress", "front")["spec"]
    backend = spec["rules"][0]["http"]["paths"][1]["backend"]["service"]
    assert backend["port"] == {"number": 8080} and spec["tls"][0]["secretName"] == "tls", spec
    own = place.get("service", backend["name"])
    assert own["spec"]["selector"] == {"app": "site"}, own
    assert own["metadata"]["ownerReferences"][0]["name"] == "front", own
    place.changed(one, {"description": "the same"})
    assert place.get("ingress", "front")["spec"] == spec
    place.changed(one, {"rules": [{"host": "site.test", "paths": [
        {"path": "/a", "serviceId": "web:plain", "targetPort": 80}]}], "defaultBackend": None})
    spec = place.get("ingress", "front")["spec"]
    assert "defaultBackend" not in spec and len(spec["rules"][0]["http"]["paths"]) == 1, spec
    assert place.gone("service", backend["name"])
    for field, path in {"serviceId": {"targetPort": 1}, "targetPort": {"serviceId": "web:plain"},
                        "workloadIds": {"workloadIds": ["deployment:web:none"], "targetPort": 1}
                        }.items():
        place.refused(field, "ingresses", {"name": "x", "namespaceId": "web", "rules": [
            {"host": "h.test", "paths": [{"path": "/", **path}]}]})
    place.deleted(one, "ingress", "front")


def autoscalers(place):
    one = place.made("horizontalPodAutoscalers", {
        "name": "grow", "namespaceId": "web", "workloadId": "deployment:web:site",
        "minReplicas": 1, "maxReplicas": 3, "metrics": [
            {"type": "Resource", "name": "cpu",
             "target": {"type": "Utilization", "utilization": 50}},
            {"type": "Pods", "name": "hits", "target": {"type": "AverageValue",
                                                        "averageValue": "10"}},
            {"type": "Object", "name": "load", "describedObject": {
                "apiVersion": "v1", "kind": "Service", "name": "plain"},
             "target": {"type": "Value", "value": "5"}},
            {"type": "External", "name": "queue", "selector": {"matchLabels": {"q": "a"}},
             "target": {"type": "Value", "value": "7"}}]})
    assert one["workloadId"] == "deployment:web:site" and one["name"] == "grow", one
    name = one["id"].split(":")[1]
    spec = place.get("hpa", name)["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment",
                                      "name": "site"}, spec
    kinds = {m["type"]: m[m["type"].lower()] for m in spec["metrics"]}
    assert kinds["Resource"]["target"]["averageUtilization"] == 50, spec
    assert kinds["Pods"]["metric"]["name"] == "hits", spec
    assert kinds["Object"]["describedObject"]["name"] == "plain", spec
    assert kinds["External"]["metric"]["selector"] == {"matchLabels": {"q": "a"}}, spec
    names = [(m["type"], m["name"], m["target"]) for m in one["metrics"]]
    assert [n[1] for n in names] == ["cpu", "hits", "load", "queue"], names
    again = place.changed(one, {**one, "maxReplicas": 5})
    assert again["maxReplicas"] == 5 and len(again["metrics"]) == 4, again
    assert place.get("hpa", name)["spec"]["metrics"] == spec["metrics"]
    for bad in ("deployment:web:none", "nonsense", "cronjob:web:site"):
        place.refused("workloadId", "horizontalPodAutoscalers", {
            "name": "x", "namespaceId": "web", "workloadId": bad, "maxReplicas": 2})
    place.deleted(one, "hpa", name)


def volumes(place):
    kind = place.made("storageClasses", {"name": "slow", "provisioner": "test.io/none",
                                         "reclaimPolicy": "Retain"}, place.there)
    assert place.get("storageclass", "slow")["provisioner"] == "test.io/none"
    volume = place.made("persistentVolumes", {
        "name": "disk", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
        "storageClassId": "slow", "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": "/tmp/none"}}, place.there)
    assert volume["storageClassId"] == "slow", volume
    assert place.get("pv", "disk")["spec"]["storageClassName"] == "slow"
    claim = place.made("persistentVolumeClaims", {
        "name": "claim", "namespaceId": "web", "accessModes": ["ReadWriteOnce"],
        "storageClassId": "slow", "resources": {"requests": {"storage": "1Gi"}}})
    assert claim["storageClassId"] == "slow", claim
    assert place.get("pvc", "claim")["spec"]["storageClassName"] == "slow"
    place.changed(claim, {"labels": {"a": "b"}})
    assert place.get("pvc", "claim")["metadata"]["labels"]["a"] == "b"
    place.refused("storageClassId", "persistentVolumeClaims", {
        "name": "x", "namespaceId": "web", "accessModes": ["ReadWriteOnce"],
        "storageClassId": "none", "resources": {"requests": {"storage": "1Gi"}}},
                  "InvalidReference")
    place.deleted(claim, "pvc", "claim")
    for thing, what, name in ((volume, "pv", "disk"), (kind, "storageclass", "slow")):
        answer = place.server.ask("DELETE", thing["links"]["self"])
        assert answer.status in (200, 204), answer
        wait_for(f"the end of {name}", lambda w=what, n=name: place.gone(w, n), 10)


def as_yaml(place):
    one = place.made("configMaps", {"name": "text", "namespaceId": "web", "data": {"a": "1"}})
    answer = place.server.ask("GET", one["links"]["yaml"])
    assert answer.headers["Content-Type"] == "application/yaml" and "kind: ConfigMap" in answer.body
    text = answer.body.replace("a: \"1\"", "a: \"2\"")
    assert text != answer.body, text
    answer = place.server.ask("PUT", one["links"]["yaml"], text,
                              headers={"Content-Type": "application/yaml"})
    assert answer.status == 200, answer
    assert place.get("configmap", "text")["data"] == {"a": "2"}
    answer = place.server.ask("PUT", one["links"]["yaml"], text.replace("name: text", "name: other"),
                              headers={"Content-Type": "application/yaml"})
    assert answer.status == 422 and answer.json["fieldName"] == "name", answer
    place.deleted(one, "configmap", "text")


def imports(place):
    """Each document is told of; what is broken keeps no other from being applied."""
    action = f"/v3/clusters/{place.cluster}?action=importYaml"
    text = "\n---\n".join([
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: imported}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: b}",
        "# nothing", "kind: [broken",
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap,"
        " metadata: {name: two, namespace: imported}}",
        "apiVersion: none.io/v1\nkind: Thing\nmetadata: {name: x}"])
    answer = place.server.ask("POST", action, {
        "yaml": text, "defaultNamespace": "imported", "projectId": place.project})
    told = answer.json["message"].splitlines()
    assert answer.status == 400 and answer.json["type"] == "importYamlOutput", answer
    assert [line for line in told if line.endswith(" created")] == [
        "namespaces/imported created", "configmaps/one created", "configmaps/two created"], told
    assert any(line.startswith("error: document 3: ") for line in told), told
    assert any("no kind Thing in none.io/v1" in line for line in told), told
    assert told[-1] == "3 applied, 2 failed", told
    assert place.get("configmap", "one", "imported")["data"] == {"a": "b"}
    listed = place.server.expect(200, "GET", f"{place.base}/configMaps?namespaceId=imported")["data"]
    assert {"imported:one", "imported:two"} <= {one["id"] for one in listed}, listed
    good = place.server.expect(200, "POST", action, {
        "yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: c}",
        "namespace": "imported"})
    assert good["message"] == "configmaps/one configured\n", good
    answer = place.server.ask("POST", action, {"yaml": "apiVersion: v1\nkind: Namespace\n"
                                               "metadata: {name: default}",
                                               "projectId": place.project})
    assert answer.status == 400 and "project" in answer.json["message"], answer
    place.server.expect(422, "POST", action, {"yaml": "", "namespace": "imported"})
    place.server.expect(422, "POST", action, {"yaml": text, "projectId": "local:none"})


CRD = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
       "metadata": {"name": "gateways.networking.istio.io"},
       "spec": {"group": "networking.istio.io", "scope": "Namespaced",
                "names": {"plural": "gateways", "singular": "gateway", "kind": "Gateway"},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
                    "openAPIV3Schema": {"type": "object",
                                        "x-kubernetes-preserve-unknown-fields": True}}}]}}


def of_crds(place):
    refused = place.server.expect(404, "GET", f"{place.base}/gateways")
    assert "gateways.networking.istio.io" in refused["message"], refused
    place.kubectl("apply", "-f", "-", body=CRD)
    wait_for("the CRD", lambda: place.server.ask("GET", f"{place.base}/gateways").status == 200, 20)
    one = place.made("gateways", {"name": "way", "namespaceId": "web",
                                  "selector": {"istio": "ingress"}})
    assert place.get("gateways.networking.istio.io", "way")["spec"]["selector"] == {
        "istio": "ingress"}
    place.deleted(one, "gateways.networking.istio.io", "way")


def nobody_else(place):
    """A user of another project of the same cluster."""
    server = place.server
    user = server.expect(201, "POST", "/v3/users", {
        "username": "lin-" + place.cluster, "password": "a long password of lin"})["id"]
    server.expect(201, "POST", "/v3/globalRoleBindings", {"userId": user, "globalRoleId": "user"})
    other = server.expect(201, "POST", "/v3/projects", {
        "name": "theirs", "clusterId": place.cluster})["id"]
    server.expect(201, "POST", "/v3/projectRoleTemplateBindings", {
        "projectId": other, "userId": user, "roleTemplateId": "project-owner"})
    token = server.expect(201, "POST", "/v3-public/localProviders/local?action=login", {
        "username": "lin-" + place.cluster, "password": "a long password of lin"})["token"]
    wait_for("their own project", lambda: server.ask(
        "GET", f"/v3/project/{other}/services", token=token).status == 200, 10)
    answer = server.ask("POST", f"/v3/clusters/{place.cluster}?action=importYaml", {
        "yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: web}"}, token=token)
    assert answer.status == 400 and "forbidden" in answer.json["message"], answer
    for types in ("services", "ingresses", "dnsRecords", "horizontalPodAutoscalers",
                  "namespacedCertificates", "persistentVolumeClaims"):
        assert server.ask("GET", f"{place.base}/{types}", token=token).status == 403, types
        # Theirs does not show what is in another's namespace, whatever it is asked for.
        base = f"/v3/project/{other}/{types}"
        assert server.expect(200, "GET", base, token=token)["data"] == [], types
        assert server.ask("GET", f"{base}/web:plain", token=token).status in (403, 404), types
        answer = server.ask("DELETE", f"{base}/web:plain", token=token)
        assert answer.status in (403, 404), answer
    assert place.get("service", "plain")


def collections(place):
    """Every collection of a project and of its cluster has an answer, and none is 'no store found'."""
    for path in (place.base, place.there):
        surface = path.rsplit("/", 1)[0]
        for schema in place.server.expect(200, "GET", f"{surface}/schemas")["data"]:
            if "GET" not in (schema.get("collectionMethods") or []) or schema["id"] == "subscribe":
                continue
            answer = place.server.ask("GET", f"{path}/{schema['pluralName']}")
            assert "no store found" not in answer.body, (schema["id"], answer)
            assert answer.status == 200 or "is not installed" in answer.body or (
                schema["id"] == "apiService"), (schema["id"], answer)


def walk(place, authority):
    deployment(place)
    plain = services(place)
    records(place)
    tls = certificates(place, authority)
    ingresses(place)
    autoscalers(place)
    volumes(place)
    as_yaml(place)
    imports(place)
    of_crds(place)
    collections(place)
    nobody_else(place)
    place.deleted(tls, "secret", "tls")
    place.deleted(plain, "service", "plain")


def main():
    with tempfile.TemporaryDirectory(prefix="pdk-") as folder:
        folder = pathlib.Path(folder)
        authority = Authority(folder / "pki")
        with ControlPlane(folder / "plane") as plane, Paddock(folder / "paddock") as server:
            server.log_in()
            cluster = server.take_in(plane)
            for place in (Place(server, cluster, plane.admin),
                          Place(server, "local", server.kubeconfig)):
                walk(place, authority)
                print(f"{place.cluster}: every type made, changed, refused, deleted")
    print("far resources: as one in both clusters")


if __name__ == "__main__":
    main()
