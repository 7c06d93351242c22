#include "engine/controllers/runtime/controller.h"

#include <exception>
#include <mutex>

#include "engine/base/limits.h"
#include "storage/base/log.h"

namespace engine {

struct Controller::Counts {
  mutable std::mutex mutex;
  uint64_t reconciled = 0, failed = 0;
  std::string last_error;
};

Controller::Controller(storage::Env& env, Options options, Reconcile reconcile)
    : env_(env),
      options_(std::move(options)),
      reconcile_(std::move(reconcile)),
      counts_(std::make_unique<Counts>()),
      queue_(std::make_unique<WorkQueue>(env, options_.workers_max,
                                         [this] { env_.post([this] { work(); }); })) {}

Controller::~Controller() {
  stop();
}

void Controller::stop() {
  // A reconcile waits on nothing but the store, so it ends; said again so that a stuck one is seen.
  while (!queue_->stop(env_.now() + storage::Seconds(10)))
    storage::log::warn("a controller has not stopped yet", {{"controller", options_.name}});
}

void Controller::work() {
  for (size_t n = 0; auto key = queue_->take(); n++) {
    look_at(*key);
    queue_->done(*key);
    // Others share the workers; this one stays counted and goes on behind them.
    if (n + 1 == limits::kKeysPerTurn) {
      env_.post([this] { work(); });
      return;
    }
  }
}

void Controller::look_at(const std::string& key) {
  std::optional<Status> error;
  Outcome outcome;
  try {
    auto result = reconcile_(key);
    if (result) {
      outcome = result.value();
    } else {
      error = std::move(result).error();
    }
  } catch (const std::exception& e) {
    error = Status::internal(e.what());
  }
  {
    std::lock_guard lock(counts_->mutex);
    counts_->reconciled++;
    if (error) {
      counts_->failed++;
      counts_->last_error = key + ": " + error->message();
    }
  }
  if (error) {
    // A conflict only says that somebody else was first.
    if (error->is("Conflict")) {
      storage::log::debug(
          "will look again",
          {{"controller", options_.name}, {"key", key}, {"error", error->message()}});
    } else {
      storage::log::warn(
          "a controller failed and will try again",
          {{"controller", options_.name}, {"key", key}, {"error", error->message()}});
    }
    queue_->retry(key);
    return;
  }
  queue_->forget(key);
  if (outcome.again) queue_->add_after(key, *outcome.again);
}

Controller::Numbers Controller::numbers() const {
  Numbers out;
  out.queue = queue_->numbers();
  std::lock_guard lock(counts_->mutex);
  out.reconciled = counts_->reconciled;
  out.failed = counts_->failed;
  out.last_error = counts_->last_error;
  return out;
}

}  // namespace engine
