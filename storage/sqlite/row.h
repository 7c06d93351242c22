// How a revision of a key is laid out in the tables: its place in the log and its checksum.
// Thread: any; pure functions. Owns: nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/kv/limits.h"
#include "storage/kv/store.h"
#include "storage/sqlite/crc32c.h"

namespace storage {

// A row's place: the revision, and the number of the write within its transaction. Numbers fit 63
// bits for 2^51 revisions.
constexpr int kSeqShift = 12;
static_assert(kTxnWritesMax <= (size_t{1} << kSeqShift));

inline int64_t seq_of(Revision revision, size_t write) {
  return static_cast<int64_t>((revision << kSeqShift) | write);
}
inline int64_t last_seq_of(Revision revision) {
  return static_cast<int64_t>((revision << kSeqShift) | ((1u << kSeqShift) - 1));
}
inline Revision revision_of(int64_t seq) {
  return static_cast<Revision>(seq) >> kSeqShift;
}

// The part of a checksum that is known before the revision is, so that it is computed outside the
// writer.
inline uint32_t content_sum(std::string_view key, std::optional<std::string_view> value) {
  // The size says where the key ends; no value is not an empty one.
  const uint32_t sum = crc32c(static_cast<uint32_t>(key.size()), key);
  return value ? crc32c(sum, *value) : ~sum;
}
inline uint32_t row_sum(uint32_t content, int64_t seq, Revision created) {
  const uint64_t place[2] = {static_cast<uint64_t>(seq), created};
  return crc32c(content, place, sizeof(place));
}

}  // namespace storage
