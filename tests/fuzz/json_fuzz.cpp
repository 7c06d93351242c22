// room: engine_base
// What parse_json accepts, dump must write so that it reads back equal; with and without watching
// for duplicates the value is one.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/base/json.h"

std::vector<std::string> fuzz_seeds() {
  return {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"b":"c"}}})",
          R"([1,-2.5e10,true,false,null,"\u00e9\ud83d\ude00\\\"",{}])",
          R"({"a":1,"a":2,"b":{"a":[[[[]]]]}})", std::string(600, '[') + std::string(600, ']')};
}

int fuzz_one(std::span<const std::byte> input) {
  std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  auto first = engine::parse_json(text);
  std::vector<std::string> twice;
  auto watched = engine::parse_json(text, {}, &twice);
  if (first.ok() != watched.ok()) return 1;
  if (!first) return first.error().message().empty() ? 2 : 0;
  if (!(*first == *watched)) return 3;
  std::string out = engine::dump(*first);
  auto again = engine::parse_json(out);
  if (!again || !(*again == *first)) return 4;
  if (engine::dump(*again) != out) return 5;
  auto pretty = engine::parse_json(engine::dump_pretty(*first));
  return pretty && *pretty == *first ? 0 : 6;
}
