// Is a custom resource's schema structural, and does it use only what such a schema may? Source:
// k8s.io/apiextensions-apiserver pkg/apiserver/schema/validation.go and
// pkg/apis/apiextensions/validation. Thread: any. Owns: nothing.
#pragma once

#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace engine {

// Why it is not; empty when it is. `path` is where the schema stands in the CRD.
std::vector<Cause> check_structural(const Json& schema, std::string_view path);

}  // namespace engine
