"""Makes core/bootstrap_policy.json from the golden files that Kubernetes keeps of its RBAC bootstrap
policy (module k8s.io/kubernetes v1.36.3, plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata).
usage: bootstrap_policy.py TESTDATA > bootstrap_policy.json   (needs PyYAML; run by hand, not by the build)
"""
import json
import pathlib
import sys

import yaml

FILES = ["cluster-roles", "controller-roles", "cluster-role-bindings", "controller-role-bindings",
         "namespace-roles", "namespace-role-bindings"]


def main(folder):
    objects = []
    for name in FILES:
        document = yaml.safe_load((pathlib.Path(folder) / (name + ".yaml")).read_text())
        for item in document["items"]:
            item["metadata"].pop("creationTimestamp", None)
            # A sum is made by the controller.
            if item.get("rules") is None or "aggregationRule" in item:
                item.pop("rules", None)
            objects.append(item)
    lines = [json.dumps(o, sort_keys=True, separators=(",", ":")) for o in objects]
    print("[\n" + ",\n".join(lines) + "\n]")


main(sys.argv[1])
