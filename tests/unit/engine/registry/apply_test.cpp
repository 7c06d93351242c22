#include <catch2/catch_test_macros.hpp>

#include "tests/support/api.h"

using namespace engine;
using tests::Api;
using tests::json;

namespace {

const Json* entry(const Json& object, std::string_view manager) {
  const Json* fields = object.at({"metadata", "managedFields"});
  if (fields == nullptr) return nullptr;
  for (const Json& one : fields->as_array())
    if (one.str("manager") == manager) return &one;
  return nullptr;
}

std::string owned(const Json& object, std::string_view manager) {
  const Json* one = entry(object, manager);
  return one == nullptr ? "" : dump(*one->find("fieldsV1"));
}

std::string map_with(std::string_view data) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":)" +
         std::string(data) + "}";
}

}  // namespace

TEST_CASE("apply creates, owns and takes back what it no longer says", "[registry][apply]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  auto made = MUST(api.apply(maps, "default", "a", map_with(R"({"x":"1","y":"2"})"), "alice"));
  CHECK(made.created);
  CHECK(owned(made.object.json(), "alice") == R"({"f:data":{"f:x":{},"f:y":{}}})");
  CHECK(entry(made.object.json(), "alice")->str("operation") == "Apply");

  SECTION("YAML is taken too") {
    auto done = MUST(api.apply(maps, "default", "b",
                               "apiVersion: v1\nkind: ConfigMap\ndata:\n  x: '1'\n", "alice"));
    CHECK(done.object.json().str({"data", "x"}) == "1");
  }
  SECTION("the same again writes nothing") {
    auto same = MUST(api.apply(maps, "default", "a", map_with(R"({"x":"1","y":"2"})"), "alice"));
    CHECK(same.object.revision == made.object.revision);
    CHECK(!same.created);
  }
  SECTION("a field left out goes") {
    Json now =
        MUST(api.apply(maps, "default", "a", map_with(R"({"x":"1"})"), "alice")).object.json();
    CHECK(dump(*now.find("data")) == R"({"x":"1"})");
  }
  SECTION("unless somebody else has it as well") {
    REQUIRE(api.apply(maps, "default", "a", map_with(R"({"y":"2"})"), "bob"));
    Json now =
        MUST(api.apply(maps, "default", "a", map_with(R"({"x":"1"})"), "alice")).object.json();
    CHECK(now.str({"data", "y"}) == "2");
    CHECK(owned(now, "bob") == R"({"f:data":{"f:y":{}}})");
    CHECK(owned(now, "alice") == R"({"f:data":{"f:x":{}}})");
  }
  SECTION("what others own is not taken without force") {
    auto refused = api.apply(maps, "default", "a", map_with(R"({"x":"9"})"), "bob");
    REQUIRE(!refused);
    CHECK(refused.error().code() == 409);
    CHECK(refused.error().message() ==
          "Apply failed with 1 conflict: conflict with \"alice\": .data.x");
    REQUIRE(refused.error().causes().size() == 1);
    CHECK(refused.error().causes()[0] ==
          Cause{"FieldManagerConflict", "conflict with \"alice\"", ".data.x"});
    auto two = api.apply(maps, "default", "a", map_with(R"({"x":"9","y":"9"})"), "bob");
    REQUIRE(!two);
    CHECK(two.error().message() ==
          "Apply failed with 2 conflicts: conflicts with \"alice\":\n- .data.x\n- .data.y");
    Json now =
        MUST(api.apply(maps, "default", "a", map_with(R"({"x":"9"})"), "bob", true)).object.json();
    CHECK(now.str({"data", "x"}) == "9");
    CHECK(owned(now, "alice") == R"({"f:data":{"f:y":{}}})");
  }
  SECTION("an update takes what it changes") {
    auto patched = MUST(api.registry->patch(maps, "default", "a", PatchType::merge,
                                            R"({"data":{"x":"5"}})", api.options));
    Json now = patched.object.json();
    CHECK(owned(now, "alice") == R"({"f:data":{"f:y":{}}})");
    CHECK(owned(now, "test") == R"({"f:data":{"f:x":{}}})");
    auto refused = api.apply(maps, "default", "a", map_with(R"({"x":"1","y":"2"})"), "alice");
    REQUIRE(!refused);
    CHECK(refused.error().message() ==
          "Apply failed with 1 conflict: conflict with \"test\" using v1: .data.x");
  }
}

TEST_CASE("apply refuses what it cannot own", "[registry][apply]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  auto unknown = api.apply(
      maps, "default", "a",
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"dta":{"x":"1"}})", "alice");
  REQUIRE(!unknown);
  CHECK(unknown.error().message() ==
        "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .dta: field not "
        "declared in schema");
  auto fields = api.apply(maps, "default", "a",
                          R"({"apiVersion":"v1","kind":"ConfigMap",
                             "metadata":{"name":"a","managedFields":[]}})",
                          "alice");
  REQUIRE(!fields);
  CHECK(fields.error().message() == "metadata.managedFields must be nil");
  auto nobody = api.apply(maps, "default", "a", map_with("{}"), "");
  REQUIRE(!nobody);
  CHECK(nobody.error().code() == 422);
  auto wrong =
      api.apply(maps, "default", "a", R"({"apiVersion":"v2","kind":"ConfigMap"})", "alice");
  REQUIRE(!wrong);
  CHECK(wrong.error().code() == 400);
  CHECK(!api.apply(maps, "default", "b", map_with("{}"), "alice"));
  CHECK(!api.apply(maps, "default", "a", "x: [", "alice"));
}

TEST_CASE("kubectl moves from its own apply to the server's", "[registry][apply]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  WriteOptions client_side = api.options;
  client_side.field_manager = "kubectl-client-side-apply";
  MUST(api.registry->create(maps, "default", json(R"({"metadata":{"name":"a","annotations":{
      "kubectl.kubernetes.io/last-applied-configuration":
      "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":{\"x\":\"1\"}}"}},
      "data":{"x":"1"}})"),
                            client_side));
  Json now =
      MUST(api.apply(maps, "default", "a", map_with(R"({"x":"2"})"), "kubectl")).object.json();
  CHECK(now.str({"data", "x"}) == "2");
  CHECK(now.at({"metadata", "annotations"})
            ->str("kubectl.kubernetes.io/last-applied-configuration") ==
        R"({"apiVersion":"v1","data":{"x":"2"},"kind":"ConfigMap","metadata":{"name":"a"}})"
        "\n");
  CHECK(owned(now, "kubectl") == R"({"f:data":{"f:x":{}}})");
}

TEST_CASE("apply merges keyed lists and sets", "[registry][apply]") {
  Api api;
  const Kind& services = api.core("services");
  auto service = [](std::string_view ports) {
    return R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"ports":)" +
           std::string(ports) + "}}";
  };
  auto made =
      MUST(api.apply(services, "default", "s", service(R"([{"port":80,"name":"web"}])"), "alice"));
  CHECK(owned(made.object.json(), "alice") ==
        R"({"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":)"
        R"({".":{},"f:name":{},"f:port":{}}}}})");
  Json both = MUST(api.apply(services, "default", "s",
                             service(R"([{"port":443,"name":"tls","protocol":"TCP"}])"), "bob"))
                  .object.json();
  CHECK(both.at({"spec", "ports"})->size() == 2);
  Json one = MUST(api.apply(services, "default", "s", service("[]"), "alice")).object.json();
  REQUIRE(one.at({"spec", "ports"})->size() == 1);
  CHECK(one.at({"spec", "ports"})->as_array()[0].integer({"port"}) == 443);
  auto twice = api.apply(services, "default", "s",
                         service(R"([{"port":1},{"port":1,"protocol":"TCP"}])"), "carol");
  REQUIRE(!twice);
  CHECK(twice.error().message().find("duplicate entries for key") != std::string::npos);
}

TEST_CASE("managed fields are the client's to reset, and kept otherwise", "[registry][apply]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  api.create(maps, "default", R"({"metadata":{"name":"a"},"data":{"x":"1"}})");
  auto without = MUST(api.registry->update(
      maps, "default", "a", json(R"({"metadata":{"name":"a"},"data":{"x":"1","y":"2"}})"),
      api.options));
  CHECK(owned(without.object.json(), "test") == R"({"f:data":{".":{},"f:x":{},"f:y":{}}})");
  auto reset = MUST(api.registry->patch(maps, "default", "a", PatchType::merge,
                                        R"({"metadata":{"managedFields":[{}]}})", api.options));
  CHECK(reset.object.json().at({"metadata", "managedFields"}) == nullptr);
  auto applied = MUST(api.apply(maps, "default", "a", map_with(R"({"x":"1"})"), "alice"));
  CHECK(owned(applied.object.json(), "before-first-apply") ==
        R"({"f:data":{".":{},"f:x":{},"f:y":{}}})");
}

TEST_CASE("old update managers are folded into one", "[registry][apply]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  api.create(maps, "default", R"({"metadata":{"name":"a"},"data":{"k":"v"}})");
  for (int i = 0; i < 14; i++) {
    WriteOptions options = api.options;
    options.field_manager = "m" + std::to_string(i);
    REQUIRE(api.registry->patch(maps, "default", "a", PatchType::merge,
                                R"({"data":{"k)" + std::to_string(i) + R"(":"v"}})", options));
  }
  Json now = api.get(maps, "default", "a");
  CHECK(now.at({"metadata", "managedFields"})->size() == 10);
  CHECK(!owned(now, "ancient-changes").empty());
  CHECK(!owned(now, "m9").empty());  // in one second the name decides which is older
}

TEST_CASE("a status subresource keeps to itself", "[registry]") {
  Api api;
  const Kind& ns = api.core("namespaces");
  Json made = api.create(ns, "", R"({"metadata":{"name":"n"},"status":{"phase":"Terminating"}})");
  CHECK(made.str({"status", "phase"}) == "Active");
  CHECK(made.at({"spec", "finalizers"})->as_array()[0] == Json("kubernetes"));
  CHECK(made.at({"metadata", "labels"})->str("kubernetes.io/metadata.name") == "n");
  Json body = made;
  body.make({"status", "phase"}) = Json("Terminating");
  body.make({"metadata", "labels", "x"}) = Json("y");
  Json now = MUST(api.registry->update(ns, "", "n", body, api.options)).object.json();
  CHECK(now.str({"status", "phase"}) == "Active");
  WriteOptions options = api.options;
  options.subresource = "status";
  body = now;
  body.make({"status", "conditions"}) =
      json(R"([{"type":"NamespaceContentRemaining","status":"True"}])");
  now = MUST(api.registry->update(ns, "", "n", body, options)).object.json();
  CHECK(now.at({"status", "conditions"})->size() == 1);
  REQUIRE(entry(now, "test") != nullptr);
  CHECK(now.at({"metadata", "managedFields"})->as_array()[1].str("subresource") == "status");
}
