// Pod amounts: what a pod asks for as a whole: the sum of its containers, or what its init
// containers need before them, whichever is more; sidecars count on both sides; what the pod itself
// names for cpu and memory goes before its containers'. Thread: any. Owns: nothing. Source:
// k8s.io/component-helpers resource.
#pragma once

#include <string_view>

#include "engine/base/quantity.h"

namespace engine {

enum class PodOverhead : uint8_t { counted, left_out };

// `what`: requests or limits.
Amounts pod_amounts(const Json& pod, std::string_view what, PodOverhead overhead);

}  // namespace engine
