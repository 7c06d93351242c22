// WatchTimers: wakes the streams that asked for it, for bookmarks and timeouts: one timer of the
// Env for all of them, to the second. Without streams nothing ticks. Thread: any. Owns: nothing but
// weak references.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "storage/base/env.h"

namespace engine {

class Timed {
 public:
  virtual ~Timed() = default;
  // On a worker. When to be called again; none: no more.
  virtual std::optional<storage::Instant> on_timer(storage::Instant now) = 0;
};

class WatchTimers {
 public:
  explicit WatchTimers(storage::Env& env) : shared_(std::make_shared<Shared>(env)) {}
  ~WatchTimers() { shared_->stop(); }
  void add(storage::Instant when, std::weak_ptr<Timed> timed) { shared_->add(when, timed); }

 private:
  // Outlives the owner while a timer of the Env refers to it.
  struct Shared : std::enable_shared_from_this<Shared> {
    explicit Shared(storage::Env& e) : env(e) {}
    void add(storage::Instant when, std::weak_ptr<Timed> timed);
    void run();
    void arm();  // without the lock
    void stop();

    storage::Env& env;
    std::mutex mutex;
    std::multimap<storage::Instant, std::weak_ptr<Timed>> due;
    bool armed = false, stopped = false;
  };
  std::shared_ptr<Shared> shared_;
};

}  // namespace engine
