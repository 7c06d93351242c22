#include "engine/base/json.h"

#include <catch2/catch_test_macros.hpp>

using engine::dump;
using engine::Json;
using engine::parse_json;

namespace {

Json read(std::string_view text) {
  return MUST(parse_json(text));
}

std::string refusal(std::string_view text, engine::JsonLimits limits = {}) {
  auto out = parse_json(text, limits);
  REQUIRE_FALSE(out.ok());
  return out.error().message();
}

}  // namespace

TEST_CASE("JSON comes back as it went in", "[json]") {
  for (std::string_view text :
       {R"({"b":1,"a":[true,false,null,"x"],"c":{}})", R"([])", R"("a\"\\\n\u0001é")", "-12", "1.5",
        R"({"a":{"b":{"c":[[[]]]}}})", "9223372036854775807", "-9223372036854775808"}) {
    CHECK(dump(read(text)) == text);
  }
}

TEST_CASE("numbers print as Go prints them", "[json]") {
  CHECK(dump(read("1.0")) == "1");
  CHECK(dump(read("1e21")) == "1e+21");
  CHECK(dump(read("1e20")) == "100000000000000000000");
  CHECK(dump(read("0.000001")) == "0.000001");
  CHECK(dump(read("0.0000001")) == "1e-7");
  CHECK(dump(read("123456.789")) == "123456.789");
  CHECK(dump(read("-0.5")) == "-0.5");
  CHECK(dump(read("1.25e-12")) == "1.25e-12");
  CHECK(read("18446744073709551615").is_real());
  CHECK(read("1") == read("1.0"));
  CHECK_FALSE(read("1") == read("1.1"));
}

TEST_CASE("bad JSON is refused with its place", "[json]") {
  CHECK(refusal("{\"a\":\n  tru}") ==
        "invalid JSON at line 2, column 3: true, false or null was expected");
  CHECK(refusal("").find("empty") != std::string::npos);
  CHECK(refusal("{} x").find("unexpected content") != std::string::npos);
  CHECK(refusal("[1,]").find("line 1, column 3") != std::string::npos);
  CHECK(refusal("  \n").find("white space") != std::string::npos);
  CHECK(refusal("\"\xff\"").find("UTF-8") != std::string::npos);
  CHECK(refusal("{\"a\":1e999}").find("number") != std::string::npos);
  CHECK(refusal("NaN").find("line 1") != std::string::npos);
}

TEST_CASE("nesting and size are bounded", "[json]") {
  std::string deep = std::string(10'000, '[') + std::string(10'000, ']');
  CHECK(refusal(deep).find("more than 500 levels") != std::string::npos);
  std::string fits = std::string(500, '[') + std::string(500, ']');
  CHECK(parse_json(fits).ok());
  CHECK(refusal("[1,2,3]", {.bytes_max = 4}).find("7 bytes") != std::string::npos);
}

TEST_CASE("of equal keys the last counts and each is reported", "[json]") {
  std::vector<std::string> twice;
  Json out = MUST(parse_json(R"({"a":1,"m":{"x":[{"k":1,"k":2}]},"a":3})", {}, &twice));
  CHECK(dump(out) == R"({"a":3,"m":{"x":[{"k":2}]}})");
  CHECK(twice == std::vector<std::string>{"m.x[0].k", "a"});
}

TEST_CASE("large objects keep order and find by index", "[json]") {
  Json big;
  for (int i = 0; i < 1000; i++) big["key" + std::to_string(i)] = i;
  CHECK(big.size() == 1000);
  for (int i = 0; i < 1000; i++) CHECK(big.integer({"key" + std::to_string(i)}, -1) == i);
  CHECK(big.erase("key500"));
  CHECK_FALSE(big.erase("key500"));
  CHECK(big.find("key500") == nullptr);
  CHECK(big.integer({"key999"}) == 999);
  CHECK((big.as_object().begin() + 500)->first == "key501");
  Json copy = big;
  copy["new"] = 1;
  CHECK(big.find("new") == nullptr);
  CHECK(copy.integer({"new"}) == 1);
  CHECK(read(dump(big)) == big);
}

TEST_CASE("an object may be replaced by a part of itself", "[json]") {
  Json out = read(R"({"spec":{"a":{"b":1}}})");
  out = Json(*out.at({"spec", "a"}));
  CHECK(dump(out) == R"({"b":1})");
  Json moved = read(R"({"spec":{"a":{"b":2}}})");
  moved = std::move(*moved.find("spec"));
  CHECK(dump(moved) == R"({"a":{"b":2}})");
}

TEST_CASE("lenient reading and writing", "[json]") {
  Json out;
  out.make({"metadata", "labels", "a"}) = "b";
  out.make({"metadata", "n"}) = 3;
  out["list"].push_back(1.5);
  CHECK(out.str({"metadata", "labels", "a"}) == "b");
  CHECK(out.str({"metadata", "n"}, "none") == "none");
  CHECK(out.integer({"metadata", "n"}) == 3);
  CHECK(out.truth({"metadata", "n"}, true));
  CHECK(out.at({"metadata", "x", "y"}) == nullptr);
  CHECK(read(R"({"a":1,"b":2})") == read(R"({"b":2,"a":1})"));
  CHECK_FALSE(read(R"({"a":1})") == read(R"({"b":1})"));
  CHECK(engine::dump_pretty(read(R"({"a":[1,{}],"b":{}})")) ==
        "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {}\n}");
}
