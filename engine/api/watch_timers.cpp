#include "engine/api/watch_timers.h"

#include <utility>
#include <vector>

namespace engine {

void WatchTimers::Shared::add(storage::Instant when, std::weak_ptr<Timed> timed) {
  bool arm_now = false;
  {
    std::lock_guard lock(mutex);
    if (stopped) return;
    due.emplace(when, std::move(timed));
    arm_now = !std::exchange(armed, true);
  }
  if (arm_now) arm();
}

void WatchTimers::Shared::arm() {
  env.post_after(storage::Millis(1000), [self = shared_from_this()] { self->run(); });
}

void WatchTimers::Shared::run() {
  storage::Instant now = env.now();
  std::vector<std::weak_ptr<Timed>> ready;
  {
    std::lock_guard lock(mutex);
    if (stopped) return;
    auto end = due.upper_bound(now);
    for (auto it = due.begin(); it != end; ++it) ready.push_back(std::move(it->second));
    due.erase(due.begin(), end);
  }
  std::vector<std::pair<storage::Instant, std::weak_ptr<Timed>>> again;
  for (auto& weak : ready)
    if (auto timed = weak.lock())
      if (auto next = timed->on_timer(now)) again.emplace_back(*next, std::move(weak));
  bool more = false;
  {
    std::lock_guard lock(mutex);
    for (auto& [when, timed] : again) due.emplace(when, std::move(timed));
    more = armed = !stopped && !due.empty();
  }
  if (more) arm();
}

void WatchTimers::Shared::stop() {
  std::lock_guard lock(mutex);
  stopped = true;
  due.clear();
}

}  // namespace engine
