#include "storage/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "storage/kv/errors.h"
#include "storage/kv/store_set.h"
#include "storage/kv/txn.h"
#include "storage/sqlite/backup.h"
#include "storage/sqlite/migrations.h"
#include "storage/sqlite/page_sum_vfs.h"
#include "storage/sqlite/row.h"

namespace storage {
namespace {

constexpr int kSweepRows = 256;    // a step of compaction, about as long as a few commits
constexpr int kShrinkPages = 128;  // likewise

// A file is only as durable as the directory entry that names it.
void sync_directory(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const int fd = ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  (void)::fsync(fd);
  ::close(fd);
}

uint64_t size_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

}  // namespace

SqliteStore::SqliteStore(Env& env, SqliteOptions options, LockFile lock)
    : env_(env), options_(std::move(options)), lock_(std::move(lock)) {}

StoreResult<std::unique_ptr<SqliteStore>> SqliteStore::open(Env& env, SqliteOptions options) {
  LockFile lock = TRY(LockFile::take(options.path + ".lock"));
  std::unique_ptr<SqliteStore> store(new SqliteStore(env, std::move(options), std::move(lock)));
  TRY(store->start());
  return store;
}

DatabaseOptions SqliteStore::reading() const {
  DatabaseOptions options{options_.path, page_sum_vfs(options_.vfs), Access::read_only};
  options.synchronous = options_.synchronous;
  options.cache_kib = options_.reader_cache_kib;
  return options;
}

StoreResult<Unit> SqliteStore::start() {
  const auto migrations = all_migrations();
  const FileState found = TRY(probe(options_.path, static_cast<int64_t>(migrations.size())));
  DatabaseOptions writing = reading();
  writing.access = found == FileState::absent ? Access::create : Access::read_write;
  writing.cache_kib = options_.writer_cache_kib;
  auto database = TRY(Database::open(writing));
  TRY(migrate(*database, migrations));
  const std::string mode = TRY(database->text("PRAGMA journal_mode=WAL"));
  if (mode != "wal")
    return Error{Reason::io, options_.path + ": this place allows no log (" + mode + ")"};
  TRY(database->run(("PRAGMA journal_size_limit=" +
                     std::to_string(int64_t{2} * options_.checkpoint_pages * kPageBytes))
                        .c_str()));
  if (found == FileState::absent) sync_directory(options_.path);

  readers_ = std::make_unique<ReadPool>(reading(), options_.readers_max);
  auto reader = TRY(readers_->take());
  const Extent extent = TRY(reader->extent());
  DatabaseOptions moving = reading();
  moving.access = Access::read_write;
  moving.cache_kib = 64;
  writer_ = TRY(Writer::create(moving, std::move(database), extent.current,
                               {.checkpoint_pages = options_.checkpoint_pages,
                                .on_fatal = options_.on_fatal,
                                .now = [&env = env_] { return env.now(); }}));
  // What a process before this one could not sync may still sit in the kernel's cache as if it were
  // on the disk. Moving the whole log into the file writes and syncs it anew, so that nothing later
  // depends on it.
  TRY(writer_->checkpoint_all());
  thread_ = std::thread([this] { run_writer(); });
  return Unit{};
}

SqliteStore::~SqliteStore() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

void SqliteStore::run_writer() {
  CommitQueue::Batch batch;
  for (;;) {
    queue_.take(batch);
    writing_since_.store(env_.now().time_since_epoch().count(), std::memory_order_relaxed);
    writer_->commit(batch.commits);
    for (Errand* errand : batch.errands) errand->work();
    queue_.finish(batch);
    writer_->checkpoint_when_due();
    writing_since_.store(0, std::memory_order_relaxed);
    if (batch.closing) return;
  }
}

StoreResult<Unit> SqliteStore::fill(Pending& pending, Txn txn) {
  env_.yield("store.commit");
  if (env_.fault("store.commit")) return unavailable("fault before the commit");
  TRY(prepare(txn));
  pending.bytes = txn_bytes(txn);
  pending.sums.reserve(txn.writes.size());
  for (const Write& write : txn.writes) {
    pending.sums.push_back(content_sum(write.key, write.value));
  }
  pending.txn = std::move(txn);
  return Unit{};
}

StoreResult<Revision> SqliteStore::commit(Txn txn) {
  Pending pending;
  TRY(fill(pending, std::move(txn)));
  env_.wait_begins();
  const bool passed = queue_.pass(pending);
  env_.wait_ends();
  if (!passed) return unavailable("the store is closing");
  if (env_.fault("store.commit.lost")) return uncertain("fault after the commit");
  return std::move(pending.answer);
}

void SqliteStore::commit_later(Txn txn, Committed done) {
  auto pending = std::make_unique<Pending>();
  if (auto filled = fill(*pending, std::move(txn)); !filled) return done(filled.error());
  pending->done = std::move(done);
  if (auto refused = queue_.enter(std::move(pending)))
    refused->done(unavailable("the store is closing"));
}

StoreResult<std::optional<Record>> SqliteStore::get(std::string_view key, Revision at) {
  env_.yield("store.get");
  if (env_.fault("store.get")) return unavailable("fault before the read");
  auto reader = TRY(readers_->take());
  return reader->get(key, at);
}

StoreResult<Page> SqliteStore::list(const List& list) {
  env_.yield("store.list");
  if (env_.fault("store.list")) return unavailable("fault before the read");
  auto reader = TRY(readers_->take());
  return reader->list(list);
}

StoreResult<Revision> SqliteStore::current() {
  if (auto revision = writer_->settled()) return *revision;
  auto reader = TRY(readers_->take());
  return TRY(reader->extent()).current;
}

StoreResult<Revision> SqliteStore::compacted() {
  auto reader = TRY(readers_->take());
  return TRY(reader->extent()).compacted;
}

template <class T>
StoreResult<T> SqliteStore::on_writer(std::function<StoreResult<T>()> work) {
  StoreResult<T> answer = unavailable("the store is closing");
  Errand errand{[&] { answer = work(); }};
  (void)queue_.pass(errand);
  return answer;
}

StoreResult<Unit> SqliteStore::compact(Revision upto) {
  env_.yield("store.compact");
  if (env_.fault("store.compact")) return unavailable("fault before the compaction");
  TRY(on_writer<Unit>([&] { return writer_->mark_compacted(upto); }));
  while (TRY(on_writer<bool>([&] { return writer_->sweep(kSweepRows); }))) {
  }
  while (TRY(on_writer<bool>([&] { return writer_->shrink(kShrinkPages); }))) {
  }
  return Unit{};
}

StoreResult<std::unique_ptr<Follow>> SqliteStore::follow(Revision after, EventSink& sink) {
  env_.yield("store.follow");
  if (env_.fault("store.follow")) return unavailable("fault before following");
  auto reader = TRY(readers_->take());
  return writer_->publisher().follow(*reader, after, sink);
}

StoreStats SqliteStore::stats() {
  StoreStats stats{.bytes_written = writer_->bytes_written(),
                   .commits = writer_->commits(),
                   .batches = writer_->batches(),
                   .file_bytes = size_of(options_.path) + size_of(options_.path + "-wal"),
                   .no_space = writer_->no_space(),
                   .failed = writer_->failed(),
                   .syncs = writer_->syncs()};
  if (auto reader = readers_->take()) {
    auto free = (*reader)->database().number("PRAGMA freelist_count");
    if (free) stats.free_bytes = static_cast<uint64_t>(*free) * kPageBytes;
  }
  return stats;
}

Millis SqliteStore::writing_for() {
  const int64_t since = writing_since_.load(std::memory_order_relaxed);
  if (since == 0) return Millis(0);
  const auto waited = env_.now().time_since_epoch() - std::chrono::nanoseconds(since);
  return std::max(Millis(0), std::chrono::duration_cast<Millis>(waited));
}

StoreResult<Revision> SqliteStore::backup(const std::string& path) {
  env_.yield("store.backup");
  auto reader = TRY(Reader::open(reading()));  // its own: a backup takes long
  return back_up(reader->database(), path, static_cast<int64_t>(all_migrations().size()));
}

void register_sqlite(StoreSet& set) {
  set.add(
      {.name = "sqlite",
       .durable = Durability::disk,
       .open = [](Env& env, const StoreOptions& options) -> StoreResult<std::unique_ptr<Store>> {
         return TRY(SqliteStore::open(
             env, {.path = options.data_dir + "/store.db", .on_fatal = options.on_fatal}));
       }});
}

}  // namespace storage
