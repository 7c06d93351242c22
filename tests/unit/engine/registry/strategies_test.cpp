#include <catch2/catch_test_macros.hpp>

#include "tests/support/api.h"

using namespace engine;
using tests::Api;
using tests::json;

namespace {

std::string refused(Api& api, const Kind& kind, std::string_view ns, std::string_view text) {
  auto done = api.registry->create(kind, ns, json(text), api.options);
  return done ? "accepted" : done.error().message();
}

bool says(const std::string& text, std::string_view part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return true;
}

}  // namespace

TEST_CASE("secrets", "[strategies]") {
  Api api;
  const Kind& secrets = api.core("secrets");
  Json made =
      api.create(secrets, "default",
                 R"({"metadata":{"name":"s"},"stringData":{"a":"plain"},"data":{"b":"eHg="}})");
  CHECK(made.str("type") == "Opaque");
  CHECK(made.find("stringData") == nullptr);
  CHECK(made.str({"data", "a"}) == "cGxhaW4=");
  says(refused(api, secrets, "default", R"({"metadata":{"name":"x"},"data":{"a":"%%"}})"),
       "illegal base64 data");
  says(refused(api, secrets, "default", R"({"metadata":{"name":"x"},"type":"kubernetes.io/tls"})"),
       "data[tls.crt]: Required value");
  says(refused(api, secrets, "default",
               R"({"metadata":{"name":"x"},"type":"kubernetes.io/dockerconfigjson",
                   "data":{".dockerconfigjson":"eHg="}})"),
       "invalid JSON");
  says(refused(api, secrets, "default", R"({"metadata":{"name":"x"},"data":{"a b":"eHg="}})"),
       "a valid config key must consist of");
  SECTION("the type stays") {
    made.set("type", Json("other"));
    auto done = api.registry->update(secrets, "default", "s", made, api.options);
    REQUIRE(!done);
    says(done.error().message(), "type: Invalid value: \"other\": field is immutable");
  }
  SECTION("apply takes stringData too") {
    auto done =
        MUST(api.apply(secrets, "default", "t",
                       R"({"apiVersion":"v1","kind":"Secret","stringData":{"a":"b"}})", "me"));
    CHECK(done.object.json().str({"data", "a"}) == "Yg==");
  }
}

TEST_CASE("config maps", "[strategies]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  says(refused(api, maps, "default",
               R"({"metadata":{"name":"x"},"data":{"a":"1"},"binaryData":{"a":"eHg="}})"),
       "duplicate of key present in binaryData");
  std::string big =
      R"({"metadata":{"name":"x"},"data":{"a":")" + std::string(1100000, 'x') + "\"}}";
  says(refused(api, maps, "default", big), "Too long: may not be more than 1048576 bytes");
  Json made =
      api.create(maps, "default", R"({"metadata":{"name":"m"},"data":{"a":"1"},"immutable":true})");
  made.make({"data", "a"}) = Json("2");
  auto done = api.registry->update(maps, "default", "m", made, api.options);
  REQUIRE(!done);
  says(done.error().message(), "data: Forbidden: field is immutable when `immutable` is set");
  made = api.get(maps, "default", "m");
  made.make({"metadata", "labels", "x"}) = Json("y");
  CHECK(api.registry->update(maps, "default", "m", made, api.options));
}

TEST_CASE("roles and bindings", "[strategies]") {
  Api api;
  KindPtr roles = api.kind("rbac.authorization.k8s.io", "v1", "roles");
  KindPtr bindings = api.kind("rbac.authorization.k8s.io", "v1", "rolebindings");
  CHECK(refused(api, *roles, "default", R"({"metadata":{"name":"system:a/b"},"rules":[]})") !=
        "accepted");
  CHECK(refused(api, *roles, "default",
                R"({"metadata":{"name":"Some:Name"},"rules":[{"verbs":["get"],"apiGroups":[""],
                   "resources":["pods"]}]})") == "accepted");
  says(refused(api, *roles, "default", R"({"metadata":{"name":"x"},"rules":[{"apiGroups":[""],
       "resources":["pods"],"verbs":[]}]})"),
       "rules[0].verbs: Required value: verbs must contain at least one value");
  says(refused(api, *roles, "default", R"({"metadata":{"name":"x"},"rules":[{"verbs":["get"],
       "nonResourceURLs":["/x"]}]})"),
       "namespaced rules cannot apply to non-resource URLs");
  Json made = api.create(*bindings, "default",
                         R"({"metadata":{"name":"b"},"roleRef":{"kind":"Role","name":"r"},
                            "subjects":[{"kind":"User","name":"u"}]})");
  CHECK(made.str({"roleRef", "apiGroup"}) == "rbac.authorization.k8s.io");
  CHECK(made.find("subjects")->as_array()[0].str("apiGroup") == "rbac.authorization.k8s.io");
  made.make({"roleRef", "name"}) = Json("other");
  auto done = api.registry->update(*bindings, "default", "b", made, api.options);
  REQUIRE(!done);
  says(done.error().message(), "cannot change roleRef");
  says(refused(api, *bindings, "default", R"({"metadata":{"name":"c"},
       "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Frob","name":"r"}})"),
       "roleRef.kind: Unsupported value: \"Frob\": supported values: \"Role\", \"ClusterRole\"");
}

TEST_CASE("leases and events may be made by a put", "[strategies]") {
  Api api;
  KindPtr leases = api.kind("coordination.k8s.io", "v1", "leases");
  auto made = MUST(api.registry->update(
      *leases, "default", "l", json(R"({"metadata":{"name":"l"},"spec":{"holderIdentity":"me"}})"),
      api.options));
  CHECK(made.created);
  says(refused(api, *leases, "default",
               R"({"metadata":{"name":"m"},"spec":{"leaseDurationSeconds":0}})"),
       "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0");
  const Kind& events = api.core("events");
  says(refused(api, events, "default",
               R"({"metadata":{"name":"e"},"involvedObject":{"namespace":"other"}})"),
       "involvedObject.namespace: Invalid value: \"other\": does not match event.namespace");
}

TEST_CASE("custom resource definitions are checked", "[strategies]") {
  Api api;
  KindPtr crds = api.kind("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  std::string text = refused(api, *crds, "",
                             R"({"metadata":{"name":"a.b"},"spec":{"group":"x.io","scope":"Cluster",
      "names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1","served":true,
      "storage":false,"schema":{"openAPIV3Schema":{"type":"object","properties":{"a":{}}}}}]}})");
  says(text, "metadata.name: Invalid value: \"a.b\"");
  says(text, "must have exactly one version marked as storage version");
}
