// Every store of storage/all.inc, declared and added to a set.
// Thread: one, at start. Owns: nothing.
#pragma once

#include "storage/kv/store_set.h"

namespace storage {

#define STORE(name) void register_##name(StoreSet& set);
#include "storage/all.inc"
#undef STORE

inline void register_all(StoreSet& set) {
#define STORE(name) register_##name(set);
#include "storage/all.inc"
#undef STORE
}

}  // namespace storage
