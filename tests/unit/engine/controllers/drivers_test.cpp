// Schemas that follow their drivers.
#include <catch2/catch_test_macros.hpp>

#include "engine/controllers/management/driver_fields.h"
#include "tests/support/engine_world.h"

using namespace engine;

namespace {

struct World : tests::EngineWorld {
  static constexpr std::string_view kGroup = "management.cattle.io";
  Json schema(std::string_view name) { return get(kGroup, "dynamicschemas", "", name); }
  bool has(std::string_view in, std::string_view field) {
    return schema(in).at({"spec", "resourceFields", field}) != nullptr;
  }
  bool soon_has(std::string_view in, std::string_view field, bool wanted = true) {
    return soon([&] { return has(in, field) == wanted; });
  }
  void active(std::string_view plural, std::string_view name, bool value) {
    MUST(client->modify(kind(kGroup, plural), "", name, [&](Json& driver) -> Result<bool> {
      driver.make({"spec"}).set("active", value);
      return true;
    }));
  }
  std::string condition(std::string_view plural, std::string_view name, std::string_view type) {
    const Json driver = get(kGroup, plural, "", name);
    const Json* all = driver.at({"status", "conditions"});
    if (all && all->is_array())
      for (const Json& one : all->as_array())
        if (one.str("type") == type) return std::string(one.str("status"));
    return {};
  }
};

}  // namespace

SCENARIO("a node driver whose fields are known brings and takes its fields") {
  World world;
  Json driver = tests::json(R"({"metadata":{"name":"rackspace","annotations":{
      "privateCredentialFields":"apiKey","publicCredentialFields":"username",
      "optionalCredentialFields":"username","defaults":"username:root"}},
      "spec":{"displayName":"rackspace","url":"local://","builtin":true,"active":true}})");
  MUST(world.create(World::kGroup, "nodedrivers", "", std::move(driver)));
  REQUIRE(world.soon_has("nodetemplateconfig", "rackspaceConfig"));
  REQUIRE(world.soon_has("nodeconfig", "rackspaceConfig"));
  REQUIRE(world.soon_has("credentialconfig", "rackspacecredentialConfig"));
  const Json fields = world.schema("rackspaceconfig");
  CHECK(fields.str({"spec", "resourceFields", "apiKey", "type"}) == "password");
  CHECK(fields.str({"spec", "resourceFields", "flavorId", "default", "stringValue"}) ==
        "general1-1");
  const Json credential = world.schema("rackspacecredentialconfig");
  CHECK(credential.at({"spec", "resourceFields"})->size() == 2);
  CHECK(credential.truth({"spec", "resourceFields", "apiKey", "required"}));
  CHECK_FALSE(credential.truth({"spec", "resourceFields", "username", "required"}));
  CHECK(credential.str({"spec", "resourceFields", "username", "default", "stringValue"}) == "root");
  CHECK(world.schema("nodetemplateconfig").str({"spec", "embedType"}) == "nodeTemplate");
  REQUIRE(
      world.soon([&] { return world.condition("nodedrivers", "rackspace", "Active") == "True"; }));

  world.active("nodedrivers", "rackspace", false);
  CHECK(world.soon_has("nodetemplateconfig", "rackspaceConfig", false));
  CHECK(world.soon_has("credentialconfig", "rackspacecredentialConfig", false));
  world.active("nodedrivers", "rackspace", true);
  CHECK(world.soon_has("nodetemplateconfig", "rackspaceConfig"));

  // With the driver goes all that is its own.
  MUST(world.client->remove(world.kind(World::kGroup, "nodedrivers"), "", "rackspace", {}));
  CHECK(world.soon([&] { return world.schema("rackspaceconfig").is_null(); }));
  CHECK(world.soon_has("nodetemplateconfig", "rackspaceConfig", false));
  CHECK(world.soon_has("nodeconfig", "rackspaceConfig", false));
  CHECK(world.soon_has("credentialconfig", "rackspacecredentialConfig", false));
}

SCENARIO("a driver whose fields nobody knows says so, and goes on when they are given") {
  World world;
  MUST(world.create(World::kGroup, "nodedrivers", "",
                    tests::json(R"({"metadata":{"name":"nd-1"},"spec":{"active":true,
                        "url":"https://example.com/docker-machine-driver-cumulus_linux.zip"}})")));
  REQUIRE(
      world.soon([&] { return world.condition("nodedrivers", "nd-1", "Installed") == "False"; }));
  CHECK(world.schema("nodetemplateconfig").is_null());
  const Json driver = world.get(World::kGroup, "nodedrivers", "", "nd-1");
  CHECK(dump(driver).find("cumulusconfig") != std::string::npos);
  MUST(world.create(World::kGroup, "dynamicschemas", "",
                    tests::json(R"({"metadata":{"name":"cumulusconfig"},"spec":{"resourceFields":{
                        "size":{"type":"string","create":true,"update":true}}}})")));
  CHECK(world.soon_has("nodetemplateconfig", "cumulusConfig"));
  CHECK(world.soon([&] { return world.condition("nodedrivers", "nd-1", "Active") == "True"; }));
  CHECK(world.get(World::kGroup, "nodedrivers", "", "nd-1").str({"spec", "displayName"}) ==
        "cumulus");
}

SCENARIO("a cluster driver's field is in clusters while it is active") {
  World world;
  MUST(world.create(World::kGroup, "dynamicschemas", "",
                    tests::json(R"({"metadata":{"name":"skyengineconfig"},
                        "spec":{"schemaName":"skyEngineConfig","resourceFields":{}}})")));
  MUST(
      world.create(World::kGroup, "kontainerdrivers", "",
                   tests::json(R"({"metadata":{"name":"kd-1"},"spec":{"active":true,"builtIn":false,
          "url":"https://example.com/kontainer-engine-driver-sky-linux"}})")));
  REQUIRE(world.soon_has("cluster", "skyEngineConfig"));
  world.active("kontainerdrivers", "kd-1", false);
  CHECK(world.soon_has("cluster", "skyEngineConfig", false));
}

SCENARIO("a driver's name, where it says none, is its program's") {
  auto named = [](std::string_view url) {
    return driver_name(Json::object({{"spec", Json::object({{"url", url}})}}));
  };
  CHECK(named("https://x/1.0/docker-machine-driver-linode_linux-amd64.zip") == "linode");
  CHECK(named("https://x/docker-machine-driver-otc.tgz?a=/b").empty());
  CHECK(named("https://x/other.zip").empty());
  CHECK(named("").empty());
}
