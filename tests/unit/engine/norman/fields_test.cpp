// Bodies and shapes, on the real schemas of the facts.
#include <catch2/catch_test_macros.hpp>

#include "engine/norman/fields.h"

using namespace engine;

namespace {

const SchemaSet& schemas() {
  static const SchemaSet set;
  return set;
}
const SchemaView& schema(std::string_view id, std::string_view path = "/v3") {
  const SchemaView* found = schemas().published(path, id);
  REQUIRE(found);
  return *found;
}
Result<Json> create(std::string_view id, std::string_view body) {
  return read_body(schemas(), schema(id), MUST(parse_json(body)), BodyUse::create);
}
std::string refused(const Result<Json>& result) {
  REQUIRE_FALSE(result);
  std::string field = result.error().causes().empty() ? "" : result.error().causes()[0].field;
  return std::to_string(result.error().code()) + " " + result.error().reason() + " " + field;
}

}  // namespace

SCENARIO("types are found by id and by plural, without regard to case") {
  CHECK(schemas().published("/v3", "clusterregistrationtokens")->id() ==
        "clusterRegistrationToken");
  CHECK(schemas().published("/v3", "Cluster")->id() == "cluster");
  CHECK(schemas().published("/v3", "pods") == nullptr);
  CHECK(schemas().any("/v3", "/v3/schemas/objectMeta")->id() == "objectMeta");
  CHECK(schemas().published("/v3", "project")->namespaced());
  CHECK_FALSE(schemas().published("/v3", "cluster")->namespaced());
  CHECK(schemas().published("/v3", "githubConfig")->base_type() == "authConfig");
  CHECK(schemas().ids("/v3").size() == 338);
  CHECK(schemas().ids("/v3/cluster").size() == 43);
  CHECK(schemas().ids("/v3/project").size() == 280);
  CHECK(schemas().ids("/v3-public").size() == 22);
}

SCENARIO("a body loses what is unknown or read-only, and gains defaults") {
  auto made =
      create("cluster", R"({"name":"a","state":"active","links":{},"nosuch":1,"created":"x"})");
  REQUIRE(made);
  CHECK(made->str("name") == "a");
  CHECK_FALSE(made->find("state"));
  CHECK_FALSE(made->find("links"));
  CHECK_FALSE(made->find("nosuch"));
  CHECK(made->str("dockerRootDir") == "/var/lib/docker");
}

SCENARIO("what a body lacks or spells wrongly is refused with the contract's code and the field") {
  CHECK(refused(create("catalog", R"({"name":"okname"})")) == "422 MissingRequired url");
  CHECK(refused(create("catalog", R"({"name":"-bad-","url":""})")) == "422 InvalidFormat name");
  CHECK(refused(create("project", R"({"name":"p"})")) == "422 MissingRequired clusterId");
  CHECK(refused(create("roleTemplate", R"({"name":"a","context":"nosuch"})")) ==
        "422 InvalidOption context");
  auto bad = create("catalog", R"({"name":"-bad-","url":""})");
  CHECK(bad.error().message().starts_with(
      "InvalidFormat 422: invalid value -bad-: a lowercase RFC 1123 label"));
}

SCENARIO("values are coerced as loosely as clients expect") {
  auto token =
      create("token", R"({"ttl":"3600000","description":5,"enabled":"false","userId":["u-1"]})");
  REQUIRE(token);
  CHECK(*token->find("ttl") == Json(3600000));
  CHECK(*token->find("description") == Json("5"));
  CHECK(*token->find("enabled") == Json(false));
  CHECK(*token->find("userId") == Json("u-1"));
  auto labels = create("token", R"({"labels":"text"})");
  REQUIRE(labels);
  CHECK_FALSE(labels->find("labels")->is_object());
}

SCENARIO("PUT merges deeply, clears with null, and leaves the server's own marks alone") {
  Json object = MUST(
      parse_json(R"({"name":"a","description":"d","labels":{"x":"1","cattle.io/creator":"norman"},
      "resourceQuota":{"limit":{"pods":"1","services":"2"}}})"));
  Json changes = MUST(parse_json(
      R"({"description":null,"labels":{"y":"2","cattle.io/creator":"me"},"resourceQuota":{"limit":{"pods":"5"}}})"));
  merge_update(schemas(), schema("project"), object, changes);
  CHECK_FALSE(object.find("description"));
  CHECK(*object.find("labels") == MUST(parse_json(R"({"cattle.io/creator":"norman","y":"2"})")));
  CHECK(object.str({"resourceQuota", "limit", "pods"}) == "5");
  CHECK(object.str("name") == "a");
}

SCENARIO("an answer has nulls for references, defaults, times in milliseconds, and no secrets") {
  Json object = MUST(parse_json(
      R"({"id":"token-x","created":"2026-11-22T22:10:47Z","token":"hash","ttl":0,"userId":"u-1"})"));
  Json shown = shape_object(schemas(), schema("token"), object, WriteOnly::hide);
  CHECK(*shown.find("createdTS") == Json(1795385447000));
  CHECK(shown.find("clusterId")->is_null());
  CHECK(*shown.find("isDerived") == Json(false));
  CHECK_FALSE(shown.find("token"));
  CHECK_FALSE(shown.find("description"));
  CHECK(shape_object(schemas(), schema("token"), object, WriteOnly::show).find("token"));
}

SCENARIO("a nested object says its type, unless type is a field of its own") {
  Json object = MUST(parse_json(
      R"({"answers":{"clusterId":"c"},"conditions":[{"type":"Ready","status":"True"}]})"));
  Json shown = shape_object(schemas(), schema("cluster"), object, WriteOnly::hide);
  CHECK(shown.str({"answers", "type"}) == "/v3/schemas/answer");
  CHECK(shown.find("conditions")->as_array()[0].str("type") == "Ready");
}
