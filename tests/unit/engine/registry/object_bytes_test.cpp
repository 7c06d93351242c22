#include "engine/registry/object_bytes.h"

#include <catch2/catch_test_macros.hpp>

#include "engine/registry/field_set.h"

using namespace engine;

namespace {
Json json(std::string_view text) {
  return MUST(parse_json(text));
}
}  // namespace

TEST_CASE("an object is stored with a place for its revision", "[registry][bytes]") {
  Json object = json(R"({"apiVersion":"v1","kind":"ConfigMap","data":{"a\"b":"1"},
    "metadata":{"name":"x","resourceVersion":"7","labels":{"a":"b"}}})");
  std::string stored = encode_object("ConfigMap", "v1", object);
  CHECK(stored ==
        R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"","name":"x",)"
        R"("labels":{"a":"b"}},"data":{"a\"b":"1"}})");

  SECTION("and served with it") {
    std::string served = serve_object(stored, "v1", 42);
    CHECK(json(served).str({"metadata", "resourceVersion"}) == "42");
    CHECK(json(served).at({"data", "a\"b"}) != nullptr);
  }
  SECTION("under another version of its resource") {
    CHECK(json(serve_object(stored, "v2", 42)).str("apiVersion") == "v2");
  }
  SECTION("a dry run has none") {
    std::string served = serve_object(stored, "v1", 0);
    CHECK(json(served).at({"metadata", "resourceVersion"}) == nullptr);
    CHECK(json(served).str({"metadata", "name"}) == "x");
  }
  SECTION("reading and writing again gives the same bytes") {
    Json again = MUST(decode_object(stored, "v1", 42));
    CHECK(again.str({"metadata", "resourceVersion"}) == "42");
    CHECK(encode_object("ConfigMap", "v1", again) == stored);
  }
  SECTION("what is not an object is not taken for one") {
    CHECK(!decode_object("[]", "v1", 1));
    CHECK(!decode_object("{", "v1", 1));
    CHECK(serve_object("garbage", "v1", 1) == "garbage");
  }
}

TEST_CASE("field sets are written as FieldsV1", "[registry][fields]") {
  Json fields = json(R"({"f:metadata":{"f:labels":{".":{},"f:a":{}}},
    "f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{}}},
    "f:set":{"v:\"x\"":{}}}})");
  FieldSet set = MUST(FieldSet::from_fields_v1(fields));
  CHECK(set.to_fields_v1() == fields);
  CHECK(set.paths() == std::vector<std::string>{".metadata.labels", ".metadata.labels.a",
                                                ".spec.ports[port=80,protocol=\"TCP\"]",
                                                ".spec.ports[port=80,protocol=\"TCP\"].name",
                                                ".spec.set[=\"x\"]"});
  SECTION("difference takes exact places") {
    FieldSet labels = MUST(FieldSet::from_fields_v1(json(R"({"f:metadata":{"f:labels":{}}})")));
    set.subtract(labels);
    CHECK(set.to_fields_v1().at({"f:metadata", "f:labels", "."}) == nullptr);
    CHECK(set.to_fields_v1().at({"f:metadata", "f:labels", "f:a"}) != nullptr);
  }
  SECTION("union and intersection") {
    FieldSet other = MUST(FieldSet::from_fields_v1(
        json(R"({"f:data":{"f:k":{}},"f:metadata":{"f:labels":{"f:a":{}}}})")));
    FieldSet both = set.intersection(other);
    CHECK(both.paths() == std::vector<std::string>{".metadata.labels.a"});
    set.unite(other);
    CHECK(set.paths().size() == 6);
  }
  SECTION("unknown elements are refused") {
    CHECK(!FieldSet::from_fields_v1(json(R"({"x:a":{}})")));
    CHECK(!FieldSet::from_fields_v1(json(R"("f:a")")));
  }
}
