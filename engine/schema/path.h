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
  bool key = false;  // the name is a map's key, not a field

  static Path member(const Path& of, std::string_view name) { return {&of, name, 0, false}; }
  static Path map_key(const Path& of, std::string_view name) { return {&of, name, 0, false, true}; }
  static Path item(const Path& of, size_t index) { return {&of, {}, index, false}; }

  std::string text() const {
    if (root) return {};
    std::string out = up->text();
    if (name.data() == nullptr) return out + "[" + std::to_string(index) + "]";
    return out.empty() ? std::string(name) : out.append(".").append(name);
  }

  // The members alone, as Go's JSON decoder names a place: spec.containers.name.
  std::string fields() const {
    if (root) return {};
    std::string out = up->fields();
    if (name.data() == nullptr || key) return out;
    return out.empty() ? std::string(name) : out.append(".").append(name);
  }
};

}  // namespace engine
