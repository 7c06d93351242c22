// Compactor: keeps the history of a store bounded, by age, by number of revisions and by bytes. It
// looks at the store at regular times, remembers which revision was the newest when, and compacts
// to the one that has become old enough. Thread: made and destroyed by one; it works as a task of
// the Env. Owns: its samples.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "storage/base/env.h"
#include "storage/kv/store.h"

namespace storage {

struct CompactorOptions {
  // History younger than this stays, so that a client that was away this long can resume its watch,
  Seconds keep{300};
  // unless there is more of it than this: a disk ends.
  uint64_t revisions_max = 1'000'000;
  uint64_t bytes_max = uint64_t{512} * 1024 * 1024;
  Millis every{10'000};  // with up to a tenth of jitter
};

// The decision alone: from what has been observed to how far to compact.
class CompactionPolicy {
 public:
  explicit CompactionPolicy(CompactorOptions options) : options_(options) {}

  // `bytes_written` only grows. The answer is the revision to compact to, none when there is
  // nothing that is too old.
  std::optional<Revision> observe(Instant now, Revision current, uint64_t bytes_written);

 private:
  struct Sample {
    Instant when;
    Revision revision;
    uint64_t bytes;
  };
  const CompactorOptions options_;
  std::deque<Sample> samples_;  // oldest first; at most as many as `keep` has steps of `every`
};

class Compactor {
 public:
  // Begins at once.
  Compactor(Env& env, Store& store, CompactorOptions options);
  // Waits for a compaction that is under way.
  ~Compactor();
  Compactor(const Compactor&) = delete;
  Compactor& operator=(const Compactor&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace storage
