// Path: where a walk stands in an object, as a chain on the walker's own stack; the text is made
// only when there is something to say. Thread: one walk. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

namespace engine {

struct Path {
  const Path* up = nullptr;
  std::string_view name = {};  // a member
  size_t index = 0;            // an item, when there is no name
  bool root = true;

  static Path member(const Path& of, std::string_view name) { return {&of, name, 0, false}; }
  static Path item(const Path& of, size_t index) { return {&of, {}, index, false}; }

  std::string text() const {
    if (root) return {};
    std::string out = up->text();
    if (name.data() == nullptr) return out + "[" + std::to_string(index) + "]";
    return out.empty() ? std::string(name) : out.append(".").append(name);
  }
};

}  // namespace engine
