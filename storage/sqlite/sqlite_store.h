// SqliteStore: a Store in one SQLite file, made for many small durable writes at once: commits that
// arrive while the disk syncs share the next sync. Reads never wait for writes. Files: PATH,
// PATH-wal and PATH-shm (SQLite's), PATH.lock. One process at a time. Thread: any. Owns: the file,
// a writer thread, a checkpointer thread, the read connections.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "storage/kv/store.h"
#include "storage/sqlite/commit_queue.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/lock_file.h"
#include "storage/sqlite/read_pool.h"
#include "storage/sqlite/writer.h"

namespace storage {

struct SqliteOptions {
  std::string path;
  Synchronous synchronous = Synchronous::full;
  std::string vfs = {};  // a layer below ours, by its SQLite name; for fault tests
  size_t readers_max = 8;
  int writer_cache_kib = 4096;
  int reader_cache_kib = 1024;  // the inner pages of 100,000 objects fit
  int checkpoint_pages = 4096;
  // The store can promise nothing any more: log it and exit. Called once, from the writer thread,
  // before the callers of the failed batch are answered.
  std::function<void(const Error&)> on_fatal = {};
};

class SqliteStore final : public Store {
 public:
  static StoreResult<std::unique_ptr<SqliteStore>> open(Env& env, SqliteOptions options);
  // REQUIRES: no call is under way and every Follow is gone.
  ~SqliteStore() override;

  StoreResult<Revision> commit(Txn txn) override;
  void commit_later(Txn txn, Committed done) override;
  StoreResult<std::optional<Record>> get(std::string_view key, Revision at = kLatest) override;
  StoreResult<Page> list(const List& list) override;
  StoreResult<Revision> current() override;
  StoreResult<Unit> compact(Revision upto) override;
  StoreResult<Revision> compacted() override;
  StoreResult<std::unique_ptr<Follow>> follow(Revision after, EventSink& sink) override;
  StoreStats stats() override;
  Millis writing_for() override;
  StoreResult<Revision> backup(const std::string& path) override;

 private:
  SqliteStore(Env& env, SqliteOptions options, LockFile lock);
  StoreResult<Unit> start();
  DatabaseOptions reading() const;
  void run_writer();
  StoreResult<Unit> fill(Pending& pending, Txn txn);
  // Runs `work` on the writer's thread, between two batches.
  template <class T>
  StoreResult<T> on_writer(std::function<StoreResult<T>()> work);

  Env& env_;
  const SqliteOptions options_;
  LockFile lock_;
  CommitQueue queue_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<ReadPool>
      readers_;  // closed before the writer, which then moves the log into the file
  std::atomic<int64_t> writing_since_{
      0};  // nanoseconds of env_.now(); 0: the writer waits for work
  std::thread thread_;
};

}  // namespace storage
