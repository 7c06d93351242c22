// ThreadEnv: an Env on real threads and the real clock, for tests that run code as it runs in
// production. Faults come from a function that a test sets. (Simulation has its own Env, where a
// seed decides who runs.) Thread: any. Owns: its workers; destroying it ends them, and tasks that
// have not begun are dropped.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "storage/base/env.h"

namespace tests {

class ThreadEnv final : public storage::Env {
 public:
  explicit ThreadEnv(uint64_t seed = 1, size_t workers = 2);
  ~ThreadEnv() override;

  // REQUIRES: set before the code under test runs.
  std::function<bool(std::string_view)> on_fault;
  std::function<void(std::string_view)> on_yield;

  storage::Instant now() override;
  storage::WallTime wall() override;
  void post(storage::Task task) override;
  void post_after(storage::Millis delay, storage::Task task) override;
  void post_slow(storage::Task task) override;
  uint64_t random(uint64_t below) override;
  void random_secret(std::span<std::byte> out) override;
  bool fault(std::string_view point) override { return on_fault && on_fault(point); }
  void yield(std::string_view point) override {
    if (on_yield) on_yield(point);
  }
  std::unique_ptr<storage::Gate> make_gate() override;

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<storage::Instant, storage::Task> tasks_;
  std::mt19937_64 random_;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace tests
