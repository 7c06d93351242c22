#include <catch2/catch_test_macros.hpp>

#include "engine/registry/patch/patches.h"
#include "tests/support/api.h"

using namespace engine;
using tests::json;

namespace {

// A deployment's pod template is where every kind of merge happens.
struct Pods {
  std::unique_ptr<KindSet> kinds = KindSet::builtin();
  KindPtr kind = kinds->snapshot()->by_resource("", "v1", "pods");
  Json patch(std::string_view object, std::string_view patch) {
    Json out = json(object);
    auto done = strategic_patch(out, json(patch), kind->schema().root());
    return done ? out : Json(done.error().message());
  }
};

}  // namespace

TEST_CASE("strategic: lists merge by their key", "[registry][patch][strategic]") {
  Pods pods;
  CHECK(pods.patch(R"({"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]}})",
                   R"({"spec":{"containers":[{"name":"b","image":"3"},{"name":"c"}]}})") ==
        json(R"({"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"3"},
                {"name":"c"}]}})"));
  SECTION("an item is taken out by its key") {
    CHECK(pods.patch(R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
                     R"({"spec":{"containers":[{"name":"a","$patch":"delete"}]}})") ==
          json(R"({"spec":{"containers":[{"name":"b"}]}})"));
  }
  SECTION("the whole list is replaced") {
    CHECK(pods.patch(R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
                     R"({"spec":{"containers":[{"$patch":"replace"},{"name":"c"}]}})") ==
          json(R"({"spec":{"containers":[{"name":"c"}]}})"));
  }
  SECTION("in the order that the patch says") {
    CHECK(dump(pods.patch(R"({"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}})",
                          R"({"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}],
                  "containers":[{"name":"a","image":"1"}]}})")) ==
          R"({"spec":{"containers":[{"name":"b"},{"name":"c"},{"name":"a","image":"1"}]}})");
  }
  SECTION("an order alone") {
    CHECK(dump(pods.patch(
              R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
              R"({"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}})")) ==
          R"({"spec":{"containers":[{"name":"b"},{"name":"a"}]}})");
  }
  SECTION("an item without its key is refused") {
    CHECK(pods.patch("{}", R"({"spec":{"containers":[{"image":"x"}]}})").is_string());
  }
}

TEST_CASE("strategic: lists of values", "[registry][patch][strategic]") {
  Pods pods;
  CHECK(pods.patch(R"({"metadata":{"finalizers":["a","b"]}})",
                   R"({"metadata":{"finalizers":["c","a"]}})") ==
        json(R"({"metadata":{"finalizers":["c","a","b"]}})"));
  CHECK(pods.patch(R"({"metadata":{"finalizers":["a","b"]}})",
                   R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}})") ==
        json(R"({"metadata":{"finalizers":["b"]}})"));
  CHECK(pods.patch(R"({"spec":{"containers":[{"name":"a","args":["1","2"]}]}})",
                   R"({"spec":{"containers":[{"name":"a","args":["3"]}]}})") ==
        json(R"({"spec":{"containers":[{"name":"a","args":["3"]}]}})"));
}

TEST_CASE("strategic: maps", "[registry][patch][strategic]") {
  Pods pods;
  CHECK(pods.patch(R"({"metadata":{"labels":{"a":"1","b":"2"}}})",
                   R"({"metadata":{"labels":{"a":null,"c":"3"}}})") ==
        json(R"({"metadata":{"labels":{"b":"2","c":"3"}}})"));
  CHECK(pods.patch(R"({"metadata":{"labels":{"a":"1"}}})",
                   R"({"metadata":{"labels":{"$patch":"replace","c":"3"}}})") ==
        json(R"({"metadata":{"labels":{"c":"3"}}})"));
  CHECK(pods.patch(R"({"metadata":{"labels":{"a":"1"}}})",
                   R"({"metadata":{"labels":{"$patch":"delete"}}})") ==
        json(R"({"metadata":{"labels":{}}})"));
  CHECK(pods.patch(R"({"metadata":{"labels":{"a":"1"}}})",
                   R"({"metadata":{"labels":{"$patch":"frob"}}})")
            .is_string());
}

TEST_CASE("strategic: keys that are retained", "[registry][patch][strategic]") {
  Pods pods;
  CHECK(pods.patch(R"({"spec":{"volumes":[{"name":"v","emptyDir":{}}]}})",
                   R"({"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],
                       "hostPath":{"path":"/x"}}]}})") ==
        json(R"({"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}})"));
  CHECK(pods.patch(R"({"spec":{"volumes":[{"name":"v"}]}})",
                   R"({"spec":{"volumes":[{"name":"v","$retainKeys":["name"],"emptyDir":{}}]}})")
            .is_string());
}
