// Actions: each that the schemas name works, or says in words why it is not there; what is offered
// can be done.
#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::FreshServer;

namespace {

struct World : FreshServer {
  std::string token;
  World() {
    token = login();
    for (std::string_view ns : {"cattle-global-data", "local", "p-one"})
      MUST(registry.create(*kinds->snapshot()->stored("", "namespaces"), "", named(ns),
                           {.user = {.name = "tester"}}));
  }
  static Json named(std::string_view name) {
    return Json::object({{"apiVersion", "v1"},
                         {"kind", "Namespace"},
                         {"metadata", Json::object({{"name", name}})}});
  }
  Reply act(const std::string& self, std::string_view action, std::string_view body = "{}") {
    return call("POST", self + "?action=" + std::string(action), token, std::string(body));
  }
  Reply get(const std::string& self) { return call("GET", self, token); }
  void provider(std::string_view name, std::string_view type, bool enabled) {
    put("authconfigs", "",
        Json::object(
            {{"metadata", Json::object({{"name", name}})}, {"type", type}, {"enabled", enabled}}));
  }
};

}  // namespace

SCENARIO("every action that a type of /v3 names answers by the contract") {
  World world;
  int asked = 0;
  const SchemaSet& schemas = world.norman->schemas();
  for (const std::string& id : schemas.ids("/v3")) {
    const SchemaView* schema = schemas.published("/v3", id);
    const Json* actions = schema->json().find("collectionActions");
    if (!actions || !schema->collection_method("GET") || id == "user" || id == "token" ||
        id == "principal")
      continue;
    for (const auto& [name, action] : actions->as_object()) {
      auto reply = world.act(schema->collection_path(), name);
      INFO(id << " " << name << " " << dump(reply.body));
      CHECK(reply.status == 404);
      CHECK(reply.body.str("code") == "ActionNotAvailable");
      CHECK_FALSE(reply.body.str("message").empty());
      ++asked;
    }
    auto listed = world.get(schema->collection_path());
    CHECK(listed.body.find("actions")->size() == 0);
  }
  CHECK(asked > 8);
}

SCENARIO("a catalog is not refreshed, and that is said") {
  World world;
  auto made = world.call("POST", "/v3/catalogs", world.token,
                         R"({"name":"c","url":"https://example.com"})");
  REQUIRE(made.status == 201);
  CHECK(made.body.find("actions") == nullptr);
  auto reply = world.act("/v3/catalogs/c", "refresh");
  CHECK(reply.body.str("code") == "ActionNotAvailable");
  CHECK(reply.body.str("message").find("fetches no catalogs") != std::string::npos);
}

SCENARIO("providers are switched off, and on only where their logins are") {
  World world;
  world.provider("github", "githubConfig", true);
  world.provider("okta", "oktaConfig", false);
  world.provider("local", "localConfig", true);
  const std::string all = "/v3/authConfigs/";
  auto github = world.get(all + "github");
  REQUIRE(github.status == 200);
  CHECK(github.body.str("type") == "githubConfig");
  const std::string self = "/v3/githubConfigs/github";
  CHECK(github.body.at({"actions", "disable"}) != nullptr);
  CHECK(github.body.at({"actions", "configureTest"}) == nullptr);
  for (std::string_view action : {"configureTest", "testAndApply"}) {
    auto reply = world.act(self, action);
    CHECK(reply.status == 404);
    CHECK(reply.body.str("code") == "ActionNotAvailable");
    CHECK_FALSE(reply.body.str("message").empty());
  }
  auto off = world.act(self, "disable");
  CHECK(off.status == 200);
  CHECK_FALSE(off.body.truth({"enabled"}));
  CHECK(world.get(all + "github").body.find("actions") == nullptr);
  CHECK(world.act(self, "disable").body.str("code") == "ActionNotAvailable");
  auto on = world.call("PUT", self, world.token, R"({"enabled":true})");
  CHECK(on.status == 422);
  CHECK(on.body.str("fieldName") == "enabled");
  CHECK(world.call("PUT", self, world.token, R"({"accessMode":"restricted"})").status == 200);
  // Of another provider there is no such object.
  CHECK(world.act("/v3/oktaConfigs/github", "disable").status == 404);
  CHECK(world.act("/v3/oktaConfigs/okta", "testAndEnable").status == 404);
  // The way in that is always there stays.
  auto local = world.get(all + "local");
  CHECK(local.body.at({"links", "remove"}) == nullptr);
  CHECK(
      world.call("PUT", all + "local", world.token, R"({"enabled":false})").body.str("fieldName") ==
      "enabled");
  CHECK(world.call("DELETE", all + "local", world.token).status == 405);
}

SCENARIO("revisions of cluster templates are enabled and disabled, but for a default one") {
  World world;
  auto revision = [&](std::string_view name) {
    world.put("clustertemplaterevisions", "cattle-global-data",
              Json::object(
                  {{"metadata", Json::object({{"name", name}})},
                   {"spec", Json::object({{"enabled", true},
                                          {"clusterTemplateName", "cattle-global-data:ct-1"}})}}));
    return "/v3/clusterTemplateRevisions/cattle-global-data:" + std::string(name);
  };
  world.put("clustertemplates", "cattle-global-data",
            Json::object(
                {{"metadata", Json::object({{"name", "ct-1"}})},
                 {"spec", Json::object({{"displayName", "t"},
                                        {"defaultRevisionName", "cattle-global-data:first"}})}}));
  const std::string first = revision("first"), second = revision("second");
  CHECK(world.get(second).body.at({"actions", "disable"}) != nullptr);
  CHECK(world.act(second, "enable").body.str("code") == "ActionNotAvailable");
  CHECK_FALSE(world.act(second, "disable").body.truth({"enabled"}));
  CHECK(world.get(second).body.at({"actions", "enable"}) != nullptr);
  CHECK(world.act(second, "enable").body.truth({"enabled"}));
  auto refused = world.act(first, "disable");
  CHECK(refused.status == 422);
  CHECK(refused.body.str("code") == "InvalidAction");
}

SCENARIO("projects are added to a global DNS entry, and taken away") {
  World world;
  world.put(
      "projects", "local",
      Json::object({{"metadata", Json::object({{"name", "p-one"}})},
                    {"spec", Json::object({{"displayName", "one"}, {"clusterName", "local"}})}}));
  world.put("globaldnses", "cattle-global-data",
            Json::object({{"metadata", Json::object({{"name", "gd-1"}})},
                          {"spec", Json::object({{"fqdn", "a.example.com"}})}}));
  const std::string self = "/v3/globalDnses/cattle-global-data:gd-1";
  const std::string one = R"({"projectIds":["local:p-one"]})";
  auto added = world.act(self, "addProjects", one);
  INFO(dump(added.body));
  CHECK(added.status == 200);
  REQUIRE(added.body.find("projectIds"));
  CHECK(world.act(self, "addProjects", one).body.find("projectIds")->size() == 1);
  auto wrong = world.act(self, "addProjects", R"({"projectIds":["local:p-none"]})");
  CHECK(wrong.body.str("code") == "InvalidReference");
  CHECK(wrong.body.str("fieldName") == "projectIds");
  CHECK(world.act(self, "removeProjects", one).body.find("projectIds")->size() == 0);
}

SCENARIO("a user that is made through the API has the roles that it is given, and no others") {
  World world;
  auto made = world.call("POST", "/v3/users", world.token,
                         R"({"username":"lin","name":"L","password":"a long enough one"})");
  REQUIRE(made.status == 201);
  auto users = world.kinds->snapshot()->stored("management.cattle.io", "users");
  auto stored = MUST(world.registry.get(*users, "", made.body.str("id"))).json();
  CHECK(stored.at({"metadata", "annotations",
                   "authz.management.cattle.io/creator-role-bindings"}) == nullptr);
}
