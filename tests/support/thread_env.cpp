#include "tests/support/thread_env.h"

#include <utility>

#include "appliance/base/condition_gate.h"

namespace tests {
using appliance::to_steady;
using storage::Instant;

ThreadEnv::ThreadEnv(uint64_t seed, size_t workers) : random_(seed) {
  for (size_t i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
}

ThreadEnv::~ThreadEnv() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

Instant ThreadEnv::now() {
  return Instant(std::chrono::duration_cast<Instant::duration>(
      std::chrono::steady_clock::now().time_since_epoch()));
}

storage::WallTime ThreadEnv::wall() {
  return std::chrono::system_clock::now();
}

void ThreadEnv::post(storage::Task task) {
  post_after(storage::Millis(0), std::move(task));
}

void ThreadEnv::post_after(storage::Millis delay, storage::Task task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.emplace(now() + delay, std::move(task));
  }
  changed_.notify_one();
}

void ThreadEnv::post_slow(storage::Task task) {
  post(std::move(task));
}

uint64_t ThreadEnv::random(uint64_t below) {
  std::lock_guard lock(mutex_);
  return below == 0 ? 0 : random_() % below;
}

void ThreadEnv::random_secret(std::span<std::byte> out) {
  std::lock_guard lock(mutex_);
  for (std::byte& byte : out) byte = static_cast<std::byte>(random_());
}

std::unique_ptr<storage::Gate> ThreadEnv::make_gate() {
  return std::make_unique<appliance::ConditionGate>();
}

void ThreadEnv::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (tasks_.empty()) {
      changed_.wait(lock);
      continue;
    }
    auto first = tasks_.begin();
    if (first->first > now()) {
      const Instant due = first->first;
      changed_.wait_until(lock, to_steady(due));
      continue;
    }
    storage::Task task = std::move(first->second);
    tasks_.erase(first);
    lock.unlock();
    task();
    task = nullptr;  // what it owns may call back here as it ends
    lock.lock();
  }
}

}  // namespace tests
