#include "engine/schema/pattern.h"

#include <catch2/catch_test_macros.hpp>

using engine::Pattern;

namespace {

bool found(std::string_view pattern, std::string_view text) {
  auto compiled = Pattern::compile(pattern);
  INFO(pattern << " : " << (compiled ? "" : compiled.error().what));
  REQUIRE(compiled.ok());
  return (*compiled)->found_in(text);
}

}  // namespace

TEST_CASE("patterns match as Go's do", "[pattern]") {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
  };
  for (const Row& row : {Row{"a", "cat", true},
                         Row{"^a", "cat", false},
                         Row{"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "my-name", true},
                         Row{"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "my-name-", false},
                         Row{"^(a|bc)*d$", "abcad", true},
                         Row{"^(a|bc)*d$", "abad", false},
                         Row{"^a{2,3}$", "aaa", true},
                         Row{"^a{2,3}$", "aaaa", false},
                         Row{"^a{2}$", "a", false},
                         Row{"^a{2,}$", "aaaaaa", true},
                         Row{"^\\d+\\.\\d*$", "12.", true},
                         Row{"^[^/]+$", "a/b", false},
                         Row{"^[\\w.-]+$", "a_b.c-d", true},
                         Row{"(?i)^abc$", "aBC", true},
                         Row{"^(?:x|y)z$", "yz", true},
                         Row{"^(?P<n>x)$", "x", true},
                         Row{"^.$", "é", true},
                         Row{"^.$", "\n", false},
                         Row{"(?s)^.$", "\n", true},
                         Row{"(?m)^b$", "a\nb\nc", true},
                         Row{"^[[:alpha:]]+$", "ab1", false},
                         Row{"\\bfoo\\b", "a foo b", true},
                         Row{"\\bfoo\\b", "afoob", false},
                         Row{"^\\x41\\x{e9}$", "Aé", true},
                         Row{"^$", "", true},
                         Row{"", "anything", true},
                         Row{"^a?b+?c*$", "bbc", true},
                         Row{"^{}$", "{}", true},
                         Row{"^[]a]$", "]", true},
                         Row{"^[a\\-z]$", "-", true},
                         Row{"^\\Qa.b\\E$", "a.b", true},
                         Row{"^(a*)*$", "aaab", false},
                         Row{"^(|a)+$", "aa", true}}) {
    INFO(row.pattern << " on " << row.text);
    CHECK(found(row.pattern, row.text) == row.matches);
  }
}

TEST_CASE("bad patterns are refused", "[pattern]") {
  for (const char* bad : {"(", ")", "[a", "*a", "a**", "a{3,2}", "a{2000}", "\\", "(?<a", "[z-a]",
                          "\\pL", "(?=a)", "\\1", "((((a{1000}){1000}){1000}){1000})", "x{2}{3}"}) {
    INFO(bad);
    CHECK_FALSE(Pattern::compile(bad).ok());
  }
  CHECK_FALSE(Pattern::compile(std::string(500, '(') + std::string(500, ')')).ok());
}

TEST_CASE("no pattern makes the time explode", "[pattern]") {
  auto evil = MUST(Pattern::compile("^(a+)+$"));
  CHECK_FALSE(evil->found_in(std::string(20'000, 'a') + "b"));
  auto counted = MUST(Pattern::compile("^(a?){500}a{500}$"));
  CHECK(counted->found_in(std::string(500, 'a')));
}
