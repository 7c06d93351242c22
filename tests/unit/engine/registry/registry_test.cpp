#include "engine/registry/registry.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/api.h"

using namespace engine;
using tests::Api;
using tests::json;

TEST_CASE("a created object has what the server says", "[registry]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  Json made = api.create(maps, "default", R"({"metadata":{"name":"a"},"data":{"k":"v"}})");
  CHECK(made.str("kind") == "ConfigMap");
  CHECK(made.str("apiVersion") == "v1");
  CHECK(made.str({"metadata", "namespace"}) == "default");
  CHECK(made.str({"metadata", "uid"}).size() == 36);
  CHECK(made.str({"metadata", "creationTimestamp"}).size() == 20);
  CHECK(made.str({"metadata", "resourceVersion"}) == "2");
  CHECK(made.at({"metadata", "generation"}) == nullptr);
  CHECK(api.get(maps, "default", "a") == made);
  const Json& fields = made.at({"metadata", "managedFields"})->as_array()[0];
  CHECK(fields.str("manager") == "test");
  CHECK(fields.str("operation") == "Update");
  CHECK(dump(*fields.find("fieldsV1")) == R"({"f:data":{".":{},"f:k":{}}})");

  SECTION("twice is a conflict") {
    auto again =
        api.registry->create(maps, "default", json(R"({"metadata":{"name":"a"}})"), api.options);
    REQUIRE(!again);
    CHECK(again.error().code() == 409);
    CHECK(again.error().message() == "configmaps \"a\" already exists");
  }
  SECTION("in another namespace than the body says is refused") {
    auto done = api.registry->create(
        maps, "default", json(R"({"metadata":{"name":"b","namespace":"other"}})"), api.options);
    REQUIRE(!done);
    CHECK(done.error().code() == 400);
    CHECK(done.error().message() ==
          "the namespace of the provided object does not match the namespace sent on the request");
  }
  SECTION("a dry run changes nothing and answers in full") {
    WriteOptions dry = api.options;
    dry.dry_run = true;
    auto done =
        MUST(api.registry->create(maps, "default", json(R"({"metadata":{"name":"b"}})"), dry));
    CHECK(done.object.json().str({"metadata", "uid"}).size() == 36);
    CHECK(done.object.json().at({"metadata", "resourceVersion"}) == nullptr);
    CHECK(!api.registry->get(maps, "default", "b"));
    auto same = api.registry->create(maps, "default", json(R"({"metadata":{"name":"a"}})"), dry);
    REQUIRE(!same);
    CHECK(same.error().code() == 409);
  }
}

TEST_CASE("names are generated and checked", "[registry]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  Json made = api.create(maps, "default", R"({"metadata":{"generateName":"web-"}})");
  CHECK(made.str({"metadata", "name"}).size() == 9);
  CHECK(made.str({"metadata", "name"}).starts_with("web-"));

  auto nameless = api.registry->create(maps, "default", json(R"({"metadata":{}})"), api.options);
  REQUIRE(!nameless);
  CHECK(nameless.error().code() == 422);
  CHECK(
      nameless.error().message() ==
      "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required");

  auto bad =
      api.registry->create(maps, "default", json(R"({"metadata":{"name":"A_b"}})"), api.options);
  REQUIRE(!bad);
  CHECK(bad.error().message().starts_with(
      "ConfigMap \"A_b\" is invalid: metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123 "
      "subdomain must consist of"));

  auto labels = api.registry->create(
      maps, "default", json(R"({"metadata":{"name":"a","labels":{"-x":"ok","y":"a b"}}})"),
      api.options);
  REQUIRE(!labels);
  CHECK(labels.error().causes().size() == 2);
  CHECK(labels.error().causes()[0].field == "metadata.labels");
}

TEST_CASE("unknown fields are told as the client asked", "[registry]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  auto body = [] { return json(R"({"metadata":{"name":"a"},"dta":{"k":"v"}})"); };
  WriteOptions options = api.options;
  options.field_validation = FieldValidation::strict;
  auto strict = api.registry->create(maps, "default", body(), options);
  REQUIRE(!strict);
  CHECK(strict.error().code() == 400);
  CHECK(strict.error().message() ==
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: "
        "unknown field \"dta\"");
  auto warned = MUST(api.registry->create(maps, "default", body(), api.options));
  CHECK(api.warnings == std::vector<std::string>{"unknown field \"dta\""});
  CHECK(warned.object.json().find("dta") == nullptr);
}

TEST_CASE("wrong types are what the decoder refuses", "[registry]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  for (std::string_view text :
       {R"({"metadata":{"name":"a","labels":"x"}})", R"({"metadata":{"name":"a"},"data":{"k":1}})",
        R"({"metadata":{"name":7}})", R"([1])", R"({"kind":"Secret","metadata":{"name":"a"}})",
        R"({"apiVersion":"v2","metadata":{"name":"a"}})", R"({"metadata":null,"data":"x"})"}) {
    INFO(text);
    auto done = api.registry->create(maps, "default", json(text), api.options);
    REQUIRE(!done);
    CHECK((done.error().code() == 400 || done.error().code() == 422));
  }
}

TEST_CASE("updates follow the revision that the client saw", "[registry]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  Json made = api.create(maps, "default", R"({"metadata":{"name":"a"},"data":{"k":"v"}})");
  Json body = made;
  body.make({"data", "k"}) = Json("w");
  Json now = MUST(api.registry->update(maps, "default", "a", body, api.options)).object.json();
  CHECK(now.str({"data", "k"}) == "w");
  CHECK(now.str({"metadata", "uid"}) == made.str({"metadata", "uid"}));
  CHECK(now.str({"metadata", "creationTimestamp"}) == made.str({"metadata", "creationTimestamp"}));

  SECTION("a stale one is a conflict") {
    auto stale = api.registry->update(maps, "default", "a", body, api.options);
    REQUIRE(!stale);
    CHECK(stale.error().code() == 409);
    CHECK(stale.error().message() ==
          "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please "
          "apply your changes to the latest version and try again");
  }
  SECTION("one without a revision replaces what is there") {
    Json plain = json(R"({"metadata":{"name":"a"},"data":{"x":"y"}})");
    Json again = MUST(api.registry->update(maps, "default", "a", plain, api.options)).object.json();
    CHECK(again.at({"data", "k"}) == nullptr);
    CHECK(again.str({"data", "x"}) == "y");
  }
  SECTION("one that changes nothing is not written") {
    auto same = MUST(api.registry->update(maps, "default", "a", now, api.options));
    CHECK(same.object.json() == now);
    CHECK(same.object.revision == MUST(api.store.current()));
  }
  SECTION("another uid is another object") {
    Json other = now;
    other.make({"metadata", "uid"}) = Json("6f0dd3a5-0000-4000-8000-000000000000");
    auto done = api.registry->update(maps, "default", "a", other, api.options);
    REQUIRE(!done);
    CHECK(done.error().code() == 409);
    CHECK(done.error().message().find("Precondition failed: UID in precondition") !=
          std::string::npos);
  }
  SECTION("the name of the body must be that of the path") {
    auto done = api.registry->update(maps, "default", "b", now, api.options);
    REQUIRE(!done);
    CHECK(done.error().code() == 404);
  }
}

TEST_CASE("finalizers hold a removed object", "[registry]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  api.create(maps, "default", R"({"metadata":{"name":"a","finalizers":["x.io/y"]}})");
  auto removed = MUST(api.registry->remove(maps, "default", "a", {}));
  CHECK(!removed.gone);
  Json held = removed.object.json();
  CHECK(held.at({"metadata", "deletionTimestamp"}) != nullptr);
  CHECK(held.integer({"metadata", "deletionGracePeriodSeconds"}, -1) == 0);
  CHECK(!MUST(api.registry->remove(maps, "default", "a", {})).gone);

  SECTION("no new ones may come") {
    Json body = held;
    body.make({"metadata", "finalizers"}).push_back(Json("x.io/z"));
    auto done = api.registry->update(maps, "default", "a", body, api.options);
    REQUIRE(!done);
    CHECK(done.error().message().find("no new finalizers can be added") != std::string::npos);
  }
  SECTION("taking the last one off ends it") {
    Json body = held;
    body.make({"metadata", "finalizers"}) = Json::array();
    REQUIRE(api.registry->update(maps, "default", "a", body, api.options));
    CHECK(!api.registry->get(maps, "default", "a"));
  }
  SECTION("its name is not free") {
    auto done =
        api.registry->create(maps, "default", json(R"({"metadata":{"name":"a"}})"), api.options);
    REQUIRE(!done);
    CHECK(done.error().message() == "object is being deleted: configmaps \"a\" already exists");
  }
}

TEST_CASE("removal follows its preconditions and propagation", "[registry]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  Json made = api.create(maps, "default", R"({"metadata":{"name":"a"}})");
  RemoveOptions options;
  options.precondition.uid = "no";
  auto done = api.registry->remove(maps, "default", "a", options);
  REQUIRE(!done);
  CHECK(done.error().code() == 409);
  options.precondition.uid = std::string(made.str({"metadata", "uid"}));
  options.dry_run = true;
  CHECK(MUST(api.registry->remove(maps, "default", "a", options)).gone);
  CHECK(api.registry->get(maps, "default", "a"));
  options.dry_run = false;
  options.propagation = Propagation::foreground;
  auto held = MUST(api.registry->remove(maps, "default", "a", options));
  CHECK(!held.gone);
  CHECK(held.object.json().at({"metadata", "finalizers"})->as_array()[0] ==
        Json("foregroundDeletion"));
  options.propagation = Propagation::background;
  CHECK(MUST(api.registry->remove(maps, "default", "a", options)).gone);
  auto gone = api.registry->remove(maps, "default", "a", options);
  REQUIRE(!gone);
  CHECK(gone.error().message() == "configmaps \"a\" not found");
}

TEST_CASE("lists come in pages of one revision", "[registry]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  for (char c = 'a'; c < 'f'; c++)
    api.create(maps, c < 'c' ? "one" : "two",
               std::string(R"({"metadata":{"name":")") + c + R"("}})");
  auto all = MUST(api.registry->list(maps, "", storage::kLatest, "", 0));
  CHECK(all.objects.size() == 5);
  auto first = MUST(api.registry->list(maps, "two", storage::kLatest, "", 2));
  CHECK(first.objects.size() == 2);
  CHECK(first.rest == 1);
  api.create(maps, "two", R"({"metadata":{"name":"z"}})");
  auto second = MUST(api.registry->list(maps, "two", first.revision, first.next_key, 2));
  CHECK(second.objects.size() == 1);
  CHECK(second.next_key.empty());
  CHECK(second.objects[0].json().str({"metadata", "resourceVersion"}) == "6");
}

TEST_CASE("patches change what they name", "[registry][patch]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  api.create(maps, "default", R"({"metadata":{"name":"a","labels":{"x":"1"}},"data":{"k":"v"}})");
  auto merged =
      MUST(api.registry->patch(maps, "default", "a", PatchType::merge,
                               R"({"metadata":{"labels":{"x":null,"y":"2"}}})", api.options));
  CHECK(dump(*merged.object.json().at({"metadata", "labels"})) == R"({"y":"2"})");
  auto json_patched = MUST(api.registry->patch(
      maps, "default", "a", PatchType::json,
      R"([{"op":"test","path":"/data/k","value":"v"},{"op":"replace","path":"/data/k","value":"w"}])",
      api.options));
  CHECK(json_patched.object.json().str({"data", "k"}) == "w");
  auto failed = api.registry->patch(maps, "default", "a", PatchType::json,
                                    R"([{"op":"test","path":"/data/k","value":"v"}])", api.options);
  REQUIRE(!failed);
  CHECK(failed.error().code() == 422);
  auto stale = api.registry->patch(maps, "default", "a", PatchType::merge,
                                   R"({"metadata":{"resourceVersion":"1"}})", api.options);
  REQUIRE(!stale);
  CHECK(stale.error().code() == 409);
  auto absent = api.registry->patch(maps, "default", "b", PatchType::merge, "{}", api.options);
  REQUIRE(!absent);
  CHECK(absent.error().code() == 404);
}

namespace {

constexpr const char* kScaled = R"({"metadata":{"name":"sets.x.io","uid":"u","generation":1},
  "spec":{"group":"x.io","scope":"Namespaced","conversion":{"strategy":"None"},
  "names":{"plural":"sets","kind":"Set","singular":"set","listKind":"SetList"},
  "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{},
  "scale":{"specReplicasPath":".spec.count","statusReplicasPath":".status.count",
  "labelSelectorPath":".status.selector"}},"schema":{"openAPIV3Schema":{"type":"object",
  "properties":{"spec":{"type":"object","properties":{"count":{"type":"integer"},
  "text":{"type":"string","default":"x"}}},"status":{"type":"object","properties":{
  "count":{"type":"integer"},"selector":{"type":"string"}}}}}}},{"name":"v2","served":true,
  "storage":false,"schema":{"openAPIV3Schema":{"type":"object",
  "x-kubernetes-preserve-unknown-fields":true}}}]}})";

}  // namespace

TEST_CASE("a scale is the replicas of its object", "[registry][scale]") {
  Api api;
  MUST(api.kinds->put_crd(json(kScaled)));
  KindPtr sets = api.kind("x.io", "v1", "sets");
  Json made = api.create(*sets, "default", R"({"metadata":{"name":"a"},"spec":{"count":2}})");
  CHECK(made.str({"spec", "text"}) == "x");
  WriteOptions status = api.options;
  status.subresource = "status";
  made.make({"status"}) = json(R"({"count":1,"selector":"app=a"})");
  made = MUST(api.registry->update(*sets, "default", "a", made, status)).object.json();
  Json scale = MUST(api.registry->get_scale(*sets, "default", "a")).json();
  CHECK(scale.integer({"spec", "replicas"}) == 2);
  CHECK(scale.integer({"status", "replicas"}) == 1);
  CHECK(scale.str({"status", "selector"}) == "app=a");

  WriteOptions options = api.options;
  options.subresource = "scale";
  Json stale = scale;
  scale.make({"spec", "replicas"}) = Json(5);
  Json now = MUST(api.registry->update(*sets, "default", "a", scale, options)).object.json();
  CHECK(now.str("kind") == "Scale");
  CHECK(now.integer({"spec", "replicas"}) == 5);
  made = api.get(*sets, "default", "a");
  CHECK(made.integer({"spec", "count"}) == 5);
  CHECK(made.integer({"metadata", "generation"}) == 2);
  auto late = api.registry->update(*sets, "default", "a", stale, options);
  REQUIRE(!late);
  CHECK(late.error().code() == 409);
  auto patched = MUST(api.registry->patch(*sets, "default", "a", PatchType::merge,
                                          R"({"spec":{"replicas":7}})", options));
  CHECK(patched.object.json().integer({"spec", "replicas"}) == 7);
  auto wrong = api.registry->patch(*sets, "default", "a", PatchType::merge,
                                   R"({"spec":{"replicas":-1}})", options);
  REQUIRE(!wrong);
  CHECK(wrong.error().code() == 422);
}

TEST_CASE("one object under two versions", "[registry]") {
  Api api;
  MUST(api.kinds->put_crd(json(kScaled)));
  KindPtr v1 = api.kind("x.io", "v1", "sets"), v2 = api.kind("x.io", "v2", "sets");
  Json made = api.create(*v2, "default", R"({"metadata":{"name":"a"},"spec":{"count":2}})");
  CHECK(made.str("apiVersion") == "x.io/v2");
  CHECK(api.get(*v1, "default", "a").str("apiVersion") == "x.io/v1");
  CHECK(MUST(api.store.get(v1->key("default", "a")))->value.find("\"x.io/v1\"") !=
        std::string::npos);
  auto strategic =
      api.registry->patch(*v1, "default", "a", PatchType::strategic, "{}", api.options);
  REQUIRE(!strategic);
  CHECK(strategic.error().code() == 415);
}
