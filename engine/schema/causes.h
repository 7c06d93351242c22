// Causes: what is wrong with one field, in the words of Kubernetes' field errors. Status::invalid
// takes a list of them. Thread: any. Owns: nothing. Source: k8s.io/apimachinery
// pkg/util/validation/field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace engine {

// `value` is what was given, printed as Go prints it; a secret is masked (engine/base/mask.h).
Cause cause_invalid(std::string field, const Json& value, std::string_view detail);
Cause cause_required(std::string field, std::string_view detail = {});
Cause cause_duplicate(std::string field, const Json& value);
Cause cause_not_supported(std::string field, const Json& value,
                          const std::vector<std::string>& choices);
Cause cause_forbidden(std::string field, std::string_view detail);
Cause cause_too_long(std::string field, int64_t max_bytes);
Cause cause_too_many(std::string field, int64_t actual, int64_t max);
std::string go_quoted(std::string_view text);

}  // namespace engine
