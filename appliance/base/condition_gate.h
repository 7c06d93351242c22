// ConditionGate: the Gate of real threads, a mutex and a condition. A thread may have a hook that
// is told when it is about to sleep here. Thread: any; who waits may delete the gate as soon as
// wait() has returned. Owns: nothing else.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "storage/base/env.h"

namespace appliance {

struct WaitHook {
  virtual ~WaitHook() = default;
  virtual void before_wait() = 0;
  virtual void after_wait() = 0;
};

inline std::chrono::steady_clock::time_point to_steady(storage::Instant at) {
  return std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(at.time_since_epoch()));
}

class ConditionGate final : public storage::Gate {
 public:
  using HookOfThread = WaitHook* (*)();
  explicit ConditionGate(HookOfThread hook = nullptr) : hook_(hook) {}

  uint64_t seen() override {
    std::lock_guard lock(mutex_);
    return count_;
  }

  bool wait(uint64_t seen, storage::Instant deadline) override {
    std::unique_lock lock(mutex_);
    if (count_ != seen) return true;
    WaitHook* hook = hook_ ? hook_() : nullptr;
    if (hook) hook->before_wait();
    auto opened = [&] { return count_ != seen; };
    bool result = true;
    if (deadline == storage::Instant::max()) {
      opened_.wait(lock, opened);
    } else {
      result = opened_.wait_until(lock, to_steady(deadline), opened);
    }
    lock.unlock();
    if (hook) hook->after_wait();
    return result;
  }

  void open() override {
    // Told under the lock: who waits may delete the gate as soon as wait() has returned.
    std::lock_guard lock(mutex_);
    ++count_;
    opened_.notify_all();
  }

 private:
  const HookOfThread hook_;
  std::mutex mutex_;
  std::condition_variable opened_;
  uint64_t count_ = 0;
};

}  // namespace appliance
