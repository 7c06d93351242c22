// What the dashboard makes of texts: YAML for the eye, diffs, addresses, times, amounts, colours.
#include <catch2/catch_all.hpp>
#include <cmath>

#include "tokens.gen.h"
#include "web/client/api.h"
#include "web/client/clock.h"
#include "web/client/json_diff.h"
#include "web/pages/cluster_facts.h"
#include "web/pages/palette.h"
#include "web/pages/reasons.h"
#include "web/pages/route.h"
#include "web/platform/keys.h"
#include "web/widgets/ansi.h"
#include "web/widgets/yaml_text.h"

using namespace web;
using engine::Json;

TEST_CASE("yaml: keys, values and comments have their colours") {
  int block = -1;
  const auto spans = yaml_spans("  - image: app:1.2  # why", block);
  REQUIRE(spans.size() == 5);
  CHECK(spans[0].ink == YamlInk::kPunctuation);
  CHECK(spans[1].ink == YamlInk::kKey);
  CHECK(spans[3].ink == YamlInk::kString);
  CHECK(spans[4].ink == YamlInk::kComment);
  CHECK(yaml_spans("replicas: 3", block).back().ink == YamlInk::kNumber);
  CHECK(yaml_spans("paused: true", block).back().ink == YamlInk::kKeyword);
  yaml_spans("script: |", block);
  CHECK(block == 0);
  CHECK(yaml_spans("  key: not a key", block)[0].ink == YamlInk::kString);
  yaml_spans("next: 1", block);
  CHECK(block == -1);
}

TEST_CASE("diff: pairs, gaps and folds") {
  std::vector<std::string> a, b;
  for (int i = 0; i < 40; i++) a.push_back("line " + std::to_string(i));
  b = a;
  b[20] = "other";
  b.insert(b.begin() + 30, "new");
  const auto rows = diff_lines(a, b, 4);
  int changed = 0, folded = 0;
  for (const DiffRow& r : rows) {
    changed += r.same ? 0 : 1;
    folded += r.folded;
  }
  CHECK(changed == 2);
  CHECK(folded > 20);
  const auto all = diff_lines(a, b, 0);
  CHECK(all.size() == 41);
  CHECK(diff_lines(a, a, 4).size() == 1);
  CHECK(diff_lines({}, {"x"}, 0).size() == 1);
  const WordRange w = diff_words("memory: 256Mi", "memory: 512Mi");
  CHECK(w.from_left == 8);
  CHECK(w.to_left == 13);
}

TEST_CASE("changes of an object are told and laid on a newer one") {
  const Json before = *engine::parse_json(
      R"({"spec":{"replicas":3,"containers":[{"name":"api","image":"reg/app:1","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]}})");
  Json after = before;
  after["spec"].set("replicas", 5);
  after["spec"]["containers"].as_array()[0].set("image", "reg/app:2");
  after["spec"]["containers"].as_array()[0]["env"].as_array().pop_back();
  const auto changes = json_changes(before, after);
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].title() == "Replicas");
  CHECK(changes[0].words() == "3 \xe2\x86\x92 5");
  CHECK(changes[1].title() == "Image of api");
  CHECK(changes[1].words() == "1 \xe2\x86\x92 2");
  CHECK(changes[2].title() == "B of api");
  CHECK(changes[2].words() == "removed");
  Json newer = before;
  newer["spec"].set("paused", true);
  REQUIRE(apply_changes(newer, changes));
  CHECK(newer.integer({"spec", "replicas"}) == 5);
  CHECK(newer.truth({"spec", "paused"}));
  CHECK(newer.at({"spec", "containers"})->as_array()[0].find("env")->size() == 1);
}

TEST_CASE("routes survive the address bar") {
  const Route r = parse_route("/dashboard/c/c-1/r/apps/deployments/a%2Fb/x?ns=a%2Cb&q=1#yaml");
  CHECK(r.cluster() == "c-1");
  CHECK(r.part(5) == "a/b");
  CHECK(r.query.at("ns") == "a,b");
  CHECK(r.tab == "yaml");
  CHECK(parse_route(r.url()) == r);
  CHECK(parse_route("/dashboard/").parts.empty());
}

TEST_CASE("times, amounts and letters") {
  CHECK(parse_time("1970-01-01T00:00:01Z") == 1000);
  CHECK(parse_time("2026-11-24T07:30:23.5+01:00") == parse_time("2026-11-24T06:30:23Z") + 500);
  CHECK(parse_time("soon") == 0);
  CHECK(age_text(1000, 13000) == "12s");
  CHECK(age_text(1000, 1000 + 86400000LL * 400) == "400d");
  CHECK(parse_quantity("1500m") == Catch::Approx(1.5));
  CHECK(parse_quantity("2Gi") == 2147483648.0);
  CHECK(parse_quantity("many") == -1);
  CHECK(count_text(1104) == "1,104");
  CHECK(monogram_letters("prod-eu-west") == "PE");
  CHECK(fuzzy_score("prod eu", "prod-eu-west") > fuzzy_score("prod eu", "product-queue"));
  CHECK(fuzzy_score("xyz", "prod") < 0);
}

TEST_CASE("logs lose their escape sequences and keep their colours") {
  const AnsiLine line = parse_ansi("\x1b[31mred\x1b[0m plain\x1b]0;title");
  CHECK(line.text.starts_with("red plain"));
  REQUIRE(line.spans.size() == 2);
  CHECK(line.spans[0].color == 1);
  CHECK(line.spans[1].from == 3);
}

TEST_CASE("the browser keeps what is its own") {
  CHECK_FALSE(claims(key_of("KeyT", "t"), "t", 1, false));
  CHECK_FALSE(claims(key_of("F5", "F5"), "F5", 0, false));
  CHECK_FALSE(claims(key_of("KeyA", "a"), "a", 0, false));  // writes a character
  CHECK(claims(key_of("KeyK", "k"), "k", 1, false));
  CHECK(claims(key_of("Tab", "Tab"), "Tab", 0, false));
  CHECK_FALSE(claims(key_of("KeyD", "D"), "D", 3, false));
  CHECK(claims(key_of("KeyR", "r"), "r", 1, true));  // a shell has the keyboard
}

TEST_CASE("a pod in trouble says why") {
  const Json pod = *engine::parse_json(
      R"({"spec":{"containers":[{"name":"api","resources":{"limits":{"memory":"256Mi"}}}]},"status":{"containerStatuses":[
      {"name":"api","ready":false,"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled"}},
      "state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}})");
  CHECK(pod_reason(pod) == "Container api exits with 137 (OOMKilled) at its limit of 256Mi");
}

namespace {

double part(uint32_t c, int shift) {
  const double v = ((c >> shift) & 255) / 255.0;
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}
double light(uint32_t c) {
  return 0.2126 * part(c, 0) + 0.7152 * part(c, 8) + 0.0722 * part(c, 16);
}
double contrast(uint32_t a, uint32_t b) {
  const double x = light(a) + 0.05, y = light(b) + 0.05;
  return x > y ? x / y : y / x;
}

}  // namespace

TEST_CASE("words can be read on every surface") {
  for (const tokens::Colors* c : {&tokens::kLight, &tokens::kDark}) {
    const uint32_t surfaces[] = {c->surface_canvas,       c->surface_panel, c->surface_raised,
                                 c->surface_sunken,       c->surface_hover, c->surface_selected,
                                 c->surface_selectedHover};
    const uint32_t words[] = {c->text_primary,       c->text_secondary,
                              c->text_tertiary,      c->text_link,
                              c->state_error_text,   c->state_warning_text,
                              c->state_success_text, c->state_transitioning_text};
    for (const uint32_t surface : surfaces) {
      for (const uint32_t word : words) CHECK(contrast(word, surface) >= 4.5);
    }
    CHECK(contrast(c->text_onAccent, c->accent_fill) >= 4.5);
    CHECK(contrast(c->text_onDanger, c->danger_fill) >= 4.5);
  }
}
