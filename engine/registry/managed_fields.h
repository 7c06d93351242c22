// Managed fields: who owns which places of an object (metadata.managedFields). record_update writes
// down what an ordinary write changed; apply_config is server-side apply: it lays a configuration
// over the live object, refuses to take what others own unless forced, and drops what its manager
// no longer says. Thread: any. Owns: nothing. Source: k8s.io/apimachinery util/managedfields and
// sigs.k8s.io/structured-merge-diff merge.
#pragma once

#include <string_view>

#include "engine/kinds/kind.h"
#include "storage/base/env.h"

namespace engine {

struct FieldsContext {
  const Kind& kind;
  std::string_view manager;  // empty: others lose what changed, nobody gains
  std::string_view subresource;
  storage::WallTime now;
};

// Sets managedFields of `object`, which is about to replace `old` (null: it is created). What the
// client sent as managedFields counts as where to start from, unless it is empty; one empty entry
// starts over.
void record_update(const FieldsContext& context, const Json* old, Json& object);

enum class Force : uint8_t { no, yes };
// The object that the live one (null: none yet) becomes, its managedFields recorded. The
// configuration has been checked to be an object of the kind. Conflicts: 409 with a cause a field.
Result<Json> apply_config(const FieldsContext& context, const Json* live, Json config, Force force);

}  // namespace engine
