#include "storage/sqlite/writer.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "storage/base/failpoint.h"
#include "storage/base/log.h"
#include "storage/kv/errors.h"
#include "storage/sqlite/row.h"

namespace storage {

Writer::Writer(std::unique_ptr<Database> database, Revision current, WriterOptions options)
    : database_(std::move(database)),
      options_(std::move(options)),
      file_(database_->path()),
      log_file_(database_->path() + "-wal"),
      publisher_(current),
      current_(current),
      checkpoint_at_(options_.checkpoint_pages) {}

StoreResult<std::unique_ptr<Writer>> Writer::create(const DatabaseOptions& where,
                                                    std::unique_ptr<Database> database,
                                                    Revision current, WriterOptions options) {
  std::unique_ptr<Writer> writer(new Writer(std::move(database), current, std::move(options)));
  TRY(writer->prepare_statements());
  writer->checkpointer_ =
      TRY(Checkpointer::create(where, [self = writer.get()](const Error& error, Severity severity) {
        (void)self->judge(error, severity);
      }));
  sqlite3_wal_hook(
      writer->database_->handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Writer*>(self)->log_is_now(pages);
        return SQLITE_OK;
      },
      writer.get());
  return writer;
}

Writer::~Writer() {
  checkpointer_.reset();
  if (failed()) database_->leave_wal_alone();
}

StoreResult<Unit> Writer::prepare_statements() {
  Database& db = *database_;
  begin_ = TRY(Statement::prepare(db, "BEGIN IMMEDIATE"));
  commit_ = TRY(Statement::prepare(db, "COMMIT"));
  newest_ = TRY(Statement::prepare(
      db, "SELECT seq, created FROM versions WHERE key = ?1 ORDER BY seq DESC LIMIT 1"));
  insert_log_ = TRY(Statement::prepare(
      db, "INSERT INTO log(seq, key, created, prev, sum, value) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"));
  insert_version_ =
      TRY(Statement::prepare(db, "INSERT INTO versions(key, seq, created) VALUES(?1, ?2, ?3)"));
  delete_log_ = TRY(Statement::prepare(db, "DELETE FROM log WHERE seq = ?1"));
  delete_version_ = TRY(Statement::prepare(db, "DELETE FROM versions WHERE key = ?1 AND seq = ?2"));
  set_compacted_ = TRY(Statement::prepare(db, "UPDATE state SET compacted = ?1"));
  set_swept_ = TRY(Statement::prepare(db, "UPDATE state SET swept = ?1"));
  superseded_ = TRY(Statement::prepare(
      db,
      "SELECT seq, key, prev, value IS NULL FROM log WHERE seq > ?1 AND seq <= ?2 "
      "ORDER BY seq LIMIT ?3"));
  return Unit{};
}

void Writer::commit(std::span<Pending* const> batch) {
  while (!batch.empty()) {
    size_t count = 0;
    for (size_t bytes = 0; count < batch.size() && bytes < options_.batch_bytes_max; ++count) {
      bytes += batch[count]->bytes;
    }
    commit_group(batch.first(count));
    batch = batch.subspan(count);
  }
}

void Writer::commit_group(std::span<Pending* const> group) {
  if (failed()) {
    return refuse(group, unavailable("the store has failed; the process must restart"));
  }
  for (const FileIdentity* identity : {&file_, &log_file_}) {
    if (const std::string change = identity->change(); !change.empty()) {
      const Error error{Reason::io, change + "; nothing more is written"};
      fail(error);
      return refuse(group, error);
    }
  }
  const Revision before = current_;
  Revision revision = before;
  committing_.store(true);
  auto written = transaction([&] { return write_group(group, revision); });
  FAILPOINT(commit_on_disk);
  if (written) current_.store(revision);
  committing_.store(false);
  if (!written) return refuse(group, written.error());
  no_space_.store(false, std::memory_order_relaxed);
  if (revision == before) return;
  commits_.fetch_add(revision - before, std::memory_order_relaxed);
  batches_.fetch_add(1, std::memory_order_relaxed);
  publisher_.publish(group, revision);
  FAILPOINT(commit_published);
}

StoreResult<Unit> Writer::write_group(std::span<Pending* const> group, Revision& revision) {
  uint64_t bytes = 0;
  FAILPOINT(commit_begun);
  for (Pending* pending : group) {
    pending->answer = apply(*pending, revision);
    if (!pending->answer) {
      // A check that does not hold is that caller's answer; anything else is the fate of the whole
      // group.
      if (pending->answer.error().reason != Reason::conflict) return pending->answer.error();
      continue;
    }
    if (*pending->answer > revision) bytes += pending->bytes;
    revision = *pending->answer;
  }
  bytes_written_.fetch_add(bytes, std::memory_order_relaxed);
  FAILPOINT(commit_rows_written);
  return Unit{};
}

// Checks and writes one transaction; answers its revision, or the current one when it changed
// nothing.
StoreResult<Revision> Writer::apply(Pending& pending, Revision revision) {
  for (const Check& check : pending.txn.checks) {
    const Newest found = TRY(newest(check.key));
    const Revision actual = found.live() ? revision_of(found.seq) : kAbsent;
    if (actual != check.modified) return conflict(check.key, check.modified, actual);
  }
  size_t number = 0;
  pending.created.assign(pending.txn.writes.size(), 0);
  for (size_t i = 0; i < pending.txn.writes.size(); ++i) {
    const Write& write = pending.txn.writes[i];
    pending.created[i] = TRY(put(write, pending.sums[i], seq_of(revision + 1, number)));
    if (pending.created[i] != 0) ++number;
  }
  return number == 0 ? revision : revision + 1;
}

StoreResult<Writer::Newest> Writer::newest(std::string_view key) {
  ResetLater later(newest_);
  if (!TRY(newest_.bind(1, key).step())) return Newest{};
  return Newest{newest_.number(0), static_cast<Revision>(newest_.number(1))};
}

// Writes one row; answers when the key was made, or 0 when there was nothing to delete.
StoreResult<Revision> Writer::put(const Write& write, uint32_t content, int64_t seq) {
  const Newest before = TRY(newest(write.key));
  if (!write.value && !before.live()) return Revision{0};
  const Revision created = before.live() ? before.created : revision_of(seq);
  insert_log_.bind(1, seq).bind(2, write.key).bind(3, static_cast<int64_t>(created));
  // A delete that came before removes itself when it is compacted, so only live rows are
  // superseded.
  insert_log_.bind(4, before.live() ? before.seq : 0);
  insert_log_.bind(5, static_cast<int64_t>(row_sum(content, seq, created)));
  if (write.value) {
    insert_log_.bind(6, std::string_view(*write.value));
  } else {
    insert_log_.bind_null(6);
  }
  TRY(insert_log_.run());
  insert_version_.bind(1, write.key).bind(2, seq);
  insert_version_.bind(3, write.value ? static_cast<int64_t>(created) : 0);
  TRY(insert_version_.run());
  return created;
}

void Writer::refuse(std::span<Pending* const> group, const Error& error) {
  for (Pending* pending : group) pending->answer = error;
}

StoreResult<Unit> Writer::transaction(const std::function<StoreResult<Unit>()>& work) {
  database_->take_severity();
  if (auto begun = begin_.run(); !begun) {
    return judge(std::move(begun).error(), database_->take_severity());
  }
  if (auto worked = work(); !worked) {
    const Severity severity = database_->take_severity();
    roll_back();
    return judge(std::move(worked).error(), severity);
  }
  const Instant begun = options_.now();
  auto committed = commit_.run();
  note_sync(begun);
  if (!committed) {
    Severity severity = database_->take_severity();
    // Only a full disk leaves a commit that is known not to have happened: its last frame was
    // refused.
    if (severity != Severity::full) severity = Severity::fatal;
    roll_back();
    return judge(std::move(committed).error(), severity);
  }
  return Unit{};
}

void Writer::note_sync(Instant begun) {
  const auto took = options_.now() - begun;
  const double seconds = std::chrono::duration<double>(took).count();
  const auto& bounds = SyncTimes::kBounds;
  const auto place = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
  sync_counts_[static_cast<size_t>(place)].fetch_add(1, std::memory_order_relaxed);
  sync_nanoseconds_.fetch_add(took.count(), std::memory_order_relaxed);
}

SyncTimes Writer::syncs() const {
  SyncTimes out;
  for (size_t i = 0; i < out.counts.size(); ++i)
    out.counts[i] = sync_counts_[i].load(std::memory_order_relaxed);
  out.seconds = static_cast<double>(sync_nanoseconds_.load(std::memory_order_relaxed)) / 1e9;
  return out;
}

void Writer::roll_back() {
  if (!database_->in_transaction()) return;
  if (auto undone = database_->run("ROLLBACK"); !undone) fail(undone.error());
}

Error Writer::judge(Error error, Severity severity) {
  if (severity == Severity::full) {
    if (!no_space_.exchange(true)) log::error("the disk is full", {{"error", error.message}});
    error.reason = Reason::no_space;
    return error;
  }
  if (severity != Severity::fatal) return error;
  fail(error);
  return uncertain(error.message);
}

// After a failed sync nobody knows what is on the disk, and asking again would be answered with a
// lie: the kernel has already marked the pages clean. So nothing is written any more, and the
// process is to start again from the disk.
void Writer::fail(const Error& error) {
  if (failed_.exchange(true)) return;
  log::error("the store has failed", {{"error", error.message}});
  if (options_.on_fatal) options_.on_fatal(error);
}

}  // namespace storage
