"""The ways to bring a cluster in, each from nothing to a kubeconfig that kubectl uses.

handed: the server gets the cluster's own kubeconfig, no agent at all. agent: a `paddock agent`
process beside the cluster. manifest: `kubectl apply` of what /v3/import serves; its Deployment
runs the program under test as a pod on the real node. remotedialer: the agent of others, which is
remotedialer's own client with the headers that such an agent sends.
"""

import base64
import contextlib
import hashlib
import json
import pathlib
import re
import time

import heavy
import images
from paddock import program
from proc import Daemon, run, wait_for

WAYS = ("handed", "agent", "remotedialer", "manifest")
SERVICE_ADDRESS = "10.96.0.1"  # kubernetes.default in ControlPlane's service range


class Importer:
    def __init__(self, steps, server, plane, real_node, directory):
        self.steps, self.server, self.plane = steps, server, plane
        self.node, self.dir = real_node, directory
        self.agent = self.cluster_id = None

    # Small pieces.

    def cluster(self, cluster_id):
        return self.server.expect(200, "GET", f"/v3/clusters/{cluster_id}")

    def state(self, cluster_id, wanted, timeout_s):
        def look():
            found = self.cluster(cluster_id)
            if found["state"] == wanted:
                return found
            raise ValueError(f"{found['state']}: {found.get('transitioningMessage')}")
        return wait_for(f"state {wanted}", look, timeout_s, interval_s=0.2)

    def create(self, way):
        body = {"type": "cluster", "name": f"e2e-{way}"}
        if way == "handed":
            body["importedConfig"] = {"kubeConfig": self.plane.admin.read_text()}
        made = self.server.expect(201, "POST", "/v3/clusters", body)
        assert re.fullmatch(r"c-[a-z0-9]{5,}", made["id"]), made["id"]
        assert "kubeConfig" not in str(made.get("importedConfig")), "a secret came back"
        if way != "handed":
            assert self.state(made["id"], "pending", 5)["transitioningMessage"]
        return made["id"]

    def registration(self, cluster_id):
        link = self.cluster(cluster_id)["links"]["clusterRegistrationTokens"]

        def look():
            listed = self.server.expect(200, "GET", link)
            return [t for t in listed["data"] if t.get("token")]
        return wait_for("a registration token", look, 10)[0]

    def ca_checksum(self):
        return hashlib.sha256(self.server.ask("GET", "/cacerts").body.encode()).hexdigest()

    # The ways.

    def start_agent(self, token, checksum, log="agent.log"):
        return Daemon("agent", [
            program(), "agent", f"--server={self.server.url}", f"--token={token}",
            f"--ca-checksum={checksum}", f"--kubeconfig={self.plane.admin}"], self.dir / log)

    def by_handed(self, _):
        """Nothing more to do."""

    def by_agent(self, cluster_id):
        self.agent = self.start_agent(self.registration(cluster_id)["token"], self.ca_checksum())

    def by_remotedialer(self, cluster_id):
        plane = self.plane
        plane.kubectl("create", "serviceaccount", "foreign", "--namespace=default")
        plane.kubectl("create", "clusterrolebinding", "foreign", "--clusterrole=cluster-admin",
                      "--serviceaccount=default:foreign")
        token = plane.kubectl("create", "token", "foreign", "--namespace=default").stdout.strip()
        ca_cert = base64.b64encode(plane.ca.cert.read_bytes()).decode()
        params = json.dumps({"cluster": {"address": f"{plane.address}:{plane.port}",
                                         "token": token, "caCert": ca_cert}})
        self.agent = Daemon("remotedialer-client", [
            plane.bin / "remotedialer-client", "-insecure",
            "-url", self.server.url.replace("https:", "wss:") + "/v3/connect",
            "-H", "X-API-Tunnel-Token: " + self.registration(cluster_id)["token"],
            "-H", "X-API-Tunnel-Params: " + base64.b64encode(params.encode()).decode(),
        ], self.dir / "remotedialer-client.log")

    def by_manifest(self, cluster_id):
        url = self.registration(cluster_id)["manifestUrl"]
        answer = self.server.ask("GET", url, headers={"Accept": "*/*"})
        assert answer.status == 200, answer
        image = re.search(r'^\s*image: *"?([^"\s]+)', answer.body, re.M).group(1)
        archive = images.write_program(self.dir / "agent.tar", image, program())
        self.node.ctr("images", "import", archive)
        host, port = self.plane.address, self.plane.port  # what kube-proxy would do
        run("iptables", "-t", "nat", "-A", "PREROUTING", "-d", SERVICE_ADDRESS, "-p", "tcp",
            "--dport", "443", "-j", "DNAT", "--to-destination", f"{host}:{port}")
        applied = self.plane.kubectl("apply", "-f", "-", stdin=answer.body)
        assert "deployment" in applied.stdout, applied.stdout

    # What must hold whatever the way.

    def refuses_strangers(self, cluster_id):
        """A wrong checksum and a wrong token: a clear word from the agent, the state untouched."""
        token, checksum = self.registration(cluster_id)["token"], self.ca_checksum()
        for case, given, said in (
                ("checksum", (token, "0" * 64), "checksum"),
                ("token", ("x" * len(token), checksum), "token")):
            agent = self.start_agent(*given, log=f"agent-wrong-{case}.log")
            log = pathlib.Path(agent.log_path)
            try:
                wait_for(f"the agent to complain of its {case}",
                         lambda: said in log.read_text().lower(), 10)
            finally:
                agent.stop()
        assert self.cluster(cluster_id)["state"] == "pending"

    def facts(self, cluster_id):
        """What the cluster says of itself appears, and is true."""
        def look():
            found = self.cluster(cluster_id)
            assert found["version"]["gitVersion"] == self.plane.bin.parent.name, found["version"]
            if self.node and (found["nodeCount"] != 1 or found["capacity"].get("pods") != "110"):
                raise ValueError(f"{found['nodeCount']} nodes, {found['capacity']}")
            if not found["conditions"] or not found.get("componentStatuses"):
                raise ValueError(f"{found['conditions']} {found.get('componentStatuses')}")
            return found
        return wait_for("version, nodes, capacity, conditions, components", look, 30)

    def kubeconfig(self, cluster_id, way):
        texts = [self.server.expect(200, "POST", f"/v3/clusters/{cluster_id}?action="
                                    "generateKubeconfig")["config"] for _ in range(2)]
        paths = []
        for number, text in enumerate(texts):
            assert f"{self.server.url}/k8s/clusters/{cluster_id}" in text, text
            paths.append(self.dir / f"{way}-{number}.kubeconfig")
            paths[-1].write_text(text)
            run(self.plane.bin / "kubectl", f"--kubeconfig={paths[-1]}", "get", "namespaces")
        return paths[0]

    def identity(self, kubeconfig):
        """Requests reach the cluster as the user; a claim of another identity does not."""
        base = [self.plane.bin / "kubectl", f"--kubeconfig={kubeconfig}"]
        whoami = run(*base, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}").stdout
        assert whoami and whoami != "test-admin", whoami
        forged = run(*base, "--as=somebody-else", "auth", "whoami",
                     "-o", "jsonpath={.status.userInfo.username}", check=False)
        assert "somebody-else" not in forged.stdout, forged.stdout

    def heavy(self, verbs, pods):
        self.steps.do(f"agent: 1 GB, an unread 1 GB and {heavy.FOLLOWED} logs beside a watch",
                      heavy.proof, self.server, self.cluster_id, verbs, self.agent.pid,
                      needs=[pods])

    def survives_agent_loss(self, cluster_id):
        self.agent.stop()
        self.state(cluster_id, "unavailable", 25)
        self.by_agent(cluster_id)
        self.state(cluster_id, "active", 30)

    def remove(self, cluster_id, way):
        begun = time.monotonic()
        answer = self.server.ask("DELETE", f"/v3/clusters/{cluster_id}")
        assert answer.status in (200, 204), answer
        wait_for("the cluster to be gone", lambda: self.server.ask(
            "GET", f"/v3/clusters/{cluster_id}").status == 404, 10)
        if way == "manifest":
            self.plane.kubectl("delete", "namespace", "cattle-system", "--ignore-not-found",
                               "--timeout=60s", timeout_s=70)
        left = self.plane.kubectl("get", "namespaces", "-o", "jsonpath={.items[*].metadata"
                                  ".finalizers}").stdout
        assert not left.strip(), f"finalizers left on namespaces: {left}"
        return time.monotonic() - begun

    def stops_in_time(self):
        begun = time.monotonic()
        code = self.server.stop()
        assert code == 0 and time.monotonic() - begun < 5, (code, time.monotonic() - begun)

    def show_agent(self, way):
        """After a failure: what the agent, or its pod, says."""
        if way == "manifest":
            for args in (("describe", "pods"), ("logs", "deployment/cattle-cluster-agent")):
                told = self.plane.kubectl("--namespace=cattle-system", *args, check=False)
                self.steps.say(told.stdout[-3000:] + told.stderr[-1000:])
        elif self.agent:
            self.steps.say(self.agent.tail())

    @contextlib.contextmanager
    def imported(self, way):
        """Gives the path of a kubeconfig, or None where a step failed; removes the cluster."""
        do = self.steps.do
        if way == "manifest" and not self.node:
            self.steps.skip(f"{way}: import", "its Deployment needs a node")
            yield None
            return
        cluster_id = do(f"{way}: create the cluster", self.create, way, needs=["log in"])
        self.cluster_id = cluster_id
        if not cluster_id:
            yield None
            return
        try:
            if way == "agent":
                do(f"{way}: wrong checksum, wrong token are refused", self.refuses_strangers,
                   cluster_id)
            do(f"{way}: bring it in", getattr(self, f"by_{way}"), cluster_id)
            active = f"{way}: becomes active"
            if not do(active, self.state, cluster_id, "active", 60,
                      needs=[f"{way}: bring it in"]):
                self.show_agent(way)
            do(f"{way}: version, nodes, capacity, conditions, components", self.facts, cluster_id,
               needs=[active])
            path = do(f"{way}: generateKubeconfig, twice", self.kubeconfig, cluster_id, way,
                      needs=[active])
            if path:
                do(f"{way}: identity is the user's, not a claimed one", self.identity, path)
            yield path
            if way == "agent":
                do(f"{way}: lost agent is seen, and comes back", self.survives_agent_loss,
                   cluster_id, needs=[active])
        finally:
            do(f"{way}: removed within 10 s", self.remove, cluster_id, way)
            if self.agent:
                self.agent.stop()
                self.agent = None
