#include "appliance/base/real_env.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "storage/base/log.h"

namespace appliance {
namespace {

namespace log = storage::log;
using storage::Instant;
using storage::Task;

Instant monotonic_now() {
  return Instant(std::chrono::steady_clock::now().time_since_epoch());
}

// The hook of the thread that runs now; set by a pool for its own threads only.
WaitHook*& wait_hook() {
  thread_local WaitHook* hook = nullptr;
  return hook;
}

// A task is a boundary: what it throws is logged and ends there.
void run_guarded(Task& task) {
  try {
    task();
  } catch (const std::exception& e) {
    log::error("a task failed", {{"error", e.what()}});
  } catch (...) {
    log::error("a task failed", {{"error", "an exception of unknown type"}});
  }
}

class Workers {
 public:
  Workers(int count, size_t queue_max) : queue_max_(queue_max) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
  }

  bool push(Task task) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_ || queue_.size() >= queue_max_) return false;
      queue_.push_back(std::move(task));
    }
    more_.notify_one();
    return true;
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    more_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  void work() {
    for (;;) {
      Task task;
      {
        std::unique_lock lock(mutex_);
        more_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        task = std::move(queue_.front());
        queue_.pop_front();
      }
      run_guarded(task);
    }
  }

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Task> queue_;
  const size_t queue_max_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

int or_default(int value, int fallback) {
  return value > 0 ? value : fallback;
}

int cores() {
  return std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

class RealEnv::Impl {
 public:
  explicit Impl(const RealEnvOptions& options)
      : workers_(or_default(options.workers, cores()), SIZE_MAX),
        slow_(or_default(options.slow_workers, 4), options.queue_max),
        clock_([this] { tick(); }) {}

  void post(Task task) { workers_.push(std::move(task)); }

  void post_after(storage::Millis delay, Task task) {
    bool first;
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      auto at = timers_.emplace(monotonic_now() + delay, std::move(task));
      first = at == timers_.begin();
    }
    if (first) changed_.notify_one();
  }

  void post_slow(Task task) {
    if (!slow_.push(std::move(task)))
      log::warn("a slow task was dropped: its queue is full or the process stops");
  }

  void stop() {
    std::multimap<Instant, Task> dropped;  // a task may own what calls back here as it ends
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      stopping_ = true;
      dropped.swap(timers_);
    }
    dropped.clear();
    changed_.notify_all();
    clock_.join();
    slow_.stop();
    workers_.stop();
  }

 private:
  void tick() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (timers_.empty()) {
        changed_.wait(lock);
        continue;
      }
      Instant next = timers_.begin()->first;
      if (monotonic_now() < next) {
        changed_.wait_until(lock, to_steady(next));
        continue;
      }
      auto node = timers_.extract(timers_.begin());
      lock.unlock();
      workers_.push(std::move(node.mapped()));
      lock.lock();
    }
  }

  Workers workers_;
  Workers slow_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Instant, Task> timers_;
  bool stopping_ = false;
  std::thread clock_;  // last: it starts when everything above is there
};

RealEnv::RealEnv(RealEnvOptions options) : impl_(std::make_unique<Impl>(options)) {}
RealEnv::~RealEnv() {
  impl_->stop();
}

Instant RealEnv::now() {
  return monotonic_now();
}

storage::WallTime RealEnv::wall() {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

void RealEnv::post(Task task) {
  impl_->post(std::move(task));
}
void RealEnv::post_after(storage::Millis delay, Task task) {
  impl_->post_after(delay, std::move(task));
}
void RealEnv::post_slow(Task task) {
  impl_->post_slow(std::move(task));
}
void RealEnv::stop() {
  impl_->stop();
}
std::unique_ptr<storage::Gate> RealEnv::make_gate() {
  return std::make_unique<ConditionGate>([] { return wait_hook(); });
}
void RealEnv::wait_begins() {
  if (wait_hook()) wait_hook()->before_wait();
}
void RealEnv::wait_ends() {
  if (wait_hook()) wait_hook()->after_wait();
}
void RealEnv::on_wait(WaitHook* hook) {
  wait_hook() = hook;
}

void RealEnv::random_secret(std::span<std::byte> out) {
  size_t done = 0;
  while (done < out.size()) {
    ssize_t got = getrandom(out.data() + done, out.size() - done, 0);
    // getrandom fails only when interrupted before the pool is ready; there is no going on without
    // it.
    if (got > 0) done += static_cast<size_t>(got);
  }
}

uint64_t RealEnv::random(uint64_t below) {
  if (below < 2) return 0;
  thread_local std::array<uint64_t, 32> pool;
  thread_local size_t used = pool.size();
  // Numbers from the top part that does not divide evenly are drawn again, so that none is likelier
  // than another.
  const uint64_t limit = UINT64_MAX - UINT64_MAX % below;
  for (;;) {
    if (used == pool.size()) {
      random_secret(std::as_writable_bytes(std::span(pool)));
      used = 0;
    }
    uint64_t value = pool[used++];
    if (value < limit) return value % below;
  }
}

}  // namespace appliance
