// Claims: what a strategy says that no two objects of its kind may share (a user name) is a key of
// its own in the store, /unique/GROUP/PLURAL/FIELD/HASH, whose value is the key of the object that
// has it. It is taken, and given up, in the transaction that writes the object: of two writes in
// one moment one fails. Thread: any. Owns: nothing.
#pragma once

#include <optional>
#include <vector>

#include "engine/kinds/strategy.h"
#include "storage/kv/store.h"

namespace engine {

// One key that goes with a write.
struct Claim {
  Strategy::Unique unique;
  storage::Check check;
  storage::Write write;
};
using Claims = std::vector<Claim>;

// What has to be taken and given up when the object at `key` goes from `old` (null: it is new) to
// `object` (null: it goes). 422 when another has what this one wants.
Result<Claims> claims_of(storage::Store& store, const Kind& kind, const Strategy& strategy,
                         const std::string& key, const Json* object, const Json* old);
Status claimed_by_another(const Kind& kind, std::string_view name, const Strategy::Unique& unique);

}  // namespace engine
