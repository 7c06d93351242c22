"""Sections about objects: everything kubectl does to things of kinds that are always there."""

import json
import re
import time

SECTIONS = []


def section(function):
    SECTIONS.append(function)
    return function


def config_map(name, data, **meta):
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap",
                       "metadata": {"name": name, **meta}, "data": data})


def in_namespace(pair, name):
    """Makes a namespace on both sides; returns a function that runs kubectl in it."""
    pair.k(f"create namespace {name}", code=0)

    def run(command, *args, **options):
        given = f"-n {name} {command}" if isinstance(command, str) else ["-n", name, *command]
        return pair.k(given, *args, **options)
    return run


@section
def create(pair):
    k = in_namespace(pair, "create")
    k("create configmap one --from-literal=a=1 --from-literal=b=2", code=0)
    k("create configmap one --from-literal=a=1", code=1)
    k("create secret generic hidden --from-literal=password=p", code=0)
    k("create secret tls pair --cert=/dev/null --key=/dev/null", code=1)
    k("create serviceaccount robot", code=0)
    k("create role reader --verb=get,list --resource=configmaps,secrets", code=0)
    k("create rolebinding readers --role=reader --serviceaccount=create:robot --user=u", code=0)
    pair.k("create clusterrole create-all --verb=* --resource=*.*", code=0)
    pair.k("create clusterrole create-url --verb=get --non-resource-url=/metrics", code=0)
    pair.k("create clusterrolebinding create-b --clusterrole=create-all --group=g", code=0)
    for what in ("configmap one", "secret hidden", "serviceaccount robot", "role reader",
                 "rolebinding readers", "clusterrole create-all", "clusterrole create-url",
                 "clusterrolebinding create-b"):
        k(f"get {what} -o yaml --show-managed-fields", code=0)
        k(f"get {what} -o json", code=0)
    k("create -f - -o yaml", config_map("two", {"k": "v"}, labels={"x": "y"}), code=0)
    k("create -f -", config_map("Bad_Name", {}), code=1)
    k("create -f -", config_map("", {}), code=1)
    k("create -f -", config_map("three", {"bad key!": "v"}), code=1)
    k("create -f -", config_map("three", {"k": 5}), code=1)
    k("create -f -", config_map("three", {}, labels={"-bad": "x"}), code=1)
    k("create -f -", config_map("three", {}, annotations={"a/b/c": "x"}), code=1)
    k("create -f -", config_map("three", {}, namespace="other"), code=1)
    pair.k("create -n nowhere -f -", config_map("three", {}), code=1)
    pair.k("create namespace 'not a name'", code=1)
    made = k("create -f - -o jsonpath={.metadata.name}", json.dumps({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "many-"}}),
        code=0, more=[("many-[a-z0-9]{5}$", "many-X")])
    pair.check("generateName", re.fullmatch("many-[a-z0-9]{5}", made[1].strip()), made)
    pair.k("delete namespace create --wait=false", code=0)
    pair.k("delete clusterrole create-all create-url", code=0)
    pair.k("delete clusterrolebinding create-b", code=0)


@section
def get(pair):
    k = in_namespace(pair, "get")
    for number in range(23):
        pair.both(f"-n get create configmap item-{number:02} --from-literal=n={number}")
    k("label configmap item-03 item-07 tier=gold", code=0)
    k("label configmap item-05 tier=iron", code=0)
    for view in ("", "-o wide", "-o yaml", "-o json", "-o name", "--show-labels", "-L tier",
                 "--no-headers", "-o jsonpath={.items[*].data.n}",
                 "-o custom-columns=NAME:.metadata.name,N:.data.n", "--show-kind",
                 "--sort-by=.data.n",
                 "-o 'go-template={{range .items}}{{.metadata.name}} {{end}}'"):
        k(f"get configmaps -l tier {view}", code=0)
    for selector in ("tier=gold", "tier!=gold", "'tier in (gold,iron)'", "'tier notin (gold)'",
                     "'!tier'", "tier,tier!=iron", "'tier in (gold'", "'=x'"):
        k(f"get configmaps -o name -l {selector}", lines="^(?!.*kube-root-ca)")
    for selector in ("metadata.name=item-03", "metadata.name!=item-03", "metadata.namespace=get",
                     "data.n=3", "metadata.name"):
        k(f"get configmaps -o name --field-selector {selector}", lines="^(?!.*kube-root-ca)")
    pair.k("get configmaps -A -l tier=gold", code=0)
    pair.k("get configmaps -A -l tier=gold -o wide", code=0)
    k("get configmaps --chunk-size=4 -o name", code=0, lines="^(?!.*kube-root-ca)")
    k("get configmap item-01 item-02", code=0)
    k("get configmap item-01 nothing", code=1)
    k("get configmap/item-01 secret/none", code=1)
    k("get nothings", code=1)
    k("get configmap nothing --ignore-not-found", code=0)
    pair.k("get namespace default get kube-system", code=0)
    pair.k("get namespace get -o yaml", code=0)
    pair.k("get namespaces --field-selector status.phase=Active -o name",
           lines="namespace/(default|kube-system|get)$")
    pair.k("get clusterroles -l kubernetes.io/bootstrapping=rbac-defaults -o name "
           "--field-selector metadata.name=cluster-admin", code=0)
    pair.k("get clusterrole cluster-admin -o yaml", code=0)
    pair.k("get clusterrolebinding cluster-admin -o wide", code=0)
    k("get secrets,serviceaccounts,roles,rolebindings", lines="^(?!default )")
    pair.k("delete namespace get --wait=false", code=0)


@section
def raw_lists(pair):
    """limit and continue, resourceVersion rules, Table and PartialObjectMetadata, by --raw."""
    in_namespace(pair, "raw")
    for number in range(7):
        pair.both(f"-n raw create configmap item-{number} --from-literal=n={number}")
        pair.both(f"-n raw label configmap item-{number} set=raw")
    base = "/api/v1/namespaces/raw/configmaps"
    # Items of a list carry their kind here (objects are served as the bytes that were stored);
    # upstream leaves it out for built-in kinds and writes it for custom ones.
    more = [(r'"continue": "[^"]+"', '"continue": "TOKEN"'),
            (r'^   "(apiVersion|kind)": "[^"]+",\n', "")]
    for query in ("", "?limit=3", "?limit=100", "?resourceVersion=0", "?resourceVersion=1",
                  "?resourceVersionMatch=Exact", "?resourceVersion=0&resourceVersionMatch=Exact",
                  "?resourceVersion=1&resourceVersionMatch=Nonsense",
                  "?limit=3&resourceVersion=0", "?resourceVersion=abc", "?limit=abc",
                  "?continue=nonsense", "?resourceVersionMatch=NotOlderThan",
                  "?continue=e30", "?fieldSelector=metadata.name%3Ditem-3"):
        query += ("&" if query else "?") + "labelSelector=set%3Draw"
        pair.k(["get", "--raw", base + query], more=more)
    for side in pair.sides:
        token, names, left = "", [], []
        while True:
            query = f"?labelSelector=set%3Draw&limit=3&continue={token}"
            page = json.loads(side.run(["get", "--raw", base + query], None, {}, 30)[1])
            names += [item["metadata"]["name"] for item in page["items"]]
            left.append(page["metadata"].get("remainingItemCount"))
            token = page["metadata"].get("continue", "")
            if not token:
                break
        pair.check(f"pages of {side.name}", names == [f"item-{n}" for n in range(7)], names)
    for path in ("/api", "/apis", "/api/v1/namespaces/raw/configmaps/none", "/api/v2", "/nothing",
                 "/apis/none.example", "/api/v1/namespaces/raw/nothings", "/livez", "/readyz",
                 "/healthz", "/api/v1/namespaces/raw", "/api/v1/configmaps?fieldSelector=a%3Db"):
        pair.k(["get", "--raw", path], more=[(r'"serverAddress": "[^"]+"', "ADDRESS")]
               if path == "/api" else (), lines="^code" if path == "/apis" else None)
    pair.k("delete namespace raw --wait=false", code=0)


@section
def describe(pair):
    k = in_namespace(pair, "describe")
    k("create configmap one --from-literal=a=1", code=0)
    k("create secret generic hidden --from-literal=password=p", code=0)
    k("create serviceaccount robot", code=0)
    k("create role reader --verb=get --resource=configmaps", code=0)
    k("create rolebinding readers --role=reader --user=u", code=0)
    for what in ("configmap one", "secret hidden", "serviceaccount robot", "role reader",
                 "rolebinding readers", "configmap none", "configmaps -l no=thing"):
        k(f"describe {what}")
    pair.k("describe namespace describe", code=0)
    pair.k("describe clusterrole cluster-admin", code=0)
    pair.k("delete namespace describe --wait=false", code=0)


@section
def apply(pair):
    k = in_namespace(pair, "apply")
    k("apply -f -", config_map("one", {"a": "1", "b": "2"}), code=0)
    k("apply -f -", config_map("one", {"a": "1", "b": "2"}), code=0)
    k("apply -f -", config_map("one", {"a": "1", "c": "3"}, labels={"x": "y"}), code=0)
    k("get configmap one -o yaml --show-managed-fields", code=0)
    k("apply view-last-applied configmap one", code=0)
    k("apply -f - --dry-run=server -o yaml", config_map("one", {"a": "9"}), code=0)
    k("apply -f - --dry-run=server", config_map("new", {"a": "9"}), code=0)
    k("get configmap new", code=1)
    k("apply -f -", config_map("one", {"a": "9"}, resourceVersion="1"), code=1)
    k("apply set-last-applied -f - --create-annotation", config_map("one", {"a": "1"}), code=0)
    k("apply -f -", config_map("none", {"a": "1"}, namespace="elsewhere"), code=1)
    pair.k("delete namespace apply --wait=false", code=0)


@section
def apply_server_side(pair):
    k = in_namespace(pair, "ssa")
    k("apply --server-side -f -", config_map("one", {"a": "1", "b": "2"}), code=0)
    k("get configmap one -o yaml --show-managed-fields", code=0)
    k("apply --server-side -f -", config_map("one", {"a": "1"}), code=0)
    k("get configmap one -o yaml --show-managed-fields", code=0)
    k("apply --server-side --field-manager=other -f -", config_map("one", {"a": "2"}), code=1)
    k("apply --server-side --field-manager=other -f -", config_map("one", {"a": "1"}), code=0)
    k("get configmap one -o yaml --show-managed-fields", code=0)
    k("apply --server-side --field-manager=other --force-conflicts -f -",
      config_map("one", {"a": "2", "d": "4"}), code=0)
    k("get configmap one -o yaml --show-managed-fields", code=0)
    k("apply --server-side -f -", config_map("one", {"a": "1"}), code=1)
    k("apply --server-side -f - --dry-run=server -o yaml", config_map("two", {"a": "1"}), code=0)
    k("apply -f -", config_map("legacy", {"a": "1", "b": "2"}), code=0)
    k("apply --server-side -f -", config_map("legacy", {"a": "1"}), code=0)
    k("get configmap legacy -o yaml --show-managed-fields", code=0)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"},
               "secrets": [{"name": "s1"}, {"name": "s2"}], "imagePullSecrets": [{"name": "p1"}]}
    k("apply --server-side -f -", json.dumps(account), code=0)
    account["secrets"] = [{"name": "s3"}, {"name": "s2"}]
    k("apply --server-side --field-manager=other -f -", json.dumps(account), code=0)
    k("get serviceaccount robot -o yaml --show-managed-fields", code=0)
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": "r"}, "rules": [
                {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
    k("apply --server-side -f -", json.dumps(role), code=0)
    role["rules"][0]["verbs"] = ["list"]
    k("apply --server-side --field-manager=other -f -", json.dumps(role), code=1)
    k("get role r -o yaml --show-managed-fields", code=0)
    pair.k("delete namespace ssa --wait=false", code=0)


@section
def edit_and_replace(pair):
    k = in_namespace(pair, "edit")
    k("create configmap one --from-literal=colour=green", code=0)
    k("edit configmap one", env={"KUBE_EDITOR": "sed -i s/green/blue/"}, code=0)
    k("get configmap one -o jsonpath={.data.colour}", code=0)
    k("edit configmap one", env={"KUBE_EDITOR": "true"}, code=0)
    k("edit configmap one", env={"KUBE_EDITOR": "sed -i 's/colour: blue/colour: 7/'"}, code=1,
      more=[(r"\"/tmp/\S+\"", "FILE")])
    k("replace -f -", config_map("one", {"x": "y"}), code=0)
    k("get configmap one -o yaml", code=0)
    k("replace -f -", config_map("one", {"x": "z"}, resourceVersion="1"), code=1)
    k("replace -f -", config_map("none", {"x": "z"}), code=1)
    k("replace --force -f -", config_map("one", {"forced": "yes"}), code=0)
    k("replace -f -", config_map("one", {"x": "y"}, uid="00000000-0000-0000-0000-000000000000"),
      code=1, more=[(r"StorageError: .*AdditionalErrorMsg: ", "")])  # its own store's words
    fixed = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fixed"},
             "data": {"a": "1"}, "immutable": True}
    k("create -f -", json.dumps(fixed), code=0)
    k("replace -f -", json.dumps({**fixed, "data": {"a": "2"}}), code=1)
    k("replace -f -", json.dumps({**fixed, "immutable": False}), code=1)
    k("create secret generic s --from-literal=a=1", code=0)
    k("patch secret s -p '{\"type\":\"other\"}'", code=1)
    pair.k("delete namespace edit --wait=false", code=0)


@section
def patch(pair):
    k = in_namespace(pair, "patch")
    k("create configmap one --from-literal=a=1 --from-literal=b=2", code=0)

    # Where upstream says only that something is wrong, or names a type of its program, ours says what.
    ours = [(r"(error in our request|error decoding patch|patch: Invalid value): .*", r"\1")]

    def change(kind, text, code, what="configmap one"):
        k(["patch", *what.split(), "--type", kind, "-p", text], code=code, more=ours)
        k(f"get {what} -o yaml", code=0)

    change("strategic", '{"data":{"a":"9","b":null}}', 0)
    change("strategic", '{"metadata":{"labels":{"x":"y"}}}', 0)
    change("strategic", '{"data":{"$patch":"replace","only":"1"}}', 0)
    change("strategic", '{"data":"text"}', 1)
    change("merge", '{"data":{"c":"3","only":null}}', 0)
    change("merge", '{"data":null}', 0)
    change("merge", '[1]', 1)
    change("merge", '{"metadata":{"name":"other"}}', 1)
    change("json", '[{"op":"add","path":"/data","value":{"z":"1"}}]', 0)
    change("json", '[{"op":"test","path":"/data/z","value":"1"},'
                   '{"op":"replace","path":"/data/z","value":"2"}]', 0)
    change("json", '[{"op":"test","path":"/data/z","value":"no"}]', 1)
    change("json", '[{"op":"remove","path":"/data/none"}]', 1)
    change("json", '[{"op":"move","from":"/data/z","path":"/data/y"},'
                   '{"op":"copy","from":"/data/y","path":"/data/a~1b"}]', 1)
    change("json", '{"op":"add"}', 1)
    change("json", '[{"op":"nonsense","path":"/data"}]', 1)
    k("create serviceaccount robot", code=0)
    robot = "serviceaccount robot"
    change("strategic", '{"secrets":[{"name":"a"},{"name":"b"}]}', 0, robot)
    change("strategic", '{"secrets":[{"name":"c"}]}', 0, robot)
    change("strategic", '{"secrets":[{"$patch":"delete","name":"a"}]}', 0, robot)
    change("strategic", '{"imagePullSecrets":[{"name":"p"}],'
                        '"$setElementOrder/secrets":[{"name":"c"},{"name":"b"}]}', 0, robot)
    change("merge", '{"secrets":[{"name":"only"}]}', 0, robot)
    k(["patch", "configmap", "none", "-p", "{}"], code=1)
    k(["patch", "configmap", "one", "-p", "{}"], code=0)
    pair.k("delete namespace patch --wait=false", code=0)


@section
def label_and_annotate(pair):
    k = in_namespace(pair, "label")
    k("create configmap one", code=0)
    for verb in ("label", "annotate"):
        k(f"{verb} configmap one a=1 b=2", code=0)
        k(f"{verb} configmap one a=1", code=0)
        k(f"{verb} configmap one a=2", code=1)
        k(f"{verb} configmap one a=2 --overwrite", code=0)
        k(f"{verb} configmap one b-", code=0)
        k(f"{verb} configmap one none-", code=0)
        k(f"{verb} configmap one --list", code=0)
        k(f"{verb} configmap one a=3 --overwrite --resource-version=1", code=1)
        k(f"{verb} configmap one a=3 --overwrite --dry-run=server -o yaml", code=0)
        k(f"{verb} configmap none a=3", code=1)
    k("label configmap one 'bad=a b'", code=1)
    k("label configmap --all all=yes", lines="configmap/one")
    pair.k("label namespace label n=1", code=0)
    k("get configmap one -o yaml --show-managed-fields", code=0)
    pair.k("delete namespace label --wait=false", code=0)


@section
def delete(pair):
    k = in_namespace(pair, "delete")
    for name in "abcdefgh":
        pair.both(f"-n delete create configmap {name}")
    k("label configmap c d pair=yes", code=0)
    k("delete configmap a", code=0)
    k("delete configmap a", code=1)
    k("delete configmap a --ignore-not-found", code=0)
    k("delete configmap b --dry-run=server", code=0)
    k("delete -f -", config_map("b", {}), code=0)
    k("delete configmap -l pair=yes", code=0)
    k("delete configmap e f --now", code=0)
    k("delete configmap g --cascade=orphan", code=0)
    k("delete configmap h --cascade=foreground", code=0)
    k("delete configmap --field-selector metadata.name=none", code=0)
    k("create -f -", config_map("held", {}, finalizers=["example.com/hold"]), code=0)
    k("delete configmap held --wait=false", code=0)
    k("get configmap held -o yaml", code=0)
    k("delete configmap held --timeout=1s", code=1)
    k("patch configmap held --type=merge -p '{\"metadata\":{\"finalizers\":[\"example.com/x\"]}}'",
      code=1)
    k("patch configmap held --type=merge -p '{\"metadata\":{\"finalizers\":null}}'", code=0)
    k("get configmap held", code=1)
    pair.k("delete namespace kube-system", code=1)
    pair.k("delete namespace delete", code=0, timeout_s=60)
    pair.k("get namespace delete", code=1)


@section
def owners_and_namespaces(pair):
    """Dependents are collected; a namespace ends only when all in it is gone."""
    k = in_namespace(pair, "owners")
    for side in pair.sides:
        def run(*args, stdin=None, side=side):
            return side.run(["-n", "owners", *args], stdin, {}, 30)
        run("create", "configmap", "parent")
        uid = run("get", "configmap", "parent", "-o", "jsonpath={.metadata.uid}")[1]
        for name in ("child", "other"):
            run("create", "-f", "-", stdin=config_map(name, {}, ownerReferences=[
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "parent", "uid": uid}]))
    k("get configmap child -o yaml", code=0)
    k("delete configmap parent", code=0)
    k("wait --for=delete configmap/child configmap/other --timeout=40s", code=0, timeout_s=50)
    k("create -f -", config_map("orphaned", {}, ownerReferences=[
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "never",
         "uid": "11111111-2222-3333-4444-555555555555"}]), code=0)
    k("wait --for=delete configmap/orphaned --timeout=40s", code=0, timeout_s=50)
    k("create -f -", config_map("held", {}, finalizers=["example.com/hold"]), code=0)
    pair.k("delete namespace owners --wait=false", code=0)
    time.sleep(2)
    pair.k("get namespace owners -o jsonpath={.status.phase}", code=0)
    k("create configmap late", code=1)
    k("get configmap held -o jsonpath={.metadata.finalizers}", code=0)
    k("patch configmap held --type=merge -p '{\"metadata\":{\"finalizers\":null}}'", code=0)
    # Where it is gone before kubectl looks, kubectl has nothing to say.
    pair.k("wait --for=delete namespace/owners --timeout=40s", code=0, timeout_s=50,
           more=[(r"^namespace/owners condition met\n", "")])


@section
def watch(pair):
    in_namespace(pair, "watch")

    def act():
        for command in ("create configmap one --from-literal=a=1", "label configmap one x=y",
                        "create configmap two", "label configmap one x-",
                        "delete configmap one --wait=false"):
            pair.both(f"-n watch {command}")
            time.sleep(0.2)

    for view in ("get configmaps -w --field-selector metadata.name!=kube-root-ca.crt",
                 "get configmaps --watch-only -o name",
                 "get configmaps -w --output-watch-events -l x=y",
                 "get configmaps -w --output-watch-events --field-selector metadata.name=one "
                 "-o jsonpath={.type}{.object.metadata.name}{.object.data.a}"):
        pair.both("-n watch delete configmap two --ignore-not-found")
        pair.watched(f"-n watch {view}", act)
    base = "/api/v1/namespaces/watch/configmaps?watch=1&timeoutSeconds=1"
    for query in ("&resourceVersion=abc", "&fieldSelector=metadata.name%3Dtwo",
                  "&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dnone",
                  "&resourceVersionMatch=Exact",
                  "&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch="
                  "NotOlderThan&fieldSelector=metadata.name%3Dtwo"):
        pair.k(["get", "--raw", base + query], timeout_s=20)
    pair.k("delete namespace watch --wait=false", code=0)


@section
def wait(pair):
    k = in_namespace(pair, "wait")
    k("create configmap one --from-literal=a=1", code=0)
    k("wait --for=jsonpath={.data.a}=1 configmap/one --timeout=5s", code=0)
    k("wait --for=jsonpath={.data.a}=2 configmap/one --timeout=1s", code=1)
    k("wait --for=create configmap/one --timeout=5s", code=0)
    k("wait --for=delete configmap/none --timeout=5s", code=0)
    k("wait --for=condition=Ready configmap/none --timeout=1s", code=1)
    pair.k("wait --for=jsonpath={.status.phase}=Active namespace/wait --timeout=5s", code=0)
    pair.k("delete namespace wait --wait=false", code=0)


@section
def diff(pair):
    k = in_namespace(pair, "diff")
    k("apply -f -", config_map("one", {"a": "1", "b": "2"}), code=0)
    k("diff -f -", config_map("one", {"a": "1", "b": "2"}), code=0)
    k("diff -f -", config_map("one", {"a": "1", "c": "3"}), code=1)
    k("diff -f -", config_map("new", {"a": "1"}), code=1)
    k("diff --server-side -f -", config_map("one", {"a": "5"}), code=1)
    pair.k("delete namespace diff --wait=false", code=0)


@section
def field_validation(pair):
    k = in_namespace(pair, "fields")
    unknown = config_map("one", {"a": "1"}).replace('"data"', '"extra": {"deep": 1}, "data"')
    twice = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"two"},' \
            '"data":{"a":"1"},"data":{"b":"2"}}'
    nested = json.dumps({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
                         "metadata": {"name": "r", "colour": "red"},
                         "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"],
                                    "colours": ["blue"]}]})
    for mode in ("strict", "warn", "ignore"):
        for text in (unknown, twice, nested):
            k(f"create --validate={mode} --dry-run=server -o yaml -f -", text)
    k("create --dry-run=server -f -", '{"kind":"ConfigMap","metadata":{"name":"x"}}', code=1)
    k("create --dry-run=server -f -", '{"apiVersion":"v1","kind":"None","metadata":{"name":"x"}}',
      code=1)
    k("create --dry-run=server -f -", "{not json", code=1)
    k("create --dry-run=server -f -", "a: b: c", code=1)
    k("create --validate=ignore --dry-run=server -f -", json.dumps({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "data": {"a": "not base64!"}}), code=1)
    pair.k("delete namespace fields --wait=false", code=0)


def autoscaler(version, **spec):
    return json.dumps({
        "apiVersion": f"autoscaling/{version}", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"}, "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 2, "maxReplicas": 5, **spec}})


@section
def two_shapes(pair):
    """One stored object in two versions of unlike shape."""
    k = in_namespace(pair, "shapes")
    one, two = (f"horizontalpodautoscalers.{v}.autoscaling" for v in ("v1", "v2"))
    k("create -f -", autoscaler("v1", targetCPUUtilizationPercentage=70), code=0)
    for kind in (one, two):
        k(f"get {kind} web -o yaml", code=0)
        k(f"get {kind}", code=0)
        k(f"get {kind} -o wide", code=0)
        k(f"get {kind} web -o json", code=0)
    k(f"patch {one} web --type=merge -p '{{\"spec\":{{\"maxReplicas\":7}}}}'", code=0)
    k(f"get {two} web -o yaml", code=0)
    pair.watched(f"-n shapes get {one} -w --output-watch-events",
                 lambda: k(f"label {two} web a=b", code=0))
    pair.watched(f"-n shapes get {two} -w --output-watch-events",
                 lambda: k(f"label {one} web c=d", code=0))
    k("replace -f -", autoscaler("v2", metrics=[
        {"type": "Resource", "resource": {"name": "memory", "target": {
            "type": "AverageValue", "averageValue": "1Gi"}}},
        {"type": "Pods", "pods": {"metric": {"name": "qps"}, "target": {
            "type": "AverageValue", "averageValue": "5"}}},
        {"type": "Object", "object": {
            "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "s"},
            "metric": {"name": "hits"}, "target": {"type": "Value", "value": "7"}}},
        {"type": "External", "external": {"metric": {"name": "queue"}, "target": {
            "type": "Value", "value": "30"}}},
        {"type": "Resource", "resource": {"name": "cpu", "target": {
            "type": "Utilization", "averageUtilization": 60}}}]), code=0)
    k(f"get {one} web -o yaml", code=0)
    k(f"get {two} web -o yaml", code=0)
    k(f"annotate {one} web note=kept", code=0)
    k(f"get {two} web -o yaml", code=0)
    k(f"delete {one} web", code=0)
    pair.k("delete namespace shapes --wait=false", code=0)


@section
def events(pair):
    k = in_namespace(pair, "events")
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e1"},
             "involvedObject": {"kind": "ConfigMap", "namespace": "events", "name": "one"},
             "reason": "Tested", "message": "a message", "type": "Normal", "count": 3,
             "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z",
             "source": {"component": "test"}}
    k("create -f -", json.dumps(event), code=0)
    k("get events", code=0)
    k("get events -o wide", code=0)
    k("get event e1 -o yaml", code=0)
    k("get events.v1.events.k8s.io e1 -o yaml", code=0)
    k("get events.v1.events.k8s.io", code=0)
    k("get events.v1.events.k8s.io -o wide", code=0)
    k("get events.v1.events.k8s.io --field-selector regarding.name=one -o name", code=0)
    k("get events.v1.events.k8s.io --field-selector involvedObject.name=two -o name", code=1)
    newer = {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e3"},
             "regarding": {"kind": "ConfigMap", "namespace": "events", "name": "two"},
             "reason": "Tested", "note": "another message", "type": "Warning", "action": "Test",
             "eventTime": "2026-01-01T00:00:00.000001Z", "reportingController": "test.example/c",
             "reportingInstance": "c-1"}
    k("create -f -", json.dumps(newer), code=0)
    k("get event e3 -o yaml", code=0)
    k("get events.v1.events.k8s.io e3 -o yaml", code=0)
    k("get events.v1.events.k8s.io e3 -o json", code=0)
    k("label events.v1.events.k8s.io e3 a=b", code=0)
    k("get events -l a=b", code=0)
    pair.watched("-n events get events.v1.events.k8s.io -w --output-watch-events -o name",
                 lambda: k("label event e1 x=y", code=0))
    pair.watched("-n events get events -w --output-watch-events",
                 lambda: k("label events.v1.events.k8s.io e3 x=y", code=0))
    k("delete events.v1.events.k8s.io e3", code=0)
    k("events", code=0)
    k("get events --field-selector reason=Tested,type=Normal -o name", code=0)
    k("get events --field-selector involvedObject.kind=Pod -o name", code=0)
    k("create configmap one", code=0)
    k("describe configmap one", code=0)
    k("create -f -", json.dumps({**event, "metadata": {"name": "e2"},
                                 "involvedObject": {"namespace": "elsewhere"}}), code=1)
    pair.k("delete namespace events --wait=false", code=0)
