// The mapper chains of the facts, run both ways.
#include <catch2/catch_test_macros.hpp>

#include "engine/norman/mapper.h"

using namespace engine;

namespace {

const SchemaSet& schemas() {
  static const SchemaSet set;
  return set;
}

Json to_api(std::string_view id, std::string_view stored, std::string_view path = "/v3") {
  const SchemaView* schema = schemas().published(path, id);
  REQUIRE(schema);
  Json object = MUST(parse_json(stored));
  Mapper(schemas()).to_api(*schema, object);
  return object;
}

// A value that fits the type, for a stored object in which every field is set.
Json sample(const Json& fields, std::string_view path, int depth);

Json sample_of(std::string_view type, std::string_view path, int depth) {
  TypeName name = split_type(type);
  if (name.is_reference()) return "ref-" + std::to_string(depth);
  if (name.is_array())
    return depth > 4 ? Json(JsonArray{}) : Json(JsonArray{sample_of(name.inner, path, depth + 1)});
  if (name.is_map())
    return depth > 4 ? Json::object()
                     : Json::object({{"key", sample_of(name.inner, path, depth + 1)}});
  if (name.outer == "int") return 7;
  if (name.outer == "boolean") return true;
  if (name.outer == "float") return 1.5;
  if (name.outer == "date") return "2026-11-22T22:10:47Z";
  const Json* nested = schemas().mapping(path, name.outer);
  if (nested && depth > 4) return Json::object();
  return nested ? sample(*nested->find("fields"), path, depth + 1) : Json("text");
}

Json sample(const Json& fields, std::string_view path, int depth) {
  Json out = Json::object();
  for (const auto& [name, field] : fields.as_object())
    out.set(name, sample_of(field.str("type"), path, depth));
  // One of them is all that a probe has.
  if (out.find("tcpSocket") && out.find("httpGet"))
    for (std::string_view other : {"exec", "httpGet"}) out.erase(other);
  return out;
}

}  // namespace

SCENARIO("a cluster's spec and status are laid flat, its display name is its name") {
  Json api = to_api(
      "cluster",
      R"({"apiVersion":"management.cattle.io/v3","kind":"Cluster","metadata":{"name":"c-abcde","uid":"u",
      "creationTimestamp":"2026-11-22T22:10:47Z","annotations":{"field.cattle.io/creatorId":"u-1","a":"b"}},
      "spec":{"displayName":"prod","clusterTemplateName":"ct-1"},"status":{"nodeCount":3,"driver":"imported"}})");
  CHECK(api.str("id") == "c-abcde");
  CHECK(api.str("name") == "prod");
  CHECK(api.str("clusterTemplateId") == "ct-1");
  CHECK(api.str("creatorId") == "u-1");
  CHECK(api.str("uuid") == "u");
  CHECK(*api.find("nodeCount") == Json(3));
  CHECK(*api.find("annotations") == Json::object({{"a", "b"}}));
  for (std::string_view gone :
       {"metadata", "spec", "status", "kind", "apiVersion", "displayName", "clusterTemplateName"})
    CHECK_FALSE(api.find(gone));
}

SCENARIO("a namespaced object's id has its namespace") {
  Json api = to_api(
      "project",
      R"({"metadata":{"name":"p-1","namespace":"c-1"},"spec":{"displayName":"Default","clusterName":"c-1"}})");
  CHECK(api.str("id") == "c-1:p-1");
  CHECK(api.str("clusterId") == "c-1");
  CHECK(api.str("name") == "Default");
}

SCENARIO("a node says of which cluster it is") {
  Json api = to_api("node", R"({"metadata":{"name":"machine-1","namespace":"c-1"},
      "spec":{"requestedHostname":"node-1"},"status":{"nodeName":"node-1"}})");
  CHECK(api.str("id") == "c-1:machine-1");
  CHECK(api.str("clusterId") == "c-1");
  CHECK(api.str("namespaceId") == "c-1");
  CHECK(api.str("nodeName") == "node-1");
}

SCENARIO("fields kept in annotations come out typed") {
  Json api = to_api("namespace",
                    R"({"metadata":{"name":"n","annotations":{"field.cattle.io/projectId":"c:p",
      "field.cattle.io/resourceQuota":"{\"limit\":{\"pods\":\"1\"}}","field.cattle.io/containerDefaultResourceLimit":"broken{"}}})",
                    "/v3/cluster");
  CHECK(api.str("projectId") == "c:p");
  CHECK(api.str({"resourceQuota", "limit", "pods"}) == "1");
  CHECK(api.find("containerDefaultResourceLimit")->is_null());
}

SCENARIO("every stored type survives the way out and back") {
  Mapper mapper(schemas());
  int types = 0;
  for (std::string_view path : {"/v3", "/v3/cluster", "/v3/project"})
    for (const std::string& id : schemas().ids(path)) {
      const SchemaView* schema = schemas().published(path, id);
      const Json* mapping = schemas().mapping(path, id);
      if (!mapping || !schema->collection_method("GET") || !mapper.knows(path, id)) continue;
      INFO(path << " " << id);
      Json stored = sample(*mapping->find("fields"), path, 0);
      if (!stored.find("metadata")) continue;
      Json api = stored;
      mapper.to_api(*schema, api);
      Json once = api;
      mapper.to_stored(*schema, once);
      // What clients may write must come back to the same place: out again, it must look the same.
      Json again = once;
      mapper.to_api(*schema, again);
      for (const Field& field : schema->fields()) {
        if (!field.create && !field.update) continue;
        const Json* before = api.find(field.name);
        if (!before || field.name == "id") continue;
        INFO(field.name);
        REQUIRE(again.find(field.name));
        CHECK(*again.find(field.name) == *before);
      }
      ++types;
    }
  CHECK(types > 60);
}
