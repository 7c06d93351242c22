// What a cluster says of itself, gathered over a transport that a test answers, and written.
#include <catch2/catch_all.hpp>

#include <map>

#include "engine/cluster/agent_removal.h"
#include "engine/cluster/facts.h"
#include "engine/cluster/manifest.h"
#include "engine/cluster/node_table.h"

using namespace engine;

namespace {

// Answers from a table, at once; counts what was asked.
class TableTransport final : public Transport {
 public:
  std::map<std::string, Response> answers;  // "GET /version"
  std::vector<std::string> asked;
  void call(ClusterCall call, Done done) override {
    const std::string path = call.target.substr(0, call.target.find('?'));
    asked.push_back(call.method + " " + path);
    bodies.push_back(call.body);
    const auto found = answers.find(asked.back());
    if (found == answers.end()) {
      done(Status::service_unavailable("nobody there"));
    } else {
      done(found->second);
    }
  }
  std::vector<std::string> bodies;
  void put(const std::string& what, int status, std::string body) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    answers[what] = std::move(response);
  }
};

std::string quantity(std::string_view text) {
  const auto read = Quantity::parse(text);
  return read ? read->text() : "refused";
}

}  // namespace

TEST_CASE("quantities are read and written as Kubernetes does") {
  CHECK(quantity("4") == "4");
  CHECK(quantity("3920m") == "3920m");
  CHECK(quantity("2000m") == "2");
  CHECK(quantity("1.5") == "1500m");
  CHECK(quantity("16265688Ki") == "16265688Ki");
  CHECK(quantity("1024Ki") == "1Mi");
  CHECK(quantity("1G") == "1G");
  CHECK(quantity("1e3") == "1k");
  CHECK(quantity("100n") == "1m");
  CHECK(quantity("1P") == "1P");
  CHECK(quantity("1E") == "refused");
  CHECK(quantity("") == "refused");
  CHECK(quantity("Ki") == "refused");
  CHECK(quantity("1.2.3") == "refused");
  CHECK(quantity("99999999999999999999999999") == "refused");
  Amounts sum;
  const Json a = Json::object({{"cpu", "500m"}, {"memory", "1Gi"}, {"pods", "110"}});
  sum.add(&a);
  sum.add(&a);
  CHECK(dump(sum.json()) == R"({"cpu":"1","memory":"2Gi","pods":"220"})");
}

TEST_CASE("facts come page by page and are written without what only time changes") {
  auto transport = std::make_shared<TableTransport>();
  transport->put("GET /version", 200, R"({"gitVersion":"v1.36.3+k3s1","major":"1"})");
  transport->put("GET /api/v1/componentstatuses", 200,
                 R"({"items":[{"metadata":{"name":"etcd-0"},
                     "conditions":[{"type":"Healthy","status":"True"}]}]})");
  ClusterFacts facts;
  gather_facts(transport, FactsWanted::components,
               [&](ClusterFacts got) { facts = std::move(got); });
  REQUIRE(facts.problem.empty());
  NodeTable table;
  NodeTable::Dirty dirty;
  table.nodes_begin();
  table.put_node(MUST(parse_json(R"({"metadata":{"name":"n1","labels":{"a":"b"}},
      "spec":{"podCIDR":"x"},"status":{"capacity":{"cpu":"4","pods":"110"},
      "allocatable":{"cpu":"3900m"},"images":[{"names":["big"]}],
      "conditions":[{"type":"Ready","status":"True","lastHeartbeatTime":"t1"}]}})")),
                 dirty);
  table.nodes_end(dirty);
  table.pods_begin();
  table.put_pod(MUST(parse_json(R"({"metadata":{"namespace":"d","name":"p"},"spec":{"nodeName":"n1",
      "containers":[{"resources":{"requests":{"cpu":"100m"}}},
      {"resources":{"requests":{"cpu":"50m"}}}],
      "initContainers":[{"resources":{"requests":{"cpu":"400m"}}}]}})")),
                dirty);
  table.pods_end(dirty);
  Json cluster = Json::object();
  const WallTime now = *parse_rfc3339("2026-11-24T06:00:00Z");
  write_facts(cluster, facts, {"https://10.0.0.1:443", "PEM"}, now);
  write_totals(cluster, table.totals());
  CHECK(cluster.str({"status", "version", "gitVersion"}) == "v1.36.3+k3s1");
  CHECK(cluster.str({"status", "provider"}) == "k3s");
  CHECK(cluster.integer({"status", "nodeCount"}) == 1);
  CHECK(cluster.str({"status", "capacity", "cpu"}) == "4");
  CHECK(cluster.str({"status", "requested", "cpu"}) == "400m");
  CHECK(cluster.str({"status", "requested", "pods"}) == "1");
  CHECK(cluster.at({"status", "componentStatuses"})->size() == 1);
  CHECK(find_condition(cluster, "Ready")->str("status") == "True");
  const Json before = cluster;
  write_facts(cluster, facts, {"https://10.0.0.1:443", "PEM"}, now + std::chrono::seconds(60));
  CHECK(cluster == before);

  auto work = table.work("n1");
  REQUIRE(work);
  const Json seen = MUST(parse_json(work->node));
  Json node;
  write_node(node, {"c-1", work->object_name, &seen, &*work->pods});
  CHECK(node.str({"metadata", "namespace"}) == "c-1");
  CHECK(node.str({"metadata", "name"}) == node_object_name("n1"));
  CHECK(node.str({"status", "nodeName"}) == "n1");
  CHECK(node.truth({"spec", "worker"}));
  CHECK(dump(node).find("lastHeartbeatTime") == std::string::npos);
  CHECK(dump(node).find("big") == std::string::npos);
}

TEST_CASE("a cluster that cannot be asked gives a problem, not half of the facts") {
  auto transport = std::make_shared<TableTransport>();
  ClusterFacts facts;
  gather_facts(transport, FactsWanted::version, [&](ClusterFacts got) { facts = std::move(got); });
  CHECK(facts.problem == "nobody there");
  transport->put("GET /version", 403, R"({"kind":"Status","message":"no","reason":"Forbidden"})");
  gather_facts(transport, FactsWanted::version, [&](ClusterFacts got) { facts = std::move(got); });
  CHECK(facts.problem == "the cluster's API answers 403: no");
  transport->put("GET /version", 200, "<html>");
  gather_facts(transport, FactsWanted::version, [&](ClusterFacts got) { facts = std::move(got); });
  CHECK(facts.problem == "the cluster's API answers what is no JSON");
}

TEST_CASE("removing our agent touches only what carries our label, and tells what stays") {
  auto transport = std::make_shared<TableTransport>();
  const std::string ours =
      R"({"metadata":{"uid":"u1","labels":{"app.kubernetes.io/managed-by":"paddock"}}})";
  const std::string bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/";
  AgentRemoval report;
  const auto run = [&] {
    transport->asked.clear();
    transport->bodies.clear();
    report = {};
    remove_agent(transport, [&](AgentRemoval got) { report = std::move(got); });
  };
  transport->put("GET " + bindings + "paddock-cluster-owners", 200, ours);
  transport->put("DELETE " + bindings + "paddock-cluster-owners", 200, "{}");
  transport->put("GET /api/v1/namespaces/cattle-system", 200, ours);
  transport->put("PATCH " + bindings + "cattle-admin-binding", 200, "{}");
  transport->put("DELETE /api/v1/namespaces/cattle-system", 200, "{}");
  run();
  CHECK(report.left.empty());
  CHECK(report.removed.size() == 3);
  CHECK(transport->asked.back() == "DELETE /api/v1/namespaces/cattle-system");
  CHECK(transport->bodies.back().find("\"uid\":\"u1\"") != std::string::npos);

  transport->put("GET /api/v1/namespaces/cattle-system", 200, R"({"metadata":{"uid":"u2"}})");
  run();
  CHECK(std::find(transport->asked.begin(), transport->asked.end(),
                  "DELETE /api/v1/namespaces/cattle-system") == transport->asked.end());

  transport->answers.clear();
  run();
  REQUIRE(report.left.size() == 2);
  CHECK(report.left[0].find("nobody there") != std::string::npos);
  CHECK(in_words({"a", "b", "c"}) == "a, b and c");
}
