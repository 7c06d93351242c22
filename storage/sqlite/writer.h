// Writer: the one connection that writes, and what it does with a batch: check, write, commit once,
// give the followers their events, and only then let the callers be woken. Thread: the store's
// writer thread, except for what says otherwise. Owns: its connection and the list of followers.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "storage/kv/store.h"
#include "storage/sqlite/checkpointer.h"
#include "storage/sqlite/commit_queue.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/file_identity.h"
#include "storage/sqlite/publisher.h"

namespace storage {

struct WriterOptions {
  size_t batch_bytes_max = 16 * 1024 * 1024;  // of one SQLite transaction
  int checkpoint_pages = 4096;                // a log longer than this is moved into the file
  std::function<void(const Error&)> on_fatal;
  std::function<Instant()> now;
};

class Writer {
 public:
  static StoreResult<std::unique_ptr<Writer>> create(const DatabaseOptions& where,
                                                     std::unique_ptr<Database> database,
                                                     Revision current, WriterOptions options);
  ~Writer();

  // Fills in the answers. Nothing is acknowledged that is not on the disk.
  void commit(std::span<Pending* const> batch);

  // Compaction, in steps that leave room for commits between them. First what may no longer be
  // asked for:
  StoreResult<Unit> mark_compacted(Revision upto);
  // then remove what `rows_max` rows of the log have superseded; false when there is nothing left
  // to remove,
  StoreResult<bool> sweep(int rows_max);
  // and give up to `pages_max` free pages back to the disk, unless few are free; false when done.
  StoreResult<bool> shrink(int pages_max);
  // Moves the log into the file when it has grown over its limit.
  void checkpoint_when_due();
  StoreResult<Unit> checkpoint_all();

  // Thread: any, from here on.
  Publisher& publisher() { return publisher_; }
  uint64_t bytes_written() const { return bytes_written_.load(std::memory_order_relaxed); }
  uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }
  uint64_t batches() const { return batches_.load(std::memory_order_relaxed); }
  SyncTimes syncs() const;
  bool no_space() const { return no_space_.load(std::memory_order_relaxed); }
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  // The newest revision on the disk, or nothing while a commit is under way: then only a read of
  // the database tells whether it is already to be seen.
  std::optional<Revision> settled() const {
    if (committing_.load()) return std::nullopt;
    return current_.load();
  }

 private:
  struct Newest {
    int64_t seq = 0;
    Revision created = 0;
    bool live() const { return created != 0; }
  };

  Writer(std::unique_ptr<Database> database, Revision current, WriterOptions options);
  StoreResult<Unit> prepare_statements();
  void commit_group(std::span<Pending* const> group);
  StoreResult<Unit> write_group(std::span<Pending* const> group, Revision& revision);
  StoreResult<Revision> apply(Pending& pending, Revision revision);
  StoreResult<Newest> newest(std::string_view key);
  StoreResult<Revision> put(const Write& write, uint32_t content, int64_t seq);
  StoreResult<Unit> remove_row(std::string_view key, int64_t seq);
  void refuse(std::span<Pending* const> group, const Error& error);
  void log_is_now(int pages);
  // Runs `work` in one SQLite transaction.
  StoreResult<Unit> transaction(const std::function<StoreResult<Unit>()>& work);
  void roll_back();
  // Turns the error of a transaction into the answer for its callers, and ends everything where it
  // is fatal.
  // Thread: the writer and the checkpointer.
  Error judge(Error error, Severity severity);
  void fail(const Error& error);

  std::unique_ptr<Database> database_;
  WriterOptions options_;
  FileIdentity file_, log_file_;
  Publisher publisher_;
  std::atomic<Revision> current_;  // set by the writer only
  int log_pages_ = 0;
  int checkpoint_at_;

  Statement begin_, commit_, newest_, insert_log_, insert_version_;
  Statement delete_log_, delete_version_, set_compacted_, set_swept_, superseded_;

  std::unique_ptr<Checkpointer> checkpointer_;

  void note_sync(Instant begun);
  std::array<std::atomic<uint64_t>, SyncTimes::kBounds.size() + 1> sync_counts_{};
  std::atomic<int64_t> sync_nanoseconds_{0};
  std::atomic<uint64_t> bytes_written_{0}, commits_{0}, batches_{0};
  std::atomic<bool> no_space_{false}, failed_{false};
  std::atomic<bool> committing_{false};
};

}  // namespace storage
