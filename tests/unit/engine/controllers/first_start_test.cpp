// What a fresh server holds, and what later starts leave alone.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>
#include <map>

#include "engine/access/admission/lifecycle.h"
#include "engine/controllers/core/batch.h"
#include "engine/controllers/management/first_start.h"
#include "engine/controllers/management/first_start_record.h"
#include "engine/kinds/strategies.h"
#include "storage/memory/memory_store.h"
#include "tests/support/thread_env.h"

using namespace engine;

namespace {

Json fact_file(std::string_view name) {
  std::ifstream in(std::string(FIRST_START_FACTS_DIR) + "/" + std::string(name) + ".json");
  REQUIRE(in);
  return MUST(parse_json(std::string(std::istreambuf_iterator<char>(in), {})));
}

struct Server {
  tests::ThreadEnv env;
  storage::MemoryStore store{env};
  std::unique_ptr<KindSet> kinds = KindSet::builtin();
  StrategySet strategies;
  Dispatcher dispatcher{env, store, *kinds};
  std::unique_ptr<Registry> registry;
  Passwords passwords{env};
  LoginThrottle throttle{env};
  std::unique_ptr<Users> users;
  std::map<std::string, std::string> environment;

  Server() {
    register_builtin_strategies(strategies);
    std::vector<std::unique_ptr<Admission>> admission;
    admission.push_back(make_lifecycle_admission(store, dispatcher, *kinds));
    registry = std::make_unique<Registry>(env, store, *kinds, strategies, std::move(admission));
    MUST(dispatcher.start());
    users = std::make_unique<Users>(env, *registry, dispatcher, passwords, throttle);
  }
  ~Server() { dispatcher.stop(); }

  FirstStart program(std::string version = "v1") {
    return FirstStart(*registry, dispatcher, *users,
                      {.version = std::move(version),
                       .agent_image = "paddock/paddock:test",
                       .password_hash = [] { return Result<std::string>("$argon2id$not-one"); },
                       .environment = [this](const std::string& n) { return environment[n]; }});
  }
  void start(std::string version = "v1") {
    FirstStart first = program(std::move(version));
    MUST(first.objects());
    MUST(first.administrator());
  }
  KindPtr kind(std::string_view group, std::string_view plural) {
    auto found = kinds->snapshot()->stored(group, plural);
    REQUIRE(found);
    return found;
  }
  KindPtr own(std::string_view plural) { return kind("management.cattle.io", plural); }
  Json get(const Kind& k, std::string_view name, std::string_view ns = "") {
    INFO(k.plural << " " << name);
    auto found = registry->get(k, ns, name);
    REQUIRE(found);
    return found->json();
  }
  JsonArray all(const Kind& k) {
    JsonArray out;
    for (const Object& object : MUST(registry->list(k, "", storage::kLatest, "", 0)).objects)
      out.push_back(object.json());
    return out;
  }
  void change(const Kind& k, std::string_view name, const std::function<void(Json&)>& how) {
    MUST(registry->modify(k, "", name, {.user = {.name = "tester"}, .field_manager = "tester"},
                          [&](Json& object) -> Result<bool> {
                            how(object);
                            return true;
                          }));
  }
};

// Everything of the fact that clients see is in the object.
void check_holds(const Json& fact, const Json& object) {
  for (const auto& [name, value] : fact.as_object()) {
    if (name == "metadata" || name == "status") continue;
    INFO(name);
    const Json* there = object.find(name);
    if (value.is_null() || (value.is_object() && value.size() == 0)) continue;
    REQUIRE(there);
    CHECK(*there == value);
  }
}

}  // namespace

TEST_CASE("a fresh server holds what the facts say", "[first_start]") {
  Server server;
  server.start();
  auto snapshot = server.kinds->snapshot();
  int checked = 0;
  for (auto [file, lists] :
       {std::pair{"roles", std::vector<std::string_view>{"globalRoles", "roleTemplates"}},
        std::pair{"drivers", std::vector<std::string_view>{"nodeDrivers", "kontainerDrivers",
                                                           "dynamicSchemas"}},
        std::pair{"bootstrap",
                  std::vector<std::string_view>{"authConfigs", "catalogs", "clusterRepos",
                                                "features", "podSecurityPolicyTemplates"}}}) {
    Json facts = fact_file(file);
    for (std::string_view list : lists)
      for (const Json& fact : facts.find(list)->as_array()) {
        KindPtr kind = kind_of_object(*snapshot, fact);
        REQUIRE(kind);
        Json object = server.get(*kind, fact.str({"metadata", "name"}));
        check_holds(fact, object);
        CHECK_FALSE(object.at({"metadata", "finalizers"}));
        ++checked;
      }
  }
  CHECK(checked == 18 + 40 + 18 + 11 + 19 + 12 + 3 + 2 + 3 + 2);
  CHECK(server.all(*server.own("globalroles")).size() == 18);
  CHECK(server.all(*server.own("roletemplates")).size() == 40);

  Json settings = fact_file("settings");
  // And four that the facts do not have.
  CHECK(server.all(*server.own("settings")).size() == 81 + 4);
  CHECK(server.get(*server.own("settings"), "audit-level").str("default") == "1");
  for (const Json& fact : settings.find("settings")->as_array()) {
    Json setting = server.get(*server.own("settings"), fact.str("name"));
    if (fact.str("name") == "server-version")
      CHECK(setting.str("default") == "v1");
    else if (fact.str("name") != "agent-image")
      CHECK(setting.str("default") == fact.str("default"));
    CHECK(setting.str("source") == "default");
  }
  CHECK(server.get(*server.own("settings"), "install-uuid").str("value").size() == 36);

  // A driver's schema goes with its driver.
  Json schema = server.get(*server.own("dynamicschemas"), "amazonec2config");
  Json driver = server.get(*server.own("nodedrivers"), "amazonec2");
  CHECK(schema.at({"metadata", "ownerReferences"})->as_array()[0].str("uid") ==
        driver.str({"metadata", "uid"}));
}

TEST_CASE("the local cluster, its projects and the system's namespaces", "[first_start]") {
  Server server;
  server.start();
  Json cluster = server.get(*server.own("clusters"), "local");
  JsonArray users = server.all(*server.own("users"));
  REQUIRE(users.size() == 1);
  const std::string admin(users[0].str({"metadata", "name"}));
  CHECK(cluster.str({"metadata", "annotations", "field.cattle.io/creatorId"}) == admin);
  CHECK(cluster.truth({"spec", "internal"}));
  std::map<std::string, std::string> projects;
  for (const Json& project : server.all(*server.own("projects"))) {
    std::string name(project.str({"metadata", "name"}));
    projects[std::string(project.str({"spec", "displayName"}))] = "local:" + name;
    CHECK(project.str({"metadata", "annotations", "field.cattle.io/creatorId"}) == admin);
    CHECK(server.registry->get(*server.kind("", "namespaces"), "", name));
  }
  REQUIRE(projects.size() == 2);
  auto project_of = [&](std::string_view ns) {
    return std::string(server.get(*server.kind("", "namespaces"), ns)
                           .str({"metadata", "annotations", "field.cattle.io/projectId"}));
  };
  CHECK(project_of("default") == projects["Default"]);
  for (std::string_view ns : {"kube-system", "kube-public", "kube-node-lease", "cattle-system",
                              "cattle-global-data", "cattle-global-nt"})
    CHECK(project_of(ns) == projects["System"]);
  CHECK(project_of("local").empty());
}

TEST_CASE("a fresh server is made in few transactions", "[first_start]") {
  Server server;
  MUST(server.program().objects());
  CHECK(MUST(server.store.current()) <= storage::kFirstRevision + 2);
}

TEST_CASE("a restart writes nothing and keeps what a user changed or deleted", "[first_start]") {
  Server server;
  server.start();
  auto roles = server.own("globalroles"), catalogs = server.own("catalogs"),
       settings = server.own("settings");
  server.change(*roles, "user", [](Json& role) { role.set("newUserDefault", false); });
  server.change(*settings, "telemetry-opt", [](Json& setting) { setting.set("value", "out"); });
  MUST(server.registry->remove(*catalogs, "", "helm3-library", {.user = {.name = "tester"}}));
  auto ns = server.kind("", "namespaces");
  server.change(*ns, "default", [](Json& object) {
    object.find("metadata")->find("annotations")->erase("field.cattle.io/projectId");
  });
  auto before = MUST(server.store.current());
  server.start();
  CHECK(MUST(server.store.current()) == before);
  CHECK_FALSE(server.get(*roles, "user").truth({"newUserDefault"}));
  CHECK(server.get(*settings, "telemetry-opt").str("value") == "out");
  CHECK_FALSE(server.registry->get(*catalogs, "", "helm3-library"));
  CHECK_FALSE(
      server.get(*ns, "default").at({"metadata", "annotations", "field.cattle.io/projectId"}));
}

TEST_CASE("an upgrade brings defaults; the environment wins while it is set", "[first_start]") {
  Server server;
  server.environment["CATTLE_TELEMETRY_OPT"] = "in";
  server.start("v1");
  auto settings = server.own("settings");
  Json forced = server.get(*settings, "telemetry-opt");
  CHECK(forced.str("value") == "in");
  CHECK(forced.str("source") == "env");
  server.environment.clear();
  server.environment["CATTLE_SERVER_URL"] = "https://other.example.com";
  server.start("v2");
  CHECK(server.get(*settings, "server-version").str("default") == "v2");
  CHECK(server.get(*settings, "telemetry-opt").str("value").empty());
  CHECK(server.get(*settings, "telemetry-opt").str("source") == "default");
  CHECK(server.get(*settings, "server-url").str("value") == "https://other.example.com");
}

TEST_CASE("an upgrade changes a role's field only where nobody else did", "[first_start]") {
  auto role = [](std::string_view text) {
    return MUST(
        parse_json(R"({"kind":"GlobalRole","metadata":{"name":"r"},)" + std::string(text) + "}"));
  };
  Json old = role(R"("rules":[{"verbs":["get"]}],"displayName":"A","spec":{"url":"u","old":1})");
  tests::ThreadEnv env;
  storage::MemoryStore store{env};
  auto record = MUST(FirstStartRecord::read(store));
  CHECK(record.fresh());
  record.add(old);
  MUST(store.commit({.checks = {}, .writes = {record.write("one")}}));
  record = MUST(FirstStartRecord::read(store));
  CHECK(record.up_to_date("one"));
  CHECK_FALSE(record.up_to_date("two"));
  CHECK(record.made(old));

  Json wanted =
      role(R"("rules":[{"verbs":["get","list"]}],"displayName":"B","spec":{"url":"v","new":2})");
  Json object = old;
  CHECK(record.upgrade(wanted, object));
  CHECK(object == wanted);
  object = old;
  object.set("displayName", "mine");
  object["spec"].set("url", "mine");
  CHECK(record.upgrade(wanted, object));
  CHECK(object.str("displayName") == "mine");
  CHECK(object.str({"spec", "url"}) == "mine");
  CHECK(*object.find("rules") == *wanted.find("rules"));
  object = old;
  CHECK_FALSE(record.upgrade(old, object));
}

TEST_CASE("a start that ended in the middle is completed by the next", "[first_start]") {
  Server server;
  MUST(server.program().objects());  // and no administrator
  Json cluster = server.get(*server.own("clusters"), "local");
  server.start();
  JsonArray users = server.all(*server.own("users"));
  REQUIRE(users.size() == 1);
  CHECK(users[0].str({"metadata", "name"}) ==
        cluster.str({"metadata", "annotations", "field.cattle.io/creatorId"}));
}

TEST_CASE("a store of an older program gets what it has not", "[first_start]") {
  Server server;
  // An older program knew no record and had its own project.
  auto make = [&](std::string_view text) {
    Json object = MUST(parse_json(text));
    MUST(create_together(*server.registry, {.user = {.name = "old"}, .field_manager = "old"},
                         {object}));
  };
  make(R"({"apiVersion":"management.cattle.io/v3","kind":"Cluster","metadata":{"name":"local"},
           "spec":{"displayName":"ours"}})");
  make(R"({"apiVersion":"management.cattle.io/v3","kind":"Setting",
           "metadata":{"name":"telemetry-opt"},"value":"out","default":"x","source":"db"})");
  server.start("v7");
  CHECK(server.get(*server.own("clusters"), "local").str({"spec", "displayName"}) == "ours");
  CHECK(server.get(*server.own("settings"), "telemetry-opt").str("value") == "out");
  CHECK(server.get(*server.own("settings"), "telemetry-opt").str("default").empty());
  CHECK(server.all(*server.own("globalroles")).size() == 18);
  CHECK(server.all(*server.own("projects")).empty());
}
