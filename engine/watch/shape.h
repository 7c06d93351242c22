// Shape: the served bytes of an object in the version that a client asked for. Caches and stores
// hold the stored version; most kinds differ from it by their apiVersion alone, a few have a
// Conversion. Thread: any. Owns: nothing.
#pragma once

#include "engine/kinds/kind.h"
#include "engine/registry/registry.h"

namespace engine {

// Whatever version of the object the bytes are: as `kind` has it; the same bytes when they are
// that already.
Bytes as_kind(const Kind& kind, const Bytes& object);
// As it is stored, which is what columns and selectors look at.
Bytes as_stored(const Kind& kind, const Bytes& object);

}  // namespace engine
