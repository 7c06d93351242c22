// Difference: what of a stored object changes when its API view changes: the difference of two
// mappings, laid over the stored object, so that what clients do not see stays. Lists of named
// objects (containers, environment variables, volumes) are compared name by name. Thread: any.
// Owns: nothing.
#pragma once

#include "engine/base/json.h"

namespace engine {

// `before` and `after` are objects as the mappers make them of the old and the new view.
void apply_difference(Json& stored, const Json& before, const Json& after);

}  // namespace engine
