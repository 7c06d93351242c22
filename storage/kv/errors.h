// Named constructors of storage::Error, so that every store says the same thing in the same words.
// Thread: any; pure functions. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

#include "storage/kv/store.h"

namespace storage {

std::string_view reason_name(Reason reason);

// `actual` is the revision of the key's newest write, kAbsent when there is no such key.
Error conflict(std::string key, Revision expected, Revision actual);
Error compacted_error(Revision asked, Revision oldest);
Error future_error(Revision asked, Revision current);
Error too_large(std::string what, size_t bytes, size_t bytes_max, std::string key = {});
Error unavailable(std::string why);
Error uncertain(std::string why);

}  // namespace storage
