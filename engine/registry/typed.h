// Typed: what structured merge needs to know of two objects of one schema: where they differ, which
// places a configuration speaks of, and how it is laid over another. Where the schema says nothing,
// maps are granular and lists are one value. Thread: any. Owns: nothing.
// Source: sigs.k8s.io/structured-merge-diff typed (compare, tofieldset, merge, remove).
#pragma once

#include <string>

#include "engine/base/json.h"
#include "engine/registry/field_set.h"
#include "engine/schema/schema.h"

namespace engine {

struct Comparison {
  FieldSet added, removed, modified;
  bool same() const { return added.empty() && removed.empty() && modified.empty(); }
};

// Either may be null (not there). metadata.managedFields is not looked at when `node` is the root.
Comparison compare(const Json* before, const Json* after, const SchemaNode* node);
FieldSet to_field_set(const Json& value, const SchemaNode* node);
// The value with the configuration laid over it.
Json merge_over(const Json& value, Json config, const SchemaNode* node);
// Takes out of `value` what is in `last` and in nobody's `owned`.
void remove_unowned(Json& value, const FieldSet& last, const FieldSet& owned,
                    const SchemaNode* node);
// Two items of a keyed list or set with one key, as the error says it; empty when there are none.
std::string find_duplicate_items(const Json& value, const SchemaNode* node,
                                 const std::string& path = {});

}  // namespace engine
