#include "engine/schema/schema.h"

#include <catch2/catch_test_macros.hpp>

using engine::Json;
using engine::Schema;

namespace {

Json read(std::string_view text) {
  return MUST(engine::parse_json(text));
}

std::shared_ptr<const Schema> structural(std::string_view spec) {
  Json schema = read(R"({"type":"object","properties":{}})");
  schema.find("properties")->set("spec", read(spec));
  return MUST(Schema::from_structural(schema, "s"));
}

// The faults of a spec, "field: message" each.
std::vector<std::string> faults(std::string_view schema, std::string_view spec) {
  Json object = Json::object();
  object.set("spec", read(spec));
  std::vector<std::string> out;
  for (const auto& cause : structural(schema)->validate(object)) {
    out.push_back(cause.field + ": " + cause.message);
  }
  return out;
}

using Texts = std::vector<std::string>;

Texts refusals(std::string_view schema) {
  auto made = Schema::from_structural(read(schema), "s");
  Texts out;
  if (made) return out;
  for (const auto& cause : made.error().causes()) out.push_back(cause.field + ": " + cause.message);
  return out;
}

}  // namespace

TEST_CASE("types are checked in upstream's words", "[schema]") {
  CHECK(
      faults(R"({"type":"object","properties":{"n":{"type":"integer"}}})", R"({"n":"x"})") ==
      Texts{
          "spec.n: Invalid value: \"string\": spec.n in body must be of type integer: \"string\""});
  CHECK(
      faults(R"({"type":"object","properties":{"n":{"type":"integer"}}})", R"({"n":1.0})").empty());
  CHECK(
      faults(R"({"type":"object","properties":{"n":{"type":"integer"}}})", R"({"n":1.5})") ==
      Texts{"spec.n: Invalid value: \"number\": spec.n in body must be of type integer: \"number\"",
            "<nil>: Invalid value: \"\": Checked value must be of type integer (default format) in "
            "spec.n"});
  CHECK(faults(R"({"type":"object","properties":{"n":{"type":"string"}}})", R"({"n":null})") ==
        Texts{"spec.n: Invalid value: \"null\": spec.n in body must be of type string: \"null\""});
  CHECK(faults(R"({"type":"object","properties":{"n":{"type":"string","nullable":true}}})",
               R"({"n":null})")
            .empty());
  CHECK(faults(R"({"x-kubernetes-int-or-string":true})", R"(true)") ==
        Texts{"spec: Invalid value: \"boolean\": spec in body must be of type integer,string: "
              "\"boolean\""});
  CHECK(faults(R"({"type":"object","required":["a"]})", "{}") == Texts{"spec.a: Required value"});
}

TEST_CASE("rules are checked in upstream's words", "[schema]") {
  const char* schema = R"({"type":"object","properties":{
    "n":{"type":"integer","minimum":1,"maximum":5,"exclusiveMaximum":true,"multipleOf":2},
    "s":{"type":"string","minLength":2,"maxLength":3,"pattern":"^[a-z]+$"},
    "l":{"type":"array","minItems":1,"maxItems":2,"items":{"type":"string"}},
    "m":{"type":"object","maxProperties":1,"additionalProperties":{"type":"string"}},
    "t":{"type":"string","format":"date-time"}}})";
  CHECK(faults(schema, R"({"n":0})") ==
        Texts{"spec.n: Invalid value: 0: spec.n in body should be greater than or equal to 1"});
  CHECK(faults(schema, R"({"n":5})") ==
        Texts{"spec.n: Invalid value: 5: spec.n in body should be a multiple of 2",
              "spec.n: Invalid value: 5: spec.n in body should be less than 5"});
  CHECK(faults(schema, R"({"s":"A"})") ==
        Texts{"spec.s: Invalid value: \"A\": spec.s in body should be at least 2 chars long"});
  CHECK(faults(schema, R"({"s":"AB"})") ==
        Texts{"spec.s: Invalid value: \"AB\": spec.s in body should match '^[a-z]+$'"});
  CHECK(faults(schema, R"({"s":"abcd"})") ==
        Texts{"spec.s: Too long: may not be more than 3 bytes"});
  CHECK(faults(schema, R"({"l":[]})") ==
        Texts{"spec.l: Invalid value: 0: spec.l in body should have at least 1 items"});
  CHECK(faults(schema, R"({"l":["a","b","c"]})") ==
        Texts{"spec.l: Too many: 3: must have at most 2 items"});
  CHECK(faults(schema, R"({"m":{"a":"1","b":"2"}})") ==
        Texts{"spec.m: Too many: 2: must have at most 1 item"});
  CHECK(faults(schema, R"({"t":"yesterday"})").size() == 1);
  CHECK(faults(schema, R"({"m":{"a":1}})") ==
        Texts{"spec.m.a: Invalid value: \"integer\": spec.m.a in body must be of type string: "
              "\"integer\""});
}

TEST_CASE("sets and maps hold each item once", "[schema]") {
  CHECK(faults(R"({"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"})",
               R"(["a","b","a"])") == Texts{"spec[2]: Duplicate value: \"a\""});
  CHECK(
      faults(
          R"({"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["p","k"],
      "items":{"type":"object","required":["p"],"properties":{"p":{"type":"integer"},
        "k":{"type":"string","default":"TCP"}}}})",
          R"([{"p":1},{"p":1,"k":"TCP"},{"p":1,"k":"UDP"}])") ==
      Texts{"spec[1]: Duplicate value: {\"p\":1,\"k\":\"TCP\"}"});
}

TEST_CASE("alternatives", "[schema]") {
  const char* schema =
      R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},
    "oneOf":[{"required":["a"]},{"required":["b"]}]})";
  CHECK(faults(schema, R"({"a":"1"})").empty());
  CHECK(faults(schema, R"({"a":"1","b":"2"})") ==
        Texts{"spec: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). "
              "Found 2 valid alternatives"});
  CHECK(faults(schema, "{}").size() == 2);
  CHECK(faults(R"({"type":"string","not":{"pattern":"^x"}})", R"("xy")").size() == 1);
}

TEST_CASE("pruning and defaulting of a custom resource", "[schema]") {
  auto schema = structural(R"({"type":"object","properties":{
    "known":{"type":"string","default":"d"},
    "open":{"type":"object","x-kubernetes-preserve-unknown-fields":true,
      "properties":{"inner":{"type":"object","properties":{"x":{"type":"integer"}}}}},
    "map":{"type":"object","additionalProperties":{"type":"object","properties":{"y":
      {"type":"integer"}}}},
    "list":{"type":"array","items":{"type":"object","properties":{"z":{"type":"integer",
      "default":7}}}},
    "gone":{"type":"string"},
    "raw":{"type":"object","x-kubernetes-embedded-resource":true,
      "x-kubernetes-preserve-unknown-fields":true}}})");
  Json object = read(R"({"apiVersion":"a/v1","kind":"K","metadata":{"name":"n","bad":1},"other":1,
    "spec":{"known":null,"gone":null,"extra":1,
      "open":{"any":1,"inner":{"x":1,"q":2}},
      "map":{"a":{"y":1,"w":2}},"list":[{"q":1},{"z":8}],
      "raw":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{}}}})");
  CHECK(schema->prune(object) == Texts{"metadata.bad", "spec.open.inner.q", "spec.map.a.w",
                                       "spec.list[0].q", "spec.extra", "other"});
  schema->apply_defaults(object);
  CHECK(dump(*object.find("spec")) ==
        R"({"open":{"any":1,"inner":{"x":1}},"map":{"a":{"y":1}},"list":[{"z":7},{"z":8}],)"
        R"("raw":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{}},"known":"d"})");
  CHECK(schema->validate(object).empty());
}

TEST_CASE("what is not structural is refused with each reason", "[schema]") {
  CHECK(refusals(R"({"type":"string"})") ==
        Texts{"s.type: Invalid value: \"string\": must be object at the root"});
  CHECK(refusals("{}") == Texts{"s.type: Required value: must not be empty at the root"});
  CHECK(refusals(R"({"type":"object","properties":{"a":{"type":"array"}}})") ==
        Texts{"s.properties[a].items: Required value: must be specified"});
  CHECK(
      refusals(R"({"type":"object","properties":{"a":{"type":"string","pattern":"("}}})").size() ==
      1);
  CHECK(refusals(R"({"type":"object","properties":{"a":{"$ref":"x","type":"string"}}})").size() ==
        1);
  CHECK(refusals(R"({"type":"object","anyOf":[{"properties":{"b":{"pattern":"x"}}}]})").size() ==
        1);
  CHECK(
      refusals(R"({"type":"object","properties":{"a":{"type":"integer","default":"x"}}})").size() ==
      1);
  CHECK(
      refusals(R"({"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map",
      "items":{"type":"object"}}}})") ==
      Texts{"s.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if "
            "x-kubernetes-list-type is map"});
  CHECK(refusals(R"({"type":"object","properties":{"p":{"x-kubernetes-int-or-string":true,
      "anyOf":[{"type":"integer"},{"type":"string"}]}}})")
            .empty());
  CHECK(refusals(R"({"type":"object","properties":{"metadata":{"type":"object","properties":{
      "name":{"type":"string","pattern":"^x"}}}}})")
            .empty());
  std::string deep = R"({"type":"object"})";
  for (int i = 0; i < 240; i++) deep = R"({"type":"object","properties":{"a":)" + deep + "}}";
  CHECK(refusals(deep).size() == 1);
}

TEST_CASE("metadata may be narrowed by a custom resource's schema", "[schema]") {
  auto schema = MUST(Schema::from_structural(read(R"({"type":"object","properties":{"metadata":{
    "type":"object","properties":{"name":{"type":"string","pattern":"^x"}}}}})"),
                                             "s"));
  CHECK(schema->validate(read(R"({"metadata":{"name":"x1"}})")).empty());
  CHECK(schema->validate(read(R"({"metadata":{"name":"y1"}})")).size() == 1);
  CHECK(schema->validate(read(R"({"metadata":{"labels":{"a":1}}})")).size() == 1);
}
