// Which pods a drain evicts, which it refuses, and what wishes become on the node.
#include "engine/cluster/node_drain.h"

#include <catch2/catch_test_macros.hpp>

using namespace engine;

namespace {
Json pods(std::string_view text) {
  return MUST(parse_json(text));
}
}  // namespace

TEST_CASE("a drain evicts what a controller makes again, and refuses the rest unless told to") {
  const Json list = pods(R"([
    {"metadata":{"namespace":"a","name":"web","uid":"1","ownerReferences":[
       {"kind":"ReplicaSet","controller":true}]}},
    {"metadata":{"namespace":"a","name":"agent","uid":"2","ownerReferences":[
       {"kind":"DaemonSet","controller":true}]}},
    {"metadata":{"namespace":"a","name":"bare","uid":"3"}},
    {"metadata":{"namespace":"a","name":"done","uid":"4"},"status":{"phase":"Succeeded"}},
    {"metadata":{"namespace":"a","name":"static","uid":"5",
       "annotations":{"kubernetes.io/config.mirror":"x"}}},
    {"metadata":{"namespace":"a","name":"cache","uid":"6","ownerReferences":[
       {"kind":"ReplicaSet","controller":true}]},"spec":{"volumes":[{"emptyDir":{}}]}}])");
  auto plan = plan_drain(list.as_array(), {});
  CHECK(plan.refusals.size() == 2);
  plan = plan_drain(list.as_array(), {.force = true, .delete_local_data = true});
  CHECK(plan.refusals.empty());
  std::string names;
  for (const auto& pod : plan.pods) names += pod.name + " ";
  CHECK(names == "web bare done cache ");
  plan = plan_drain(list.as_array(),
                    {.force = true, .ignore_daemon_sets = false, .delete_local_data = true});
  REQUIRE(plan.refusals.size() == 1);
  CHECK(plan.refusals[0].find("a/agent") == 0);
}

TEST_CASE("wishes become one patch, and only those that were carried out go") {
  Json node = pods(R"({"spec":{"desiredNodeUnschedulable":"true","updateTaintsFromAPI":true,
      "desiredNodeTaints":[{"key":"k","effect":"NoSchedule"}],
      "metadataUpdate":{"labels":{"add":{"a":"b"},"delete":{"c":true}}}},"status":{}})");
  CHECK(dump(wished_patch(node)) ==
        R"({"metadata":{"labels":{"a":"b","c":null}},"spec":{"taints":[{"key":"k",)"
        R"("effect":"NoSchedule"}],"unschedulable":true}})");
  const Json done = *node.find("spec");
  node["spec"].set("desiredNodeUnschedulable", "false");
  CHECK(drop_wishes(node, done));
  CHECK(dump(*node.find("spec")) == R"({"desiredNodeUnschedulable":"false"})");
  CHECK(dump(wished_patch(node)) == R"({"spec":{"unschedulable":null}})");
}

TEST_CASE("labels that are sent back whole take away only what users may") {
  const Json now = pods(R"({"kubernetes.io/os":"linux","mine":"1","old":"2"})");
  CHECK(dump(map_wish(&now, pods(R"({"mine":"3"})"))) ==
        R"({"add":{"mine":"3"},"delete":{"old":true}})");
  CHECK(map_wish(&now, now).is_null());
}
