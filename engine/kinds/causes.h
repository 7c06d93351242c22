// Causes: what is wrong with one field, in the words of Kubernetes' field errors. Status::invalid
// takes a list of them. Thread: any. Owns: nothing. Source: k8s.io/apimachinery util/validation/field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace engine {

using Causes = std::vector<Cause>;

Cause cause_required(std::string field, std::string_view detail = {});
Cause cause_invalid(std::string field, const Json& value, std::string_view detail);
Cause cause_duplicate(std::string field, const Json& value);
Cause cause_forbidden(std::string field, std::string_view detail);
Cause cause_not_supported(std::string field, const Json& value,
                          const std::vector<std::string>& supported);
Cause cause_too_long(std::string field, size_t bytes_max);
// The new value when the two differ and the field may not change.
void check_immutable(Causes& out, std::string_view field, const Json* value, const Json* old);
// One cause for each reason why a name is not acceptable.
void add_reasons(Causes& out, std::string_view field, std::string_view value,
                 const std::vector<std::string>& reasons);

}  // namespace engine
