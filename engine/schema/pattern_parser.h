// The syntax of Pattern as a tree; only pattern.cpp uses it. Nesting is bounded by the parser, so
// walking the tree may recurse. Thread: values. Owns: its nodes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/schema/pattern.h"

namespace engine::pattern {

struct Range {
  uint32_t low, high;
};

// A set of characters.
struct Set {
  std::vector<Range> ranges;
  bool negated = false;
  bool fold = false;  // ASCII letters without case
  bool has(uint32_t c) const;
};

struct Node {
  enum class Type : uint8_t { set, assertion, sequence, choice, repeat } type = Type::sequence;
  Set set = {};
  char assertion = 0;  // A z ^ $ b B
  int least = 0;       // repeat
  int most = -1;       // -1: no end
  std::vector<Node> parts = {};
};

storage::Result<Node, Pattern::Error> parse(std::string_view text);

}  // namespace engine::pattern
