// What deleting a project would do is said first, and nothing is done.
#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::NormanServer;

SCENARIO("a DELETE that is tried tells what it would do, and does nothing") {
  NormanServer server;
  std::string token = server.login();
  server.put("clusters", "",
             Json::object({{"metadata", Json::object({{"name", "local"}})},
                           {"spec", Json::object({{"displayName", "local"}})}}));
  auto made = server.call("POST", "/v3/projects", token, R"({"name":"Shop","clusterId":"local"})");
  REQUIRE(made.status == 201);
  const std::string id(made.body.str("id"));
  // Its bindings may come with the next request: the place is there.
  auto bound = server.call("POST", "/v3/projectRoleTemplateBindings", token,
                           R"({"projectId":")" + id + R"(","roleTemplateId":"project-member",
                               "userId":")" +
                               server.admin_id + "\"}");
  CHECK(bound.status != 404);
  for (std::string name : {"web", "db"})
    REQUIRE(server
                .call("POST", "/v3/cluster/local/namespaces", token,
                      R"({"name":")" + name + R"(","projectId":")" + id + "\"}")
                .status == 201);

  auto told = server.call("DELETE", "/v3/projects/" + id + "?dryRun=All", token);
  REQUIRE(told.status == 200);
  CHECK(told.body.str("type") == "projectRemoval");
  REQUIRE(told.body.find("namespaces"));
  CHECK(told.body.find("namespaces")->size() == 2);
  CHECK(told.body.str("message").find("2 namespaces (db, web) stay") != std::string_view::npos);
  CHECK(server.call("GET", "/v3/projects/" + id, token).status == 200);

  // Another type says the object, and keeps it; what cannot be tried is not done instead.
  for (std::string value : {"false", "all", ""})
    CHECK(server.call("DELETE", "/v3/projects/" + id + "?dryRun=" + value, token).status == 422);
  CHECK(server.call("PUT", "/v3/projects/" + id + "?dryRun=All", token, R"({"name":"Other"})")
            .status == 422);
  CHECK(server.call("GET", "/v3/projects/" + id, token).body.str("name") == "Shop");
  // Who may not delete is told nothing.
  auto reader = server.request("DELETE", "/v3/projects/" + id + "?dryRun=All");
  reader.user.name = "u-reader";
  server.authorizer.readers.insert("u-reader");
  CHECK(server.reply_of(server.norman->handle(reader)).status == 403);
}
