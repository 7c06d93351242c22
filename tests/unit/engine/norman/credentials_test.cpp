// Cloud credentials and node templates: secrets that are written and never shown, references that
// are checked, drivers that are switched on and off.
#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::FreshServer;

namespace {

constexpr std::string_view kLin = R"({"username":"lin","name":"L","password":"a long enough one"})";

struct World : FreshServer {
  std::string token;
  World() {
    token = login();
    for (std::string_view ns : {"cattle-global-data", "cattle-global-nt"}) {
      Json object = Json::object({{"apiVersion", "v1"},
                                  {"kind", "Namespace"},
                                  {"metadata", Json::object({{"name", ns}})}});
      MUST(registry.create(*kinds->snapshot()->stored("", "namespaces"), "", std::move(object),
                           {.user = {.name = "tester"}}));
    }
  }
  Reply credential(std::string_view body) {
    return call("POST", "/v3/cloudcredentials", token, std::string(body));
  }
  Json secret(const std::string& id) {
    auto kind = kinds->snapshot()->stored("", "secrets");
    auto found = registry.get(*kind, "cattle-global-data", id.substr(id.find(':') + 1));
    return found ? found->json() : Json();
  }
  std::string made() {
    auto reply = credential(
        R"({"name":"aws","amazonec2credentialConfig":{"accessKey":"AK","secretKey":"canary"}})");
    REQUIRE(reply.status == 201);
    return std::string(reply.body.str("id"));
  }
};

}  // namespace

SCENARIO("a cloud credential is a secret whose passwords are never shown") {
  World world;
  auto reply = world.credential(
      R"({"name":"aws","description":"of a test",
          "amazonec2credentialConfig":{"accessKey":"AK","secretKey":"canary"}})");
  REQUIRE(reply.status == 201);
  const std::string id(reply.body.str("id"));
  CHECK(id.starts_with("cattle-global-data:cc-"));
  CHECK(reply.body.str("type") == "cloudCredential");
  const std::string self = "/v3/cloudCredentials/" + id;
  for (const auto& shown : {reply, world.call("GET", self, world.token)}) {
    CHECK(shown.body.str("name") == "aws");
    CHECK(shown.body.str("description") == "of a test");
    CHECK(shown.body.str({"amazonec2credentialConfig", "accessKey"}) == "AK");
    CHECK(dump(shown.body).find("canary") == std::string::npos);
  }
  const Json stored = world.secret(id);
  CHECK(stored.str({"data", "amazonec2credentialConfig-accessKey"}) == "QUs=");
  CHECK(stored.str({"data", "amazonec2credentialConfig-secretKey"}) == "Y2FuYXJ5");
  CHECK(stored.str({"metadata", "annotations", "field.cattle.io/name"}) == "aws");

  // One field is changed, the others stay; a description is taken away.
  auto put = world.call("PUT", self, world.token,
                        R"({"name":"other","description":null,
                            "amazonec2credentialConfig":{"accessKey":"BK"}})");
  REQUIRE(put.status == 200);
  CHECK(put.body.str("name") == "other");
  CHECK(put.body.str("description").empty());
  CHECK(put.body.str({"amazonec2credentialConfig", "accessKey"}) == "BK");
  CHECK(world.secret(id).str({"data", "amazonec2credentialConfig-secretKey"}) == "Y2FuYXJ5");

  // Read whole and sent back, it is the same; other secrets of that place are none.
  auto read = world.call("GET", self, world.token);
  CHECK(world.call("PUT", self, world.token, dump(read.body)).status == 200);
  CHECK(world.secret(id).str({"data", "amazonec2credentialConfig-secretKey"}) == "Y2FuYXJ5");
  world.call("POST", "/v3/managementSecrets", world.token,
             R"({"name":"another","stringData":{"a":"b"}})");
  auto all = world.call("GET", "/v3/cloudcredentials", world.token);
  CHECK(all.body.find("data")->size() == 1);
  CHECK(
      world.call("GET", "/v3/cloudcredentials?name=other", world.token).body.find("data")->size() ==
      1);
  CHECK(world.call("GET", "/v3/cloudCredentials/cattle-global-data:another", world.token).status ==
        404);
  CHECK(world.call("DELETE", self, world.token).status == 204);
  CHECK(world.call("GET", self, world.token).status == 404);
}

SCENARIO("what a cloud credential must have, and what refers to it") {
  World world;
  auto refused = [&](std::string_view body) {
    auto reply = world.credential(body);
    return std::string(reply.body.str("code")) + " " + std::string(reply.body.str("fieldName"));
  };
  CHECK(refused(R"({"name":"x"})") == "MissingRequired credentialConfig");
  // A driver that is not there has no field.
  CHECK(refused(R"({"name":"x","cumuluscredentialConfig":{"a":"b"}})") ==
        "MissingRequired credentialConfig");
  CHECK(refused(R"({"name":"x","amazonec2credentialConfig":"text"})") ==
        "InvalidFormat amazonec2credentialConfig");
  CHECK(refused(R"({"name":"x","amazonec2credentialConfig":{"accessKey":"AK"}})") ==
        "MissingRequired amazonec2credentialConfig.secretKey");

  const std::string id = world.made();
  auto templated = [&](std::string_view credential) {
    return world.call("POST", "/v3/nodeTemplates", world.token,
                      R"({"name":"t","amazonec2Config":{"region":"eu"},"cloudCredentialId":")" +
                          std::string(credential) + R"("})");
  };
  world.call("POST", "/v3/managementSecrets", world.token,
             R"({"name":"another","stringData":{"a":"b"}})");
  for (std::string_view wrong : {"cattle-global-data:cc-none", "cattle-global-data:another"}) {
    auto reply = templated(wrong);
    CHECK(reply.status == 422);
    CHECK(reply.body.str("code") == "InvalidReference");
    CHECK(reply.body.str("fieldName") == "cloudCredentialId");
  }
  auto made = templated(id);
  REQUIRE(made.status == 201);
  CHECK(made.body.str("driver") == "amazonec2");
  CHECK(made.body.str("cloudCredentialId") == id);
  auto used = world.call("DELETE", "/v3/cloudCredentials/" + id, world.token);
  CHECK(used.status == 422);
  CHECK(used.body.str("code") == "InvalidAction");
  const std::string self = "/v3/nodeTemplates/" + std::string(made.body.str("id"));
  auto other = world.call("PUT", self, world.token, R"({"azureConfig":{"location":"x"}})");
  CHECK(other.body.str("fieldName") == "azureConfig");
  auto none = world.call("POST", "/v3/nodeTemplates", world.token, R"({"name":"t"})");
  CHECK(none.body.str("code") == "MissingRequired");
  CHECK(world.call("DELETE", self, world.token).status == 204);
  CHECK(world.call("DELETE", "/v3/cloudCredentials/" + id, world.token).status == 204);
}

SCENARIO("a cloud credential is its maker's, and nobody else's") {
  World world;
  const std::string id = world.made();
  REQUIRE(world.call("POST", "/v3/users", world.token, std::string(kLin)).status == 201);
  auto in = world.call("POST", "/v3-public/localProviders/local?action=login", {},
                       R"({"username":"lin","password":"a long enough one"})");
  const std::string lin(in.body.str("token"));
  CHECK(world.call("GET", "/v3/cloudcredentials", lin).body.find("data")->size() == 0);
  for (const std::string& one : {id, std::string("cattle-global-data:cc-none")})
    CHECK(world.call("GET", "/v3/cloudCredentials/" + one, lin).status == 403);
  CHECK(world.call("DELETE", "/v3/cloudCredentials/" + id, lin).status == 403);
  // What lin may not see lin can't use.
  auto secrets = world.kinds->snapshot()->stored("", "secrets");
  MUST(world.registry.modify(*secrets, "cattle-global-data", id.substr(id.find(':') + 1), {},
                             [&](Json& stored) -> Result<bool> {
                               stored.make({"metadata", "annotations"})
                                   .set("field.cattle.io/creatorId", in.body.str("userId"));
                               return true;
                             }));
  CHECK(world.call("GET", "/v3/cloudcredentials", lin).body.find("data")->size() == 1);
  CHECK(world.call("GET", "/v3/cloudCredentials/" + id, lin).status == 200);
  CHECK(world.call("PUT", "/v3/cloudCredentials/" + id, lin, R"({"name":"mine"})").status == 200);
  CHECK(world.call("DELETE", "/v3/cloudCredentials/" + id, lin).status == 204);
}

SCENARIO("a driver is switched on and off by who may change it") {
  World world;
  auto made = world.call("POST", "/v3/nodeDrivers", world.token,
                         R"({"name":"cumulus","url":"https://example.com/driver"})");
  REQUIRE(made.status == 201);
  const std::string self = "/v3/nodeDrivers/" + std::string(made.body.str("id"));
  CHECK(made.body.str("state") == "inactive");
  CHECK(made.body.at({"actions", "activate"}) != nullptr);
  CHECK(made.body.at({"actions", "deactivate"}) == nullptr);
  auto act = [&](std::string_view action) {
    return world.call("POST", self + "?action=" + std::string(action), world.token, "{}");
  };
  CHECK(act("deactivate").body.str("code") == "ActionNotAvailable");
  auto on = act("activate");
  CHECK(on.status == 200);
  CHECK(on.body.truth({"active"}));
  CHECK(on.body.str("state") == "activating");  // until the schemas have followed
  auto off = world.call("PUT", self, world.token, R"({"active":false})");
  CHECK(off.status == 200);
  CHECK(off.body.str("state") == "deactivating");
  auto refresh = world.call("POST", "/v3/kontainerDrivers?action=refresh", world.token, "{}");
  CHECK(refresh.status == 404);
  CHECK(refresh.body.str("code") == "ActionNotAvailable");
  CHECK_FALSE(refresh.body.str("message").empty());
}
