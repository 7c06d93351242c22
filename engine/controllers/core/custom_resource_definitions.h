// What a process does with custom resource definitions before it serves. Thread: any. Owns:
// nothing.
#pragma once

#include "engine/registry/registry.h"

namespace engine {

// Puts the kinds of every established definition into the KindSet, so that a restart serves from
// its first request what was served before it.
Result<Unit> serve_established_crds(Registry& registry);

}  // namespace engine
