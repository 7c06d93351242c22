// A fresh server's answers, whole, against those that a 2.5 server gave (examples.json).
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "engine/controllers/management/first_start.h"
#include "tests/unit/engine/norman/differences.h"
#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::differences;
using tests::NormanServer;

namespace {

constexpr std::string_view kHost = "https://paddock.test";

Json read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return MUST(parse_json(std::string(std::istreambuf_iterator<char>(in), {})));
}

struct FreshServer : NormanServer {
  FreshServer() {
    MUST(FirstStart(registry, dispatcher, users,
                    {.version = "dev",
                     .agent_image = "rancher/rancher-agent:master-head",
                     .password_hash = [] { return Result<std::string>("$argon2id$not-one"); }})
             .objects());
    // Settings that a 2.5 server did not have.
    auto settings = kinds->snapshot()->stored("management.cattle.io", "settings");
    for (std::string_view ours :
         {"audit-level", "audit-max-age-days", "audit-max-size-mb", "password-min-length"})
      MUST(registry.remove(*settings, "", ours, {.user = {.name = "tester"}}));
  }
};

// Marks that a 2.5 server's controllers leave on what they have seen.
bool foreign_mark(std::string_view key) {
  return key.starts_with("lifecycle.cattle.io/") || key.starts_with("cleanup.cattle.io/") ||
         key == "authz.management.cattle.io/creator-role-bindings" ||
         key == "authz.management.cattle.io/bootstrapped-role";
}

// What belongs to engines that are not here yet, or to other controllers: by request and place.
bool known_difference(std::string_view request, std::string_view line) {
  struct Known {
    std::string_view request, place;
  };
  static constexpr Known kKnown[] = {
      {"/v3/authConfigs", "actions"},
      {"/v3/catalogs", "actions"},
      {"/v3/catalogs", "links.remove"},
      {"/v3/cluster", "actions."},
      {"/v3/cluster", "conditions"},
      {"/v3/cluster", "links.shell"},
      {"/v3/globalRoles", "links.remove"},
      {"/v3/kontainerDrivers", "actions"},
      {"/v3/kontainerDrivers", "links.rancher-"},
      {"/v3/nodeDrivers", "actions"},
      {"/v3/roletemplates", "links.remove"},
  };
  return std::any_of(std::begin(kKnown), std::end(kKnown), [&](const Known& known) {
    return request.starts_with(known.request) &&
           line.substr(0, line.find(':')).find(known.place) != std::string_view::npos;
  });
}

// What differs from start to start.
void level(Json& value) {
  if (value.is_array())
    for (Json& item : value.as_array()) level(item);
  if (!value.is_object()) return;
  for (std::string_view gone : {"uuid", "created", "createdTS", "lastUpdateTime", "creatorId"})
    value.erase(gone);
  if (Json* marks = value.find("annotations"); marks && marks->is_object()) {
    std::vector<std::string> foreign;
    for (const auto& [key, mark] : marks->as_object())
      if (foreign_mark(key)) foreign.push_back(key);
    for (const std::string& key : foreign) marks->erase(key);
    if (marks->size() == 0) value.erase("annotations");
  }

  for (auto& [key, member] : value.as_object()) level(member);
}

void strip_host(Json& value) {
  if (value.is_string() && value.as_string().starts_with(kHost))
    value = Json(value.as_string().substr(kHost.size()));
  if (value.is_array())
    for (Json& item : value.as_array()) strip_host(item);
  if (value.is_object())
    for (auto& [key, member] : value.as_object()) strip_host(member);
}

}  // namespace

SCENARIO("a fresh server answers what a 2.5 server answered") {
  FreshServer server;
  std::string token = server.login();
  Json examples = read_file(std::string(NORMAN_TEST_DIR) + "/examples.json");
  for (const std::string request : {"/meta/schemas/error",
                                    "/v3-public/authProviders",
                                    "/v3-public/authProviders/local",
                                    "/v3/authConfigs",
                                    "/v3/authConfigs/github",
                                    "/v3/catalogs",
                                    "/v3/clusters/local",
                                    "/v3/cluster/local",
                                    "/v3/cluster/local/",
                                    "/v3/cluster/local/schemas/namespace",
                                    "/v3/cluster/schemas/namespace",
                                    "/v3/clusterTemplates",
                                    "/v3/clusters/schemas/namespace",
                                    "/v3/features",
                                    "/v3/fleetWorkspaces",
                                    "/v3/globalRoles/admin",
                                    "/v3/globalRoles?newUserDefault=true",
                                    "/v3/kontainerDrivers?limit=3",
                                    "/v3/ldapConfigs",
                                    "/v3/nodeDrivers/amazonec2",
                                    "/v3/nodeTemplates",
                                    "/v3/nosuch",
                                    "/v3/podSecurityPolicyTemplates/restricted",
                                    "/v3/pods",
                                    "/v3/project/local:p-x/schemas/workload",
                                    "/v3/project/schemas/workload",
                                    "/v3/roleTemplates/cluster-owner",
                                    "/v3/roletemplates?builtin=true&sort=name&order=desc&limit=2",
                                    "/v3/schemas/setting",
                                    "/v3/settings/nosuch",
                                    "/v3/settings/server-url",
                                    "/v3/settings?limit=2",
                                    "/v3/settings?limit=2&marker=api-ui-version",
                                    "/v3/settings?name=server-url",
                                    "/v3/clusterRegistrationTokens"}) {
    INFO(request);
    Json wanted = *examples.find(request)->find("body");
    auto reply = server.call("GET", request, token);
    CHECK(reply.status == examples.find(request)->integer({"status"}));
    Json given = reply.body;
    strip_host(given);
    level(wanted);
    level(given);
    std::vector<std::string> found;
    differences("", wanted, given, found);
    std::erase_if(found, [&](const std::string& line) { return known_difference(request, line); });
    for (const std::string& line : found) UNSCOPED_INFO(line);
    CHECK(found.empty());
  }
}

SCENARIO("a project links to what a 2.5 server's project links to") {
  FreshServer server;
  std::string token = server.login();
  Json examples = read_file(std::string(NORMAN_TEST_DIR) + "/examples.json");
  auto names = [](const Json& collection) {
    std::set<std::string> out;
    for (const auto& [name, url] :
         collection.find("data")->as_array()[0].find("links")->as_object())
      out.insert(name);
    return out;
  };
  auto wanted = names(*examples.find("/v3/projects")->find("body"));
  // Default and System stay.
  wanted.erase("remove");
  auto given = names(server.call("GET", "/v3/projects", token).body);
  given.erase("remove");
  CHECK(given == wanted);
}

SCENARIO("settings that the server or the environment knows cannot be set") {
  FreshServer server;
  std::string token = server.login();
  auto put = [&](std::string_view name) {
    return server.call("PUT", "/v3/settings/" + std::string(name), token, R"({"value":"x"})");
  };
  CHECK(put("ui-feedback-form").status == 200);
  auto set = server.call("GET", "/v3/settings/ui-feedback-form", token).body;
  CHECK(set.str("source") == "db");
  CHECK(set.str("value") == "x");
  CHECK(put("cacerts").status == 405);
  CHECK_FALSE(server.call("GET", "/v3/settings/cacerts", token).body.at({"links", "update"}));
  auto settings = server.kinds->snapshot()->stored("management.cattle.io", "settings");
  MUST(server.registry.modify(*settings, "", "ui-pl", {.user = {.name = "tester"}},
                              [](Json& object) -> Result<bool> {
                                object.set("source", "env");
                                object.set("value", "forced");
                                return true;
                              }));
  CHECK(put("ui-pl").body.str("code") == "MethodNotAllow");
  auto forced = server.call("GET", "/v3/settings/ui-pl", token).body;
  CHECK(forced.str("source") == "env");
  CHECK(forced.str("value") == "forced");
  CHECK_FALSE(forced.at({"links", "update"}));
}
