// Conversion: one stored object in two shapes. A kind that has one is kept, under the same key, as
// another kind stores it; it is turned around where objects are decoded from the store, encoded for
// it, and served (engine/registry, engine/watch/shape.h), and nowhere else. One file for each pair
// in conversions/, one line each in conversions.inc. Thread: stateless; any. Owns: nothing. Source:
// k8s.io/kubernetes pkg/apis/*/v1/conversion.go.
#pragma once

#include <string_view>
#include <utility>

#include "engine/base/json.h"

namespace engine {

struct Conversion {
  std::string_view group, version, kind;          // as it is served
  std::string_view stored_group, stored_version;  // as it is kept; kind and plural are the same
  // Everything but apiVersion, which the callers set.
  void (*to_stored)(Json& object);
  void (*from_stored)(Json& object);
};

// Null: the kind is kept as it is served.
const Conversion* conversion_of(std::string_view group, std::string_view version,
                                std::string_view kind);

using Rename = std::pair<std::string_view, std::string_view>;
// Gives members of `object` other names; those that are not there are passed over.
void rename_members(Json& object, std::initializer_list<Rename> names);

}  // namespace engine
