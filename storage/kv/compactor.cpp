#include "storage/kv/compactor.h"

#include <algorithm>
#include <mutex>

#include "storage/base/log.h"

namespace storage {

std::optional<Revision> CompactionPolicy::observe(Instant now, Revision current,
                                                  uint64_t bytes_written) {
  samples_.push_back({now, current, bytes_written});
  Revision target = 0;
  // The newest sample that is old enough, or that has too many bytes after it.
  while (!samples_.empty()) {
    const Sample& oldest = samples_.front();
    const bool old = now - oldest.when >= options_.keep;
    const bool heavy = bytes_written - oldest.bytes > options_.bytes_max;
    if (!old && !heavy) break;
    target = oldest.revision;
    samples_.pop_front();
  }
  if (current > options_.revisions_max) {
    target = std::max(target, current - options_.revisions_max);
  }
  if (target == 0) return std::nullopt;
  return target;
}

// Shared with the tasks, which may run, or be dropped, after the Compactor has gone.
struct Compactor::State : std::enable_shared_from_this<State> {
  State(Env& e, Store& s, CompactorOptions o)
      : env(e), store(s), options(o), policy(o), finished(e.make_gate()) {}

  void schedule() {
    const auto jitter = env.random(static_cast<uint64_t>(options.every.count() / 10 + 1));
    env.post_after(options.every + Millis(jitter), [self = shared_from_this()] { self->run(); });
  }

  void run() {
    {
      std::lock_guard lock(mutex);
      if (stopped) return;
      running = true;
    }
    look();
    {
      std::lock_guard lock(mutex);
      running = false;
    }
    finished->open();
    schedule();
  }

  void look() {
    const auto current = store.current();
    if (!current) return;
    const auto target = policy.observe(env.now(), *current, store.stats().bytes_written);
    if (!target) return;
    const auto done = store.compact(*target);
    if (done || done.error().reason == Reason::unavailable) return;
    log::warn("compaction did not finish", {{"upto", *target}, {"error", done.error().message}});
  }

  // The caller's store ends after this, so no call on it may be under way.
  void stop() {
    for (;;) {
      const uint64_t seen = finished->seen();
      {
        std::lock_guard lock(mutex);
        stopped = true;
        if (!running) return;
      }
      finished->wait(seen, env.now() + Seconds(1));
    }
  }

  Env& env;
  Store& store;
  const CompactorOptions options;
  CompactionPolicy policy;  // only the task uses it
  std::unique_ptr<Gate> finished;
  std::mutex mutex;
  bool running = false;
  bool stopped = false;
};

Compactor::Compactor(Env& env, Store& store, CompactorOptions options)
    : state_(std::make_shared<State>(env, store, options)) {
  state_->schedule();
}

Compactor::~Compactor() {
  state_->stop();
}

}  // namespace storage
