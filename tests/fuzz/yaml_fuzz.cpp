// room: engine_base
// What parse_yaml accepts, to_yaml must write so that it reads back equal; nothing grows past its
// budget.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/base/yaml.h"

std::vector<std::string> fuzz_seeds() {
  return {"apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    x\n    y\n  b: >-\n    z\n",
          "a: &x {k: 1, l: [1, 2.5, ~, yes]}\nb:\n  <<: *x\n  k: 'it''s'\nc: \"\\x41\\n\"\n",
          "- - a\n  - b: c\n    d: 2001-01-01\n- !!str 5\n- !!binary aGk=\n- |2-\n    lead\n",
          "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
          "? a\n: b\n? [c]\n: d\n",
          "--- a\n...\n---\nb\n"};
}

int fuzz_one(std::span<const std::byte> input) {
  std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  engine::YamlLimits limits{.depth_max = 50, .bytes_max = 1 << 16, .nodes_max = 10'000};
  auto first = engine::parse_yaml(text, limits);
  (void)engine::parse_yaml_stream(text, limits);
  if (!first) return first.error().message().empty() ? 1 : 0;
  std::string out = engine::to_yaml(*first);
  auto again = engine::parse_yaml(out);
  return again && *again == *first ? 0 : 2;
}
