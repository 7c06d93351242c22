#include <catch2/catch_all.hpp>

#include "engine/watch/selector.h"
#include "tests/support/fake_kinds.h"

using namespace engine;

namespace {

const auto kPod = tests::fake_kind("", "v1", "Pod", "pods");
const auto kMap = tests::fake_kind("", "v1", "ConfigMap", "configmaps");

bool labels_match(std::string_view selector, std::string_view labels) {
  std::string bytes =
      R"({"kind":"Pod","metadata":{"name":"p","labels":)" + std::string(labels) + "}}";
  auto parsed = Selector::parse(*kPod, selector, "");
  REQUIRE(parsed);
  return parsed->matches(ObjectView("ns", "p", bytes));
}

std::string label_error(std::string_view selector) {
  auto parsed = Selector::parse(*kPod, selector, "");
  return parsed ? "accepted" : parsed.error().message();
}

std::string field_error(const Kind& kind, std::string_view selector) {
  auto parsed = Selector::parse(kind, "", selector);
  return parsed ? "accepted" : parsed.error().message();
}

}  // namespace

TEST_CASE("label selectors mean what upstream's grammar says", "[watch][selector]") {
  struct Row {
    std::string_view selector, labels;
    bool match;
  };
  auto row = GENERATE(values<Row>({
      {"", "{}", true},
      {"a=1", R"({"a":"1"})", true},
      {"a==1", R"({"a":"2"})", false},
      {"a!=1", R"({"a":"2"})", true},
      {"a!=1", "{}", true},
      {"a", R"({"a":""})", true},
      {"!a", R"({"a":""})", false},
      {"!a", R"({"b":""})", true},
      {"a in (1,2)", R"({"a":"2"})", true},
      {"a in (1,2)", "{}", false},
      {"a notin (1,2)", "{}", true},
      {"a notin (1,2)", R"({"a":"1"})", false},
      {"a in (,1)", R"({"a":""})", true},
      {"a in ()", R"({"a":""})", true},
      {"a=", R"({"a":""})", true},
      {"a>3", R"({"a":"4"})", true},
      {"a > 3", R"({"a":"3"})", false},
      {"a<3", R"({"a":"x"})", false},
      {"in in (in,notin)", R"({"in":"notin"})", true},
      {"a=1,b!=2,c", R"({"a":"1","c":"x"})", true},
      {"x.io/a=1", R"({"x.io/a":"1"})", true},
      {"a=é", "{}", false},
  }));
  if (row.selector == "a=é") {
    CHECK_THAT(label_error(row.selector),
               Catch::Matchers::StartsWith(
                   "unable to parse requirement: values[0][a]: Invalid value: \"é\""));
  } else {
    CAPTURE(row.selector, row.labels);
    CHECK(labels_match(row.selector, row.labels) == row.match);
  }
}

TEST_CASE("label selectors that make no sense are refused in upstream's words",
          "[watch][selector]") {
  CHECK(label_error("a in 1") == "unable to parse requirement: found '1' expected: '('");
  CHECK(label_error(",a") == "found ',', expected: !, identifier, or 'end of string'");
  CHECK(label_error("a=1,") == "found '', expected: identifier after ','");
  CHECK(label_error("a=1 b") == "found 'b', expected: ',' or 'end of string'");
  CHECK(label_error("a b") ==
        "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
  CHECK_THAT(label_error("a>b"), Catch::Matchers::EndsWith("the value must be an integer"));
  CHECK_THAT(
      label_error("-a=b"),
      Catch::Matchers::StartsWith(
          "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of"));
}

TEST_CASE("field selectors know each kind's fields", "[watch][selector]") {
  std::string bytes =
      R"({"metadata":{"name":"p"},"spec":{"nodeName":"n\u0031"},"status":{"phase":"Running"}})";
  ObjectView object("ns", "p", bytes);
  auto match = [&](std::string_view text) {
    return Selector::parse(*kPod, "", text)->matches(object);
  };
  CHECK(match("spec.nodeName=n1,status.phase!=Failed"));
  CHECK_FALSE(match("spec.nodeName=n2"));
  CHECK(match("metadata.name=p,metadata.namespace=ns"));
  CHECK(match("spec.hostNetwork=false"));
  CHECK(match("status.podIP="));
  CHECK(field_error(*kMap, "spec.nodeName=x") ==
        "\"spec.nodeName\" is not a known field selector: only \"metadata.name\", "
        "\"metadata.namespace\"");
  CHECK(field_error(*kPod, "data.x=1") == "field label not supported: data.x");
  CHECK(field_error(*kPod, "metadata.name") ==
        "invalid selector: 'metadata.name'; can't understand 'metadata.name'");
  CHECK(field_error(*kPod, "metadata.name=a\\b") ==
        "invalid field selector: invalid escape sequence: \\b");
  CHECK(Selector::parse(*kMap, "", "metadata.name=a\\,b")->exact("metadata.name") == "a,b");
}

TEST_CASE("fields are found in bytes whatever stands around them", "[watch][scan]") {
  std::string json = R"({"a":"}\"{","b":[{"x":1},"]"],)"
                     R"("m\u0065ta": { "n" : "v\n\ud83d\ude00" , "k":null},"z":-1.5e3})";
  CHECK(scan(json, {"b"}) == R"([{"x":1},"]"])");
  CHECK(scan_text(scan(json, {"meta", "n"})) == "v\n😀");
  CHECK(scan_text(scan(json, {"meta", "k"})).empty());
  CHECK(scan(json, {"z"}) == "-1.5e3");
  CHECK(scan(json, {"meta", "none"}).empty());
  auto bytes = std::make_shared<const std::string>(
      R"({"kind":"K","apiVersion":"g/v1","metadata":{"resourceVersion":"7","name":"n"}})");
  CHECK(*with_revision(bytes, 12) ==
        R"({"kind":"K","apiVersion":"g/v1","metadata":{"resourceVersion":"12","name":"n"}})");
  CHECK(with_api_version(bytes, "g/v1") == bytes);
}

TEST_CASE("indented text is what dump_pretty writes", "[watch][scan]") {
  for (std::string_view text : {R"({"a":[],"b":{},"c":[1,[2,{"d":"x,{\"}"}],null],"e":-1.5})", "[]",
                                "{}", "\"a\"", "[[[]]]", R"([{"a":{"b":[{"c":{}}]}}])"})
    CHECK(indented(text) == dump_pretty(*parse_json(text)));
}
