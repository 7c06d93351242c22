// The API's own description, as it is served, held against the facts: every schema, every field of
// it, every option of every field.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/unit/engine/norman/differences.h"
#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::differences;
using tests::FreshServer;
using tests::NormanServer;

namespace {

constexpr std::string_view kHost = "https://paddock.test";

Json fact_file(std::string_view name) {
  std::ifstream in(std::string(NORMAN_SCHEMAS_DIR) + "/" + std::string(name) + ".json");
  REQUIRE(in);
  return MUST(parse_json(std::string(std::istreambuf_iterator<char>(in), {})));
}

// A fact's links have no host, and no cluster or project.
Json expected(Json schema, const std::string& path, const std::string& place) {
  if (Json* links = schema.find("links"))
    for (auto& [name, url] : links->as_object())
      url = Json(std::string(kHost) + place + url.as_string().substr(path.size()));
  return schema;
}

std::vector<std::string> compare(const Json& facts, const Json& served, const std::string& path,
                                 const std::string& place) {
  std::vector<std::string> out;
  const JsonArray &wanted = facts.find("data")->as_array(),
                  &given = served.find("data")->as_array();
  if (wanted.size() != given.size()) out.push_back("another number of schemas");
  for (size_t i = 0; i < std::min(wanted.size(), given.size()); i++)
    differences(std::string(wanted[i].str("id")), expected(wanted[i], path, place), given[i], out);
  for (const auto& [name, value] : facts.as_object()) {
    if (name == "data" || name == "links" || name == "sort") continue;
    differences(name, value, served.find(name) ? *served.find(name) : Json(), out);
  }
  return out;
}

struct Surface {
  std::string file, path, place;
  size_t schemas;
};
const Surface kSurfaces[] = {
    {"v3", "/v3", "/v3", 352},
    {"v3-cluster", "/v3/cluster", "/v3/cluster", 43},
    {"v3-cluster", "/v3/cluster", "/v3/cluster/local", 43},
    {"v3-project", "/v3/project", "/v3/project", 280},
    {"v3-project", "/v3/project", "/v3/project/local:p-x", 280},
    {"v3-public", "/v3-public", "/v3-public", 22},
    {"meta", "/meta", "/meta", 3},
};

}  // namespace

SCENARIO("every schema of every surface is the facts', field by field") {
  FreshServer server;
  std::string token = server.login();
  for (const Surface& surface : kSurfaces) {
    INFO(surface.place);
    Json facts = fact_file(surface.file);
    CHECK(facts.find("data")->size() == surface.schemas);
    auto reply = server.call("GET", surface.place + "/schemas", token);
    REQUIRE(reply.status == 200);
    CHECK_FALSE(reply.headers.get("X-Api-Schemas").empty());
    auto found = compare(facts, reply.body, surface.path, surface.place);
    for (const std::string& line : found) UNSCOPED_INFO(line);
    CHECK(found.empty());
    CHECK(reply.body.str({"links", "self"}) == std::string(kHost) + surface.place + "/schemas");
    // One by one they are the same documents.
    for (const Json& schema : facts.find("data")->as_array()) {
      std::string id(schema.str("id"));
      INFO(id);
      auto one = server.call("GET", surface.place + "/schemas/" + id, token);
      REQUIRE(one.status == 200);
      CHECK(one.body == expected(schema, surface.path, surface.place));
    }
  }
}

SCENARIO("the token API's schemas are those of /v3") {
  NormanServer server;
  std::string token = server.login();
  const Json facts = fact_file("v3-token-api");
  for (const Json& schema : facts.find("data")->as_array()) {
    auto one = server.call("GET", "/v3/schemas/" + std::string(schema.str("id")), token);
    std::vector<std::string> found;
    differences("", expected(schema, "/v3", "/v3"), one.body, found);
    for (const std::string& line : found) UNSCOPED_INFO(line);
    CHECK(found.empty());
  }
}

SCENARIO("the comparison sees every kind of difference") {
  Json facts = fact_file("v3");
  std::vector<std::string> paths;
  for (size_t at : {10u, 100u, 300u}) {
    const Json& schema = facts.find("data")->as_array()[at];
    for (const auto& [member, value] : schema.as_object()) {
      Json other = facts;
      Json& changed = other.find("data")->as_array()[at];
      SECTION(std::to_string(at) + member) {
        changed.set(member, "another");
        CHECK_FALSE(compare(facts, other, "/v3", "/v3").empty());
      }
    }
  }
  Json without = facts;
  Json* fields = without.find("data")->as_array()[40].find("resourceFields");
  REQUIRE(fields);
  fields->as_object().begin()->second.set("create", "maybe");
  std::vector<std::string> found;
  differences("", facts.find("data")->as_array()[40], without.find("data")->as_array()[40], found);
  CHECK(found.size() == 1);
}

SCENARIO("the roots are the facts'") {
  NormanServer server;
  std::string token = server.login();
  Json roots = fact_file("api-roots");
  for (std::string path : {"/v3", "/v3-public"}) {
    INFO(path);
    Json wanted = *roots.find(path);
    for (auto& [name, url] : wanted.find("links")->as_object())
      url = Json(std::string(kHost) + url.as_string());
    std::vector<std::string> found;
    differences("", wanted, server.call("GET", path, token).body, found);
    for (const std::string& line : found) UNSCOPED_INFO(line);
    CHECK(found.empty());
  }
}

SCENARIO("schemas come and go with the DynamicSchema objects, while the server runs") {
  FreshServer server;
  const std::string token = server.login();
  auto status = [&](std::string_view id) {
    return server.call("GET", "/v3/schemas/" + std::string(id), token).status;
  };
  auto listed = [&](std::string_view id) {
    auto all = server.call("GET", "/v3/schemas", token);
    for (const Json& schema : all.body.find("data")->as_array())
      if (schema.str("id") == id) return true;
    return false;
  };
  auto field = [&](std::string_view of, std::string_view name) {
    auto schema = server.call("GET", "/v3/schemas/" + std::string(of), token);
    return schema.body.at({"resourceFields", name}) != nullptr;
  };
  CHECK(status("cumulusconfig") == 404);
  CHECK(listed("azureconfig"));
  // Of a driver that is not active: described, and in no list.
  CHECK(status("googleconfig") == 200);
  CHECK_FALSE(listed("googleconfig"));
  auto made = [&](std::string_view name, std::string_view spec) {
    Json object = Json::object(
        {{"metadata", Json::object({{"name", name}})}, {"spec", MUST(parse_json(spec))}});
    return server.put("dynamicschemas", "", std::move(object));
  };
  made("cumulusconfig",
       R"({"resourceFields":{"size":{"type":"int","create":true,"update":true,
           "default":{"intValue":4,"stringValue":"","boolValue":false,"stringSliceValue":null}},
           "secret":{"type":"password","create":true,"update":true,"required":true}}})");
  CHECK(status("cumulusconfig") == 200);
  CHECK_FALSE(listed("cumulusconfig"));
  made("extra",
       R"({"embed":true,"embedType":"nodeTemplate","resourceFields":{
           "cumulusConfig":{"type":"cumulusconfig","create":true,"update":true,"nullable":true},
           "name":{"type":"int"}}})");
  CHECK(listed("cumulusconfig"));
  CHECK(field("nodeTemplate", "cumulusConfig"));
  // What the API has itself is not another's to change.
  made("user", R"({"resourceFields":{"any":{"type":"string"}}})");
  made("of-users",
       R"({"embed":true,"embedType":"user","resourceFields":{"username":{"type":"int"}}})");
  CHECK_FALSE(field("user", "any"));
  auto user = server.call("GET", "/v3/schemas/user", token);
  CHECK(user.body.str({"resourceFields", "username", "type"}) == "string");
  auto name = server.call("GET", "/v3/schemas/nodeTemplate", token);
  CHECK(name.body.str({"resourceFields", "name", "type"}) == "string");
  // An object with such a field: checked, kept, its secret never shown.
  const std::string bad = R"({"name":"t","cumulusConfig":{"size":"many","secret":"s"}})";
  auto refused = server.call("POST", "/v3/nodeTemplates", token, bad);
  CHECK(refused.status == 422);
  CHECK(refused.body.str("code") == "InvalidFormat");
  auto good = server.call("POST", "/v3/nodeTemplates", token,
                          R"({"name":"t","cumulusConfig":{"secret":"s"}})");
  REQUIRE(good.status == 201);
  CHECK(good.body.integer({"cumulusConfig", "size"}) == 4);
  CHECK(good.body.at({"cumulusConfig", "secret"}) == nullptr);
  const std::string self = "/v3/nodeTemplates/" + std::string(good.body.str("id"));
  CHECK(server.call("GET", self, token).body.integer({"cumulusConfig", "size"}) == 4);
  auto all = server.kinds->snapshot()->stored("management.cattle.io", "dynamicschemas");
  MUST(server.registry.remove(*all, "", "extra", {.user = {.name = "tester"}}));
  CHECK_FALSE(listed("cumulusconfig"));
  CHECK_FALSE(field("nodeTemplate", "cumulusConfig"));
  CHECK(server.call("GET", self, token).body.find("cumulusConfig") == nullptr);
}
