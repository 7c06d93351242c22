#!/usr/bin/env python3
"""helm against the embedded API: a chart with a custom kind, hooks and RBAC is installed, upgraded,
rolled back and removed, as against any Kubernetes API server. `--oracle` runs the same against a
real kube-apiserver, which proves the steps.
"""

import argparse
import contextlib
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "peers"))

# pylint: disable=wrong-import-position
from control_plane import ControlPlane, peers_bin
from paddock import Paddock
from proc import run
from steps import Steps

DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "boats.test.example"}, "spec": {
        "group": "test.example", "scope": "Namespaced",
        "names": {"plural": "boats", "singular": "boat", "kind": "Boat"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
            "openAPIV3Schema": {"type": "object", "properties": {"spec": {
                "type": "object", "properties": {"sails": {"type": "integer"}}}}}}}]}}
TEMPLATES = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
  labels: {chart: "{{ .Chart.Name }}"}
data:
  colour: {{ .Values.colour }}
  before: {{ (lookup "v1" "Namespace" "" "kube-system").metadata.name | quote }}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: "{{ .Release.Name }}"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: "{{ .Release.Name }}"}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: "{{ .Release.Name }}"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: "{{ .Release.Name }}"}
subjects: [{kind: ServiceAccount, name: "{{ .Release.Name }}"}]
---
apiVersion: test.example/v1
kind: Boat
metadata: {name: "{{ .Release.Name }}"}
spec: {sails: {{ .Values.sails }}}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-hook
  annotations: {"helm.sh/hook": "pre-install,pre-upgrade",
                "helm.sh/hook-delete-policy": before-hook-creation}
stringData: {made: by-hook}
"""


def write_chart(folder):
    (folder / "templates").mkdir(parents=True)
    (folder / "crds").mkdir()
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: harbour\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text("colour: green\nsails: 2\n")
    (folder / "crds" / "boats.yaml").write_text(json.dumps(DEFINITION))
    (folder / "templates" / "all.yaml").write_text(TEMPLATES)
    return folder


class Helm:
    def __init__(self, programs, kubeconfig, folder):
        self.programs, self.kubeconfig = programs, kubeconfig
        self.chart = write_chart(folder / "harbour")
        self.env = {"HELM_CACHE_HOME": str(folder / "c"), "HELM_CONFIG_HOME": str(folder / "f"),
                    "HELM_DATA_HOME": str(folder / "d")}

    def helm(self, *args, **options):
        return run(self.programs / "helm", f"--kubeconfig={self.kubeconfig}",
                   "--namespace=harbour", *args, env=self.env, timeout_s=120, **options).stdout

    def get(self, what, path):
        return run(self.programs / "kubectl", f"--kubeconfig={self.kubeconfig}", "-n", "harbour",
                   "get", what, "-o", f"jsonpath={{{path}}}").stdout

    def install(self):
        self.helm("install", "one", self.chart, "--create-namespace", "--wait", "--timeout=60s")
        assert self.get("configmap/one-settings", ".data.colour") == "green"
        assert self.get("configmap/one-settings", ".data.before") == "kube-system"
        assert self.get("boat/one", ".spec.sails") == "2"
        assert self.get("secret/one-hook", ".data.made") == "YnktaG9vaw=="
        again = run(self.programs / "helm", f"--kubeconfig={self.kubeconfig}", "-n", "harbour",
                    "install", "one", self.chart, env=self.env, check=False)
        assert again.returncode == 1 and "still in use" in again.stderr, again

    def upgrade(self):
        self.helm("upgrade", "one", self.chart, "--set", "colour=blue,sails=3", "--wait")
        assert self.get("configmap/one-settings", ".data.colour") == "blue"
        assert self.get("boat/one", ".spec.sails") == "3"

    def history(self):
        found = json.loads(self.helm("history", "one", "-o", "json"))
        assert [(h["revision"], h["status"]) for h in found] == [
            (1, "superseded"), (2, "deployed")], found
        listed = json.loads(self.helm("list", "-o", "json"))
        assert [r["name"] for r in listed] == ["one"], listed
        assert "kind: Boat" in self.helm("get", "manifest", "one")
        assert "STATUS: deployed" in self.helm("status", "one")

    def rollback(self):
        self.helm("rollback", "one", "1", "--wait")
        assert self.get("configmap/one-settings", ".data.colour") == "green"
        assert self.get("boat/one", ".spec.sails") == "2"

    def dry_run(self):
        shown = self.helm("upgrade", "one", self.chart, "--dry-run=server", "--set", "sails=9")
        assert "sails: 9" in shown and self.get("boat/one", ".spec.sails") == "2", shown

    def uninstall(self):
        self.helm("uninstall", "one", "--wait", "--cascade=foreground")
        left = self.get("configmap,serviceaccount,role,rolebinding,boat", ".items[*].metadata.name")
        assert not {"one", "one-settings"} & set(left.split()), left


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--oracle", action="store_true")
    options = parser.parse_args()
    steps, programs = Steps("helm"), peers_bin()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pdk-")))
        if options.oracle:
            kubeconfig = stack.enter_context(ControlPlane(folder / "plane")).admin
        else:
            kubeconfig = stack.enter_context(Paddock(folder / "paddock")).kubeconfig
        helm = Helm(programs, kubeconfig, folder)
        for name in ("install", "upgrade", "history", "rollback", "dry_run", "uninstall"):
            steps.do(name, getattr(helm, name), needs=[] if name == "install" else ["install"])
    return steps.end()


if __name__ == "__main__":
    sys.exit(main())
