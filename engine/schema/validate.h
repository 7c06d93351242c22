// Validation of an object by a schema, in the API server's words. Source: k8s.io/kube-openapi
// pkg/validation (messages). Thread: any. Owns: nothing.
#pragma once

#include <string>
#include <vector>

#include "engine/schema/causes.h"
#include "engine/schema/node.h"

namespace engine {

std::vector<Cause> validate_value(const Json& value, const Node& node);

}  // namespace engine
