#include "tests/support/thread_env.h"

#include <utility>

namespace tests {
namespace {

using storage::Instant;

std::chrono::steady_clock::time_point to_steady(Instant instant) {
  return std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(instant.time_since_epoch()));
}

class ThreadGate final : public storage::Gate {
 public:
  uint64_t seen() override {
    std::lock_guard lock(mutex_);
    return count_;
  }
  bool wait(uint64_t seen, Instant deadline) override {
    std::unique_lock lock(mutex_);
    return opened_.wait_until(lock, to_steady(deadline), [&] { return count_ != seen; });
  }
  void open() override {
    {
      std::lock_guard lock(mutex_);
      ++count_;
    }
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  uint64_t count_ = 0;
};

}  // namespace

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
  return std::make_unique<ThreadGate>();
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
    lock.lock();
  }
}

}  // namespace tests
