#include <catch2/catch_test_macros.hpp>

#include "engine/registry/patch/patches.h"

using namespace engine;

namespace {

Json json(std::string_view text) {
  return MUST(parse_json(text));
}

struct Row {
  std::string_view object, patch, wanted;  // wanted empty: an error
};

}  // namespace

TEST_CASE("JSON patch as RFC 6902 says", "[registry][patch]") {
  const Row rows[] = {
      {R"({"a":1})", R"([{"op":"add","path":"/b","value":2}])", R"({"a":1,"b":2})"},
      {R"({"a":[1,3]})", R"([{"op":"add","path":"/a/1","value":2}])", R"({"a":[1,2,3]})"},
      {R"({"a":[1]})", R"([{"op":"add","path":"/a/-","value":2}])", R"({"a":[1,2]})"},
      {R"({"a":[1]})", R"([{"op":"add","path":"/a/3","value":2}])", ""},
      {R"({"a":1,"b":2})", R"([{"op":"remove","path":"/a"}])", R"({"b":2})"},
      {R"({"a":1})", R"([{"op":"remove","path":"/b"}])", ""},
      {R"({"a":[1,2]})", R"([{"op":"remove","path":"/a/-1"}])", R"({"a":[1]})"},
      {R"({"a":1})", R"([{"op":"replace","path":"/a","value":{"x":1}}])", R"({"a":{"x":1}})"},
      {R"({"a":1})", R"([{"op":"replace","path":"/b","value":1}])", ""},
      {R"({"a":{"b":1}})", R"([{"op":"move","from":"/a/b","path":"/c"}])", R"({"a":{},"c":1})"},
      {R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":"/a/b"}])", ""},
      {R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a","path":"/c"}])",
       R"({"a":{"b":1},"c":{"b":1}})"},
      {R"({"a":1})", R"([{"op":"test","path":"/a","value":1}])", R"({"a":1})"},
      {R"({"a":1})", R"([{"op":"test","path":"/a","value":2}])", ""},
      {R"({"a":1})", R"([{"op":"test","path":"/b","value":null}])", R"({"a":1})"},
      {R"({"a/b":1,"m~n":2})", R"([{"op":"remove","path":"/a~1b"},{"op":"remove","path":"/m~0n"}])",
       R"({})"},
      {R"({"a":1})", R"([{"op":"frob","path":"/a"}])", ""},
      {R"({"a":1})", R"([{"op":"add","path":"a","value":1}])", ""},
      {R"({"a":1})", R"([{"op":"add","path":"/x/y","value":1}])", ""},
      {R"({"a":1})", R"({"op":"add"})", ""},
  };
  for (const Row& row : rows) {
    INFO(row.patch);
    Json object = json(row.object);
    auto done = json_patch(object, json(row.patch));
    REQUIRE(done.ok() == !row.wanted.empty());
    if (done) CHECK(object == json(row.wanted));
  }
}

TEST_CASE("copies of a JSON patch cannot grow without end", "[registry][patch]") {
  Json object = json(R"({"a":["xxxxxxxxxxxxxxxx"]})");
  Json patch = Json::array();
  for (int i = 0; i < 40; i++) patch.push_back(json(R"({"op":"copy","from":"/a","path":"/a/-"})"));
  auto done = json_patch(object, patch);
  REQUIRE(!done);
  CHECK(done.error().code() == 413);
}

TEST_CASE("merge patch as RFC 7386 says", "[registry][patch]") {
  const Row rows[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":"foo"})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
      {R"({"a":1})", R"([1])", ""},
  };
  for (const Row& row : rows) {
    INFO(row.patch);
    Json object = json(row.object);
    auto done = merge_patch(object, json(row.patch));
    REQUIRE(done.ok() == !row.wanted.empty());
    if (done) CHECK(object == json(row.wanted));
  }
}
