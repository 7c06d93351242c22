#include "storage/sqlite/checkpointer.h"

#include <sqlite3.h>

#include <utility>

#include "storage/base/failpoint.h"

namespace storage {

StoreResult<Unit> checkpoint_passive(Database& database) {
  const int code = sqlite3_wal_checkpoint_v2(database.handle(), "main", SQLITE_CHECKPOINT_PASSIVE,
                                             nullptr, nullptr);
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return Unit{};
  return database.error("moving the log into the file");
}

StoreResult<std::unique_ptr<Checkpointer>> Checkpointer::create(const DatabaseOptions& options,
                                                                OnError on_error) {
  auto database = TRY(Database::open(options));
  TRY(database->number("SELECT count(*) FROM state"));  // reads the schema now, not under load
  return std::unique_ptr<Checkpointer>(new Checkpointer(std::move(database), std::move(on_error)));
}

Checkpointer::Checkpointer(std::unique_ptr<Database> database, OnError on_error)
    : database_(std::move(database)), on_error_(std::move(on_error)) {
  thread_ = std::thread([this] { work(); });
}

Checkpointer::~Checkpointer() {
  stopping_.store(true);
  wake_.release();
  thread_.join();
  // The writer's connection is the last to close and moves the rest, unless the store has failed.
  database_->leave_wal_alone();
}

void Checkpointer::begin() {
  State idle = State::idle;
  if (state_.compare_exchange_strong(idle, State::working)) wake_.release();
}

bool Checkpointer::finished() {
  State ended = State::ended;
  return state_.compare_exchange_strong(ended, State::idle);
}

void Checkpointer::wait() {
  state_.wait(State::working);
}

void Checkpointer::work() {
  for (;;) {
    wake_.acquire();
    if (stopping_.load()) return;
    database_->take_severity();
    FAILPOINT(checkpoint_begun);
    if (auto done = checkpoint_passive(*database_); !done) {
      on_error_(done.error(), database_->take_severity());
    }
    FAILPOINT(checkpoint_done);
    state_.store(State::ended);
    state_.notify_all();
  }
}

}  // namespace storage
