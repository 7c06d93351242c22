// What every store does to a transaction before it looks at its data: limits, and one write a key.
// Thread: any; pure functions. Owns: nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "storage/kv/store.h"

namespace storage {

// Bytes of keys and values: what the limits and the budget of a batch count.
size_t txn_bytes(const Txn& txn);

// Refuses what is over the limits. Where a key is written more than once, only the last write
// stays: one revision shows one value of a key.
StoreResult<Unit> prepare(Txn& txn);

// The smallest string that is greater than every string with this prefix; empty when there is none.
std::string prefix_end(std::string_view prefix);

// The first key that a list may show, inclusive: after `after`, and not before the prefix.
std::string list_begin(const List& list);

}  // namespace storage
