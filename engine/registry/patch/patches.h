// Patches: the three ways to say a change as a document: JSON patch (RFC 6902), merge patch
// (RFC 7386) and strategic merge patch, which merges lists by the keys that the schema names and
// knows directives ($patch, $retainKeys, $setElementOrder, $deleteFromPrimitiveList). Each changes
// the object in place; after an error it is in an undefined state. Thread: any. Owns: nothing.
// Source: the RFCs; k8s.io/apimachinery util/strategicpatch; k8s.io/apiserver handlers/patch.go.
#pragma once

#include "engine/base/json.h"
#include "engine/schema/schema.h"

namespace engine {

Result<Unit> json_patch(Json& object, const Json& operations);
Result<Unit> merge_patch(Json& object, Json patch);
Result<Unit> strategic_patch(Json& object, Json patch, const SchemaNode& root);

}  // namespace engine
