// What workloads and pods are doing, from what is observed of them: active, updating, paused,
// suspended, succeeded, error, and of pods their phase. The message says what it waits for. Thread:
// any. Owns: nothing.
#pragma once

#include "engine/norman/state.h"

namespace engine {

State workload_state(const Json& stored);
State pod_state(const Json& stored);

}  // namespace engine
