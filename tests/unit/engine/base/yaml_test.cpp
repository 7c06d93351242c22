#include "engine/base/yaml.h"

#include <catch2/catch_test_macros.hpp>

using engine::dump;
using engine::Json;
using engine::parse_json;
using engine::parse_yaml;
using engine::to_yaml;

namespace {

std::string as_json(std::string_view text) {
  return dump(MUST(parse_yaml(text)));
}

std::string refusal(std::string_view text, engine::YamlLimits limits = {}) {
  auto out = parse_yaml(text, limits);
  REQUIRE_FALSE(out.ok());
  return out.error().message();
}

}  // namespace

TEST_CASE("scalars mean what go-yaml takes them for", "[yaml]") {
  CHECK(as_json("[yes, On, n, TRUE, ~, null, '', \"yes\"]") ==
        R"([true,true,false,true,null,null,"","yes"])");
  CHECK(as_json("[1, -2, +3, 0x1f, 0o17, 017, 0b101, 1_000, 08]") ==
        R"([1,-2,3,31,15,15,5,1000,8])");
  CHECK(as_json("[1.5, .5, 1e3, -1.0, 1., 1.2.3, 12:30]") ==
        R"([1.5,0.5,1000,-1,1,"1.2.3","12:30"])");
  CHECK(as_json("[2001-12-14, 2001-12-14T21:59:43Z, 1.10.0, -, abc def]") ==
        R"(["2001-12-14","2001-12-14T21:59:43Z","1.10.0","-","abc def"])");
  CHECK(as_json("[!!str 1, !!int '3', !!float 1, !!bool 'yes', !!binary aGk=, !mine x]") ==
        R"(["1",3,1,true,"hi","x"])");
  CHECK(as_json("{1: a, true: b, 1.5: c, y: d}") == R"({"1":"a","true":"d","1.5":"c"})");
}

TEST_CASE("anchors, aliases and merge keys", "[yaml]") {
  CHECK(as_json("a: &x {k: 1}\nb: *x\n") == R"({"a":{"k":1},"b":{"k":1}})");
  CHECK(as_json("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n") ==
        R"({"a":{"k":1,"l":2},"b":{"k":3,"l":2}})");
  CHECK(as_json("- &x {k: 1}\n- &y {k: 2, m: 3}\n- <<: [*x, *y]\n") ==
        R"([{"k":1},{"k":2,"m":3},{"k":1,"m":3}])");
  CHECK(refusal("a: &x [*x]").find("contains itself") != std::string::npos);
  CHECK(refusal("a: *no").find("unknown anchor 'no'") != std::string::npos);
  CHECK(refusal("<<: 1").find("map merge requires") != std::string::npos);
}

TEST_CASE("a bomb of aliases is refused", "[yaml]") {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; i++) {
    std::string previous = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; k++) bomb += (k ? "," : "") + previous;
    bomb += "]\n";
  }
  CHECK(refusal(bomb).find("aliases are expanded") != std::string::npos);
  std::string big = "s: &s " + std::string(1 << 20, 'x') + "\nl: [";
  for (int i = 0; i < 100; i++) big += "*s,";
  CHECK(refusal(big + "]").find("aliases are expanded") != std::string::npos);
  // Each level is shallow; together they would be deep.
  std::string deep = "a0: &a0 " + std::string(400, '[') + std::string(400, ']') + "\n";
  deep += "a1: " + std::string(200, '[') + "*a0" + std::string(200, ']') + "\n";
  CHECK(refusal(deep).find("levels deep") != std::string::npos);
}

TEST_CASE("bad YAML is refused with its place", "[yaml]") {
  CHECK(refusal("a: 1\nb: [1, 2\n").find("line 3") != std::string::npos);
  CHECK(refusal("a: b: c").find("line 1, column 5") != std::string::npos);
  CHECK(refusal("a: .inf").find("no meaning in JSON") != std::string::npos);
  CHECK(refusal("a: 1\n---\nb: 2\n").find("one document") != std::string::npos);
  CHECK(refusal("~: 1").find("key must be text") != std::string::npos);
  CHECK(refusal("a: \xff").find("line 1") != std::string::npos);
  CHECK(refusal("!!int x").find("cannot decode `x`") != std::string::npos);
  CHECK(refusal(std::string(10'000, '[')).find("levels deep") != std::string::npos);
}

TEST_CASE("streams and duplicates", "[yaml]") {
  auto documents = MUST(engine::parse_yaml_stream("---\na: 1\n---\n# nothing\n---\n- 2\n...\n"));
  REQUIRE(documents.size() == 2);
  CHECK(dump(documents[1]) == "[2]");
  CHECK(as_json("") == "null");
  std::vector<std::string> twice;
  CHECK(dump(MUST(parse_yaml("a: {x: 1, x: 2}\nb: 1\nb: 2\n", {}, &twice))) ==
        R"({"a":{"x":2},"b":2})");
  CHECK(twice == std::vector<std::string>{"a.x", "b"});
}

TEST_CASE("written YAML looks as kubectl's and reads back equal", "[yaml]") {
  Json value = MUST(parse_json(R"({"apiVersion":"v1","items":[{"a":"1","b":true,"c":[]},["x"]],
    "text":"one\ntwo\n","end":"no newline\nat end","more":"x\n\n","lead":"  a\nb","n":null,"f":1.5,
    "q":"a: b","d":"2001-01-01","e":"","s":" x","bin":"a\u0000b","uni":"é","tab":"a\tb\n","k":
      {"y":"on"},
    "ver":"1.10","hash":"a #b","star":"*x","dash":"- x","bool":"yes","sep":"---","cr":"a\r\nb"})"));
  std::string text = to_yaml(value);
  CHECK(MUST(parse_yaml(text)) == value);
  CHECK(text.starts_with(
      "apiVersion: v1\nitems:\n- a: \"1\"\n  b: true\n  c: []\n- - x\n"
      "text: |\n  one\n  two\nend: |-\n  no newline\n  at end\nmore: |+\n  x\n\n"));
  CHECK(text.find("q: 'a: b'\n") != std::string::npos);
  CHECK(text.find("k:\n  \"y\": \"on\"\n") != std::string::npos);
  CHECK(to_yaml(Json("a\nb")) == "\"a\\nb\"\n");
  CHECK(to_yaml(Json::object()) == "{}\n");
}
