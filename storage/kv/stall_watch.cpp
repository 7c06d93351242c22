#include "storage/kv/stall_watch.h"

#include <mutex>

#include "storage/base/log.h"
#include "storage/kv/limits.h"

namespace storage {
namespace {

constexpr Millis kEvery{1'000};

}  // namespace

// Shared with the task, which may run, or be dropped, after the StallWatch has gone.
struct StallWatch::State : std::enable_shared_from_this<State> {
  State(Env& e, Store& s) : env(e), store(&s) {}

  void schedule() {
    env.post_after(kEvery, [self = shared_from_this()] { self->run(); });
  }

  void run() {
    {
      std::lock_guard lock(mutex);
      if (!store) return;
      look(store->writing_for());
    }
    schedule();
  }

  void look(Millis waited) {
    if (waited > kWriteStallMax && !stalled) {
      stalled = true;
      log::error("the disk does not answer: a write waits",
                 {{"seconds", waited.count() / 1000}, {"limit", kWriteStallMax.count() / 1000}});
    } else if (stalled && waited < longest) {
      stalled = false;
      log::warn("the disk answers again", {{"seconds_waited", longest.count() / 1000}});
    }
    longest = stalled ? waited : Millis(0);
  }

  Env& env;
  std::mutex mutex;  // held over writing_for(), which waits for nothing
  Store* store;      // null: over
  bool stalled = false;
  Millis longest{0};
};

StallWatch::StallWatch(Env& env, Store& store) : state_(std::make_shared<State>(env, store)) {
  state_->schedule();
}

StallWatch::~StallWatch() {
  std::lock_guard lock(state_->mutex);
  state_->store = nullptr;
}

}  // namespace storage
