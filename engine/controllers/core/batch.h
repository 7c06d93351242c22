// Batch: many new objects in few transactions, for what is made together: a first start, a copy.
// Each object takes the registry's whole way (defaults, admission, validation); only the commit is
// shared. Thread: any that may wait for the store. Owns: nothing.
#pragma once

#include "engine/registry/registry.h"

namespace engine {

// Makes these objects as `as` says, in as few transactions as the store's limits allow; the last
// one carries `also`. What is there already (or comes meanwhile) stays as it is. Objects with a
// namespace need it to be there before.
Result<Unit> create_together(Registry& registry, const WriteOptions& as, const JsonArray& objects,
                             std::vector<storage::Write> also = {});

// The kind that an object says it is of; null when there is none.
KindPtr kind_of_object(const KindSnapshot& kinds, const Json& object);

}  // namespace engine
