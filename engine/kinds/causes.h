// Causes of what is wrong beyond a schema: fields that may not change, names that are not
// acceptable. Status::invalid takes a list of them. Thread: any. Owns: nothing. Source:
// k8s.io/apimachinery util/validation/field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/schema/causes.h"

namespace engine {

using Causes = std::vector<Cause>;

// The new value when the two differ and the field may not change.
void check_immutable(Causes& out, std::string_view field, const Json* value, const Json* old);
// One cause for each reason why a name is not acceptable.
void add_reasons(Causes& out, std::string_view field, std::string_view value,
                 const std::vector<std::string>& reasons);

}  // namespace engine
