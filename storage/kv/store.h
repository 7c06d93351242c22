// Store: a revisioned key-value store. It knows bytes and revisions, nothing of Kubernetes. Every
// commit is one revision; a committed write is durable before commit() returns; the log of events
// since the last compaction can be followed in order. Thread: any; one follower per process is the
// plan, more are allowed. Owns: its files and its writer.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/env.h"
#include "storage/base/result.h"

namespace storage {

using Revision = uint64_t;
constexpr Revision kLatest = 0;  // in List::at and get(): whatever is newest
constexpr Revision kAbsent = 0;  // in Check::modified: the key must not exist
// What current() says of an empty store, so that 0 is never the revision of anything; the first
// write is the next one.
constexpr Revision kFirstRevision = 1;

enum class Reason : uint8_t {
  conflict,       // a Check did not hold; nothing was written; Error::key says which
  compacted,      // the revision asked for is gone; Error::revision is the oldest still there
  future,         // the revision asked for has not been written yet
  too_large,      // a value or a transaction over the limit
  no_space,       // the disk is full; reads go on
  unavailable,    // closing, or the other side is away: retryable
  uncertain,      // the write may or may not have happened; a retry with the same checks is safe
  corrupt,        // what is on disk is not what was written; names the place
  newer_version,  // made by a newer program; nothing was touched
  locked,         // another process has it
  io,             // anything else the operating system said
};

struct Error {
  Reason reason;
  std::string message;
  std::string key = {};
  Revision revision = 0;
};

template <class T>
using StoreResult = Result<T, Error>;

struct Record {
  std::string key;
  std::string value;
  Revision created = 0;   // revision of the write that made the key
  Revision modified = 0;  // revision of the newest write
  bool operator==(const Record&) const = default;
};

struct Check {
  std::string key;
  Revision modified = kAbsent;
};

struct Write {
  std::string key;
  std::optional<std::string> value;  // none: delete
};

// All or nothing, one revision. A key that is written more than once takes the last of its writes.
// A delete of a key that is not there is no write; a Txn of only such writes takes no revision and
// returns the current one.
struct Txn {
  std::vector<Check> checks;
  std::vector<Write> writes;
};

struct List {
  std::string prefix;
  Revision at = kLatest;
  std::string after = {};   // exclusive: the last key of the page before
  size_t limit_max = 500;   // 0: no limit
  bool count_rest = false;  // fill Page::rest (costs a scan of keys)
};

struct Page {
  std::vector<Record> records;  // in byte order of keys
  Revision revision = 0;        // the revision that the page shows
  bool more = false;
  uint64_t rest = 0;  // keys after this page, when asked for
};

struct Event {
  std::string key;
  std::optional<std::string> value;  // none: deleted
  Revision revision = 0;
  Revision created =
      0;  // equals revision when this write made the key; of a delete: when the key was made
  bool operator==(const Event&) const = default;
};

// Receives the log, in order of revision, never two calls at once: what is there already on the
// thread that calls follow(), before that returns, the rest from a thread of the store or of a
// commit. Must not block, and must not commit, follow or end a Follow.
class EventSink {
 public:
  virtual ~EventSink() = default;
  // All events of whole revisions, oldest first; `upto` is the last revision they complete (also
  // sent when it had no events).
  virtual void on_events(std::span<const Event> events, Revision upto) = 0;
};

// Ends the following when destroyed; no call is under way or comes after.
class Follow {
 public:
  virtual ~Follow() = default;
};

// How long commits took to reach the disk: counts by upper bound, as Prometheus has histograms, but
// each commit in one of them only; the last is for all that were slower.
struct SyncTimes {
  static constexpr std::array<double, 10> kBounds{0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                  0.025,  0.05,  0.1,    0.5,   2.5};
  std::array<uint64_t, kBounds.size() + 1> counts{};
  double seconds = 0;  // all of them together
};

struct StoreStats {
  uint64_t bytes_written = 0;  // keys and values written since the store was opened; only grows
  uint64_t commits = 0;        // transactions that took a revision
  uint64_t batches = 0;        // groups of them that shared one sync
  uint64_t file_bytes = 0;     // on disk
  uint64_t free_bytes = 0;     // of these, not in use
  bool no_space = false;       // the last write found the disk full
  bool failed = false;         // nothing can be written until the process starts again
  SyncTimes syncs;
};

class Store {
 public:
  virtual ~Store() = default;
  // Durable when it returns; every error but `uncertain` means that nothing was written. After a
  // successful return the follower has been given the events (publish before wake).
  virtual StoreResult<Revision> commit(Txn txn) = 0;
  // The same without waiting: `done` is called once, by any thread and perhaps before this returns.
  // It must be quick, and must not call the store.
  using Committed = std::function<void(StoreResult<Revision>)>;
  virtual void commit_later(Txn txn, Committed done) { done(commit(std::move(txn))); }
  virtual StoreResult<std::optional<Record>> get(std::string_view key, Revision at = kLatest) = 0;
  virtual StoreResult<Page> list(const List& list) = 0;
  virtual StoreResult<Revision> current() = 0;
  // Forgets what only revisions before `upto` need. Idempotent; never touches what is live.
  // Afterwards `upto` can still be read, and the log can be followed from after `upto`.
  virtual StoreResult<Unit> compact(Revision upto) = 0;
  virtual StoreResult<Revision> compacted() = 0;
  // The log from the first revision after `after`; compacted when that is gone.
  virtual StoreResult<std::unique_ptr<Follow>> follow(Revision after, EventSink& sink) = 0;

  // What a store may have besides the verbs. Numbers for metrics and for the Compactor:
  virtual StoreStats stats() { return {}; }
  // For how long the write that is under way has been so; 0: none is. Waits for nothing.
  virtual Millis writing_for() { return Millis(0); }
  // A copy of everything at one revision, made beside running writes, verified, then given its
  // name. The file must not exist.
  virtual StoreResult<Revision> backup(const std::string& path) {
    return Error{Reason::unavailable,
                 "this store makes no backups, so " + path + " was not written"};
  }
};

}  // namespace storage
