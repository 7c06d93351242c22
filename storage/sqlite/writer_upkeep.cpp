// What the writer does beside commits: compaction in steps, giving space back, moving the log into
// the file.
#include <sqlite3.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/failpoint.h"
#include "storage/base/log.h"
#include "storage/kv/errors.h"
#include "storage/sqlite/row.h"
#include "storage/sqlite/writer.h"

namespace storage {
namespace {

// The file keeps this much free for what comes next; only what is over it goes back to the disk.
constexpr int64_t kFreePagesKept = 1024;
// Over this many times the length at which it is due, commits wait for the log to be moved.
constexpr int kLogPagesFactor = 4;

struct LogRow {
  int64_t seq;
  std::string key;
  int64_t prev;
  bool deletes;
};

}  // namespace

StoreResult<Unit> Writer::mark_compacted(Revision upto) {
  if (failed()) return unavailable("the store has failed; the process must restart");
  if (upto > current_) return future_error(upto, current_);
  const auto before = static_cast<Revision>(TRY(database_->number("SELECT compacted FROM state")));
  if (upto <= before) return Unit{};
  TRY(transaction([&] { return set_compacted_.bind(1, static_cast<int64_t>(upto)).run(); }));
  FAILPOINT(compaction_marked);
  return Unit{};
}

// A row that is old enough makes the one before it useless, and a delete that is old enough makes
// itself useless too. So each row of the log is looked at once, and what is live is never walked
// over.
StoreResult<bool> Writer::sweep(int rows_max) {
  if (failed()) return unavailable("the store has failed; the process must restart");
  const int64_t swept = TRY(database_->number("SELECT swept FROM state"));
  const auto compacted =
      static_cast<Revision>(TRY(database_->number("SELECT compacted FROM state")));
  const int64_t bound = last_seq_of(compacted);
  if (swept >= bound) return false;
  bool more = false;
  TRY(transaction([&]() -> StoreResult<Unit> {
    std::vector<LogRow> rows;
    {
      ResetLater later(superseded_);
      superseded_.bind(1, swept).bind(2, bound).bind(3, rows_max);
      while (TRY(superseded_.step())) {
        rows.push_back({superseded_.number(0), std::string(superseded_.blob(1)),
                        superseded_.number(2), superseded_.number(3) != 0});
      }
    }
    for (const LogRow& row : rows) {
      if (row.prev != 0) TRY(remove_row(row.key, row.prev));
      if (row.deletes) TRY(remove_row(row.key, row.seq));
    }
    FAILPOINT(compaction_swept);
    more = rows.size() == static_cast<size_t>(rows_max);
    return set_swept_.bind(1, more ? rows.back().seq : bound).run();
  }));
  return more;
}

StoreResult<Unit> Writer::remove_row(std::string_view key, int64_t seq) {
  TRY(delete_version_.bind(1, key).bind(2, seq).run());
  return delete_log_.bind(1, seq).run();
}

StoreResult<bool> Writer::shrink(int pages_max) {
  if (failed()) return unavailable("the store has failed; the process must restart");
  const int64_t free = TRY(database_->number("PRAGMA freelist_count"));
  const int64_t all = TRY(database_->number("PRAGMA page_count"));
  const int64_t too_many = free - std::max(kFreePagesKept, all / 5);
  if (too_many <= 0) return false;
  const std::string sql =
      "PRAGMA incremental_vacuum(" + std::to_string(std::min<int64_t>(too_many, pages_max)) + ")";
  TRY(transaction([&]() -> StoreResult<Unit> {
    TRY(database_->run(sql.c_str()));
    FAILPOINT(compaction_shrinking);
    return Unit{};
  }));
  return too_many > pages_max;
}

// Told by SQLite after each commit. A log that is shorter than before has begun anew.
void Writer::log_is_now(int pages) {
  if (pages < log_pages_) checkpoint_at_ = options_.checkpoint_pages;
  log_pages_ = pages;
}

void Writer::checkpoint_when_due() {
  if (failed()) return;
  // Commits that outrun the checkpointer wait for it, or the log would have no bound.
  if (log_pages_ >= kLogPagesFactor * options_.checkpoint_pages) checkpointer_->wait();
  if (checkpointer_->finished()) {
    // What was committed while the checkpointer worked: little, and then the log can begin anew.
    database_->take_severity();
    if (auto done = checkpoint_passive(*database_); !done) {
      (void)judge(std::move(done).error(), database_->take_severity());
    }
    // A reader can hold the log back; then the next attempt is after some more pages, not after
    // every batch.
    checkpoint_at_ =
        std::max(options_.checkpoint_pages, log_pages_ + options_.checkpoint_pages / 4 + 1);
    return;
  }
  if (log_pages_ >= checkpoint_at_) checkpointer_->begin();
}

StoreResult<Unit> Writer::checkpoint_all() {
  if (sqlite3_wal_checkpoint_v2(database_->handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                                nullptr) != SQLITE_OK) {
    return database_->error("moving the log into the file");
  }
  return Unit{};
}

}  // namespace storage
