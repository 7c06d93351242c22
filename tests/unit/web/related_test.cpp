// Which pods belong to an object, and how amounts of use are told.
#include <catch2/catch_all.hpp>

#include "web/pages/actions.h"
#include "web/pages/related.h"

using namespace web;
using engine::Json;

namespace {

ApiKind kind(const char* group, const char* plural) {
  ApiKind k;
  k.group = group;
  k.plural = plural;
  return k;
}

Json json(std::string_view text) {
  auto parsed = engine::parse_json(text);
  REQUIRE(parsed);
  return *parsed;
}

}  // namespace

TEST_CASE("pods of a workload are found by its whole selector") {
  const Json d = json(
      R"({"spec":{"selector":{"matchLabels":{"app":"a"},"matchExpressions":[
        {"key":"tier","operator":"In","values":["x","y"]},{"key":"old","operator":"DoesNotExist"}]}}})");
  CHECK(pod_query(kind("apps", "deployments"), d) ==
        "labelSelector=app%3Da%2Ctier%20in%20%28x%2Cy%29%2C%21old");
  CHECK(pod_query(kind("", "services"), json(R"({"spec":{"selector":{"app":"a"}}})")) ==
        "labelSelector=app%3Da");
  CHECK(pod_query(kind("", "nodes"), json(R"({"metadata":{"name":"n1"}})")) ==
        "fieldSelector=spec.nodeName%3Dn1");
  CHECK(pod_query(kind("", "services"), json(R"({"spec":{}})")).empty());
  CHECK(pod_query(kind("", "configmaps"), json(R"({"spec":{"selector":{"a":"b"}}})")).empty());
}

TEST_CASE("amounts of use are short, and unknown is no zero") {
  CHECK(cpu_text(0.0024) == "2m");
  CHECK(cpu_text(0.212) == "212m");
  CHECK(cpu_text(12.44) == "12.4");
  CHECK(memory_text(198.0 * 1048576) == "198Mi");
  CHECK(memory_text(32.5 * 1073741824) == "32.5Gi");
  CHECK(cpu_text(-1) == "\xe2\x80\x93");
  CHECK(memory_text(-1) == "\xe2\x80\x93");
}

TEST_CASE("only what has replicas scales, only what rolls restarts") {
  CHECK(can_scale(kind("apps", "statefulsets")));
  CHECK(!can_scale(kind("apps", "daemonsets")));
  CHECK(can_restart(kind("apps", "daemonsets")));
  CHECK(!can_restart(kind("apps", "replicasets")));
  CHECK(!can_scale(kind("example.org", "deployments")));
}
