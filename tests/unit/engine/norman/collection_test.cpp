// Collections against what a 2.5 server answered (examples.json).
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "engine/norman/collection.h"
#include "engine/norman/target.h"

using namespace engine;

namespace {

const SchemaSet& schemas() {
  static const SchemaSet set;
  return set;
}

Json read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return MUST(parse_json(std::string(std::istreambuf_iterator<char>(in), {})));
}

const Json& example(std::string_view request) {
  static const Json all = read_file(std::string(NORMAN_TEST_DIR) + "/examples.json");
  const Json* found = all.find(request);
  REQUIRE(found);
  return *found->find("body");
}

JsonArray all_settings() {
  Json file = read_file(std::string(NORMAN_FACTS_DIR) + "/management/facts/settings.json");
  JsonArray out;
  for (const Json& setting : file.find("settings")->as_array())
    out.push_back(Json::object({{"id", setting.str("name")},
                                {"name", setting.str("name")},
                                {"value", setting.str("default")}}));
  return out;
}

Json collection(std::string_view type, std::string_view raw_query, JsonArray objects) {
  const SchemaView* schema = schemas().published("/v3", type);
  Query query = Query::parse(raw_query);
  return make_collection({*schema, query, "/v3/" + schema->plural(), schema->collection_path(), {}},
                         std::move(objects));
}

}  // namespace

SCENARIO("the documents around lists are those of the examples, key for key") {
  for (std::string_view query :
       {"name=server-url", "name_in=server-url&name_in=telemetry-opt", "name_ne=server-url&limit=1",
        "nosuchfilter=1&limit=1", "sort=name&order=desc&limit=1"}) {
    INFO(query);
    Json made = collection("setting", query, all_settings());
    const Json& wanted = example("/v3/settings?" + std::string(query));
    for (std::string_view part : {"pagination", "filters", "sort", "createTypes", "actions",
                                  "links", "resourceType", "type"}) {
      INFO(part);
      REQUIRE(made.find(part));
      CHECK(*made.find(part) == *wanted.find(part));
    }
    REQUIRE(made.find("data")->size() == wanted.find("data")->size());
    for (size_t i = 0; i < made.find("data")->size(); ++i)
      CHECK(made.find("data")->as_array()[i].str("id") ==
            wanted.find("data")->as_array()[i].str("id"));
  }
}

SCENARIO("empty collections of other types look like the examples too") {
  for (std::string_view type : {"tokens", "preferences", "clusterTemplates", "fleetWorkspaces"}) {
    INFO(type);
    Json made = collection(type, "", {});
    CHECK(made == example("/v3/" + std::string(type)));
  }
}

SCENARIO("every modifier filters") {
  auto objects = [] {
    return JsonArray{Json::object({{"id", "a"}, {"name", "alpha"}, {"description", "x"}}),
                     Json::object({{"id", "b"}, {"name", "beta"}}),
                     Json::object({{"id", "c"}, {"name", "gamma"}, {"description", "y"}})};
  };
  auto ids = [&](std::string_view query) {
    std::string out;
    Json made = collection("user", query, objects());
    for (const Json& object : made.find("data")->as_array()) out += object.str("id");
    return out;
  };
  CHECK(ids("name=beta") == "b");
  CHECK(ids("name_ne=beta") == "ac");
  CHECK(ids("name_in=alpha,beta") == "ab");
  CHECK(ids("name_notin=alpha,beta") == "c");
  CHECK(ids("name_like=%25a%25m%25") == "c");
  CHECK(ids("name_prefix=al") == "a");
  CHECK(ids("description_null=true") == "b");
  CHECK(ids("description_notnull=true") == "ac");
  CHECK(ids("sort=name&order=desc") == "cba");
  CHECK(ids("limit=1&marker=b") == "b");
}

SCENARIO("paths mean what the contract says") {
  auto at = [](std::string_view path) {
    auto target = resolve_target(schemas(), path);
    if (!target) return target.error().message();
    return target->path + "|" + target->context + "|" +
           (target->schema ? target->schema->id() : "") + "|" + target->id;
  };
  CHECK(at("/v3") == "/v3|||");
  CHECK(at("/v3/") == "/v3|||");
  CHECK(at("/v3/clusters") == "/v3||cluster|");
  CHECK(at("/v3/cluster/local") == "/v3||cluster|local");
  CHECK(at("/v3/clusters/local") == "/v3||cluster|local");
  CHECK(at("/v3/cluster/local/namespaces") == "/v3/cluster|local|namespace|");
  CHECK(at("/v3/clusters/local/namespaces/default") == "/v3/cluster|local|namespace|default");
  CHECK(at("/v3/cluster/schemas/namespace") == "/v3/cluster||namespace|namespace");
  CHECK(at("/v3/project/local:p-x/schemas/workload") == "/v3/project|local:p-x|workload|workload");
  CHECK(at("/v3/nosuch") == "failed to find schema nosuch");
  CHECK(at("/v3-public/localproviders/local") == "/v3-public||localProvider|local");
}
