// State: what an object is doing, from its conditions, phase and deletion: `state`, `transitioning`
// (yes, no, error) and the message that says what it waits for. Thread: any. Owns: nothing.
#pragma once

#include "engine/base/json.h"

namespace engine {

struct State {
  std::string name = "active";
  std::string transitioning = "no";
  std::string message;
};

// From the stored object (metadata, status).
State state_of(const Json& stored);
void write_state(const State& state, Json& object);

}  // namespace engine
