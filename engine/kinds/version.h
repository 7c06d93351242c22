// The order of API versions: v2 before v1 before v1beta2 before v1alpha1 before anything else by
// name. Thread: any. Owns: nothing. Source: k8s.io/apimachinery pkg/version/helpers.go.
#pragma once

#include <string_view>

namespace engine {

bool is_better_version(std::string_view a, std::string_view b);  // a stands before b

}  // namespace engine
