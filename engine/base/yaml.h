// YAML in and out, through libyaml's events, with the meaning of sigs.k8s.io/yaml: YAML 1.1 scalars
// as go-yaml reads them, mapping keys turned into strings, anchors and aliases expanded within a
// budget, merge keys. Also built for WASM. Thread: any. Owns: nothing.
#pragma once

#include "engine/base/json.h"

namespace engine {

struct YamlLimits {
  size_t depth_max = 500;
  size_t bytes_max = 16u << 20;
  size_t nodes_max = 2'000'000;  // after expansion of aliases: a bomb is refused
};
// One document; more than one is an error. The error says line and column.
Result<Json> parse_yaml(std::string_view text, const YamlLimits& limits = {},
                        std::vector<std::string>* duplicates = nullptr);
// All documents of a stream; empty ones are left out.
Result<std::vector<Json>> parse_yaml_stream(std::string_view text, const YamlLimits& limits = {});
std::string to_yaml(const Json& value);  // block style, keys in the value's order, strings quoted
                                         // where YAML would misread them

}  // namespace engine
