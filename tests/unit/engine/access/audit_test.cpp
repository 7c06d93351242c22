// What a record says, and what it never says.
#include <catch2/catch_test_macros.hpp>

#include "engine/access/audit.h"
#include "engine/base/mask.h"
#include "tests/support/api.h"

using namespace engine;
using tests::json;

namespace {
constexpr std::string_view kToken = "bcdfghjklmnpqrstvwxz2456789aeioubcdfghjklmnpqrstvwxz24";
}

SCENARIO("a difference names what changed, and masks what is secret") {
  auto before = json(R"({"metadata":{"resourceVersion":"1"},"spec":{"replicas":1,"a":[1,2]},
                         "data":{"password":"CANARY-1","colour":"red"}})");
  auto after = json(R"({"metadata":{"resourceVersion":"2"},"spec":{"replicas":2,"a":[1,3]},
                        "data":{"password":"CANARY-2","colour":"blue"}})");
  CHECK(dump(audit_difference("configmaps", before, after)) ==
        R"([{"path":"spec.replicas","from":1,"to":2},{"path":"spec.a[1]","from":2,"to":3},)"
        R"({"path":"data.password","from":"***","to":"***"},)"
        R"({"path":"data.colour","from":"red","to":"blue"}])");
  // Of a secret everything in it is one.
  const std::string said = dump(audit_difference("secrets", before, after));
  CHECK(said.find("blue") == std::string::npos);
  CHECK(said.find("data.colour") != std::string::npos);
}

SCENARIO("secrets are masked wherever they stand") {
  for (
      std::string_view text :
      {R"({"newPassword":"CANARY"})", R"({"spec":{"token":"CANARY"}})",
       R"({"importedConfig":{"kubeConfig":"CANARY"}})", R"({"stringDataToken":["CANARY"]})",
       R"({"env":[{"name":"DB_PASSWORD","value":"CANARY"}]})",
       R"([{"op":"replace","path":"/spec/password","value":"CANARY"}])",
       R"({"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"CANARY"}}})",
       R"({"ssh":"-----BEGIN RSA PRIVATE KEY-----\nCANARY"})", R"({"x":"eyJhbGciCANARY"})",
       R"({"x":"$argon2id$CANARY"})", R"({"spKey":"CANARY"})",
       R"({"linode":{"rootPass":"CANARY"}})",
       R"({"sshKey":"CANARY","sharedKey":"CANARY","sshKeyContents":"CANARY","auth":"CANARY"})",
       R"({"credentials":{"a":{"b":"CANARY"}}})"}) {
    Json object = json(text);
    mask_secrets("things", object);
    CHECK(dump(object).find("CANARY") == std::string::npos);
  }
  Json config = Json::object(
      {{"config", "users:\n- user:\n    token: kubeconfig-u-x:" + std::string(kToken) + "\n"}});
  mask_secrets("clusters", config);
  CHECK(config.str("config") == "***");
  Json secret = json(R"({"data":{"a":"CANARY"},"stringData":{"b":"CANARY"}})");
  mask_secrets("secrets", secret);
  CHECK(dump(secret).find("CANARY") == std::string::npos);
  // What is misspelt in a secret is one too; and what an error quotes.
  CHECK(dump(audit_difference("secrets", Json::object(), json(R"({"dtaa":{"a":"CANARY"}})")))
            .find("CANARY") == std::string::npos);
  CHECK(quotable("spec.users[0].password", Json("CANARY")) == Json(kMaskedValue));
  CHECK(quotable("spec.users[0]", json(R"({"password":"CANARY","name":"lin"})")) ==
        json(R"({"password":"***","name":"lin"})"));
  CHECK(quotable("spec.imagePullSecrets[0].name", Json("a b")) == Json("a b"));
  CHECK(quotable("spec.replicas", Json(-1)) == Json(-1));
  CHECK(quotable_body("configmaps", R"({"data":{"a":"b"}})") == R"({"data":{"a":"b"}})");
  CHECK(quotable_body("configmaps", R"({"data":{"password":"CANARY"}})") == kMaskedValue);
  CHECK(quotable_body("secrets", R"({"dtaa":"CANARY"})") == kMaskedValue);
  CHECK(masked_path("/v3/import/" + std::string(kToken) + "_c-x.yaml") == "/v3/import/***");
  CHECK(masked_path("/api/v1/namespaces/default/pods/web-1") ==
        "/api/v1/namespaces/default/pods/web-1");
  // What only names one is told.
  Json plain = json(R"({"secretName":"tls","tokenRef":"r","automountServiceAccountToken":true,
                        "uid":"0f8fad5b-d9cb-469f-a165-70867728950e",
                        "image":"registry/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef"})");
  Json same = plain;
  mask_secrets("pods", plain);
  CHECK(plain == same);
}

SCENARIO("the registry tells a request what it wrote, whichever way it was written") {
  tests::Api api;
  auto trail = std::make_shared<AuditTrail>();
  const Kind& kind = api.core("configmaps");
  api.options.user.trail = trail;
  api.create(kind, "default", R"({"metadata":{"name":"a"},"data":{"colour":"red"}})");
  MUST(api.registry->patch(kind, "default", "a", PatchType::merge, R"({"data":{"colour":"blue"}})",
                           api.options));
  RemoveOptions remove;
  remove.user = api.options.user;
  MUST(api.registry->remove(kind, "default", "a", remove));
  AuditEntry entry;
  entry.user = "u-lin";
  entry.code = 200;
  entry.trail = trail;
  Json record = record_of(entry);
  const JsonArray& changes = record.find("changes")->as_array();
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].str("did") == "create");
  CHECK(changes[1].str("did") == "update");
  CHECK(dump(*changes[1].find("difference")) ==
        R"([{"path":"data.colour","from":"red","to":"blue"}])");
  CHECK(changes[2].str("did") == "delete");
  CHECK_FALSE(changes[2].find("difference"));
}
