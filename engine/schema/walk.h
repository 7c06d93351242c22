// Pruning and defaulting of an object by a schema. Source: k8s.io/apiextensions-apiserver
// pkg/apiserver/schema/{pruning,defaulting}; for built-in kinds what Go's decoder does: unknown
// fields are dropped, null is the same as absent. Thread: any. Owns: nothing.
#pragma once

#include <string>
#include <vector>

#include "engine/schema/node.h"

namespace engine {

void prune_value(Json& value, const Node& node, std::vector<std::string>& removed);
void default_value(Json& value, const Node& node);

}  // namespace engine
