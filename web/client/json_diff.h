// JsonDiff: what a person changed in an object, told path by path; and the same changes laid on a
// newer version of the object. Items of a list are known by their name where all of them have one.
// Thread: any. Owns: nothing.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.h"

namespace web {

struct JsonChange {
  enum class Kind { kChanged, kAdded, kRemoved };
  Kind kind = Kind::kChanged;
  std::vector<std::string> path;  // members, or [name] and [3] for items
  engine::Json before, after;
  std::string title() const;  // "Image of api"
  std::string words() const;  // "4.18.2 -> 4.18.3"
};
std::vector<JsonChange> json_changes(const engine::Json& before, const engine::Json& after);
// False when a change's place is no longer there.
bool apply_changes(engine::Json& object, const std::vector<JsonChange>& changes);

}  // namespace web
