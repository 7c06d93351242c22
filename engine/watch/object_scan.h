// Reading a few fields out of an object's bytes without making a Json of it: selectors, list
// filters and splices need a name, some labels, one field, and would otherwise pay for a whole
// parse of every object they look at. The bytes must be valid JSON, as everything that was stored
// is; nothing here validates. Thread: any. Owns: nothing, views point into the bytes.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/registry/registry.h"

namespace engine {

// The raw text of the member at `path` (a string keeps its quotes); empty when any step is missing.
std::string_view scan(std::string_view json, std::initializer_list<std::string_view> path);
std::string_view scan(std::string_view json, std::span<const std::string> path);
// A raw scalar as text: strings are unescaped, numbers and booleans as written, null and what is
// missing are empty.
std::string scan_text(std::string_view raw);
// Calls back with each member (key unescaped) of a raw object; false from it stops.
void scan_members(std::string_view raw_object,
                  const std::function<bool(std::string_view key, std::string_view raw)>& visit);
// Calls back with each item of a raw array; false from it stops.
void scan_items(std::string_view raw_array, const std::function<bool(std::string_view raw)>& visit);

// The same JSON with line breaks and two spaces a level, as dump_pretty would write it.
std::string indented(std::string_view json);

// The bytes with the raw text of one member replaced; unchanged (the same bytes) when it is missing
// or already that text.
Bytes with_member(const Bytes& bytes, std::initializer_list<std::string_view> path,
                  std::string_view raw);
// With another revision as metadata.resourceVersion: what a watch says of a deletion.
Bytes with_revision(const Bytes& bytes, Revision revision);
// As another version of the same resource, where only the apiVersion differs.
Bytes with_api_version(const Bytes& bytes, std::string_view api_version);

// What selectors ask of one object, each part found on first use. Keep it no longer than the bytes.
class ObjectView {
 public:
  ObjectView(std::string_view ns, std::string_view name, std::string_view bytes)
      : ns_(ns), name_(name), bytes_(bytes) {}
  std::string_view ns() const { return ns_; }
  std::string_view name() const { return name_; }
  std::string_view bytes() const { return bytes_; }
  const std::string* label(std::string_view key) const;  // null: not there

 private:
  std::string_view ns_, name_, bytes_;
  mutable std::optional<std::vector<std::pair<std::string, std::string>>> labels_;
};

}  // namespace engine
