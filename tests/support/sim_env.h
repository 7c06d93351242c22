// SimEnv: an Env for simulation. Every task is a thread of its own, but only the one that holds the
// baton runs; at each call of the Env (and so of the Store, which yields) the seed decides who runs
// next, what fails, and how long waiting takes. Time is virtual: it moves when nobody can run. The
// same seed gives the same run. Code under test stays plain and blocking; it must not hold a mutex
// across such a call, or the run stops and says so. Thread: run() from a test's thread; the rest
// from tasks. Owns: its threads, which end with run().
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "storage/base/env.h"

namespace tests {

class SimEnv final : public storage::Env {
 public:
  explicit SimEnv(uint64_t seed);
  ~SimEnv() override;

  // How likely each fault point fails, out of 1000; by name, or "" for all others.
  void fail(std::string point, unsigned per_mille) { faults_[std::move(point)] = per_mille; }
  // Runs the task and whatever it posts until nothing is left that could run. False when tasks
  // still wait on a gate that nobody will open (before their deadline, which time would reach only
  // by passing it): stuck() names them.
  bool run(storage::Task main);
  const std::string& stuck() const { return stuck_; }
  // What happened, as one number: two runs of one seed must agree.
  uint64_t trace() const { return trace_; }
  uint64_t seed() const { return seed_; }

  storage::Instant now() override;
  storage::WallTime wall() override;
  void post(storage::Task task) override;
  void post_after(storage::Millis delay, storage::Task task) override;
  void post_slow(storage::Task task) override { post(std::move(task)); }
  uint64_t random(uint64_t below) override;
  void random_secret(std::span<std::byte> out) override;
  bool fault(std::string_view point) override;
  void yield(std::string_view point) override;
  std::unique_ptr<storage::Gate> make_gate() override;

 private:
  class SimGate;
  struct Actor;
  enum class Why : uint8_t { ready, sleeping, waiting, over };

  Actor* self();
  void spawn(storage::Task task, storage::Instant at);
  void pass_on(std::unique_lock<std::mutex>& lock, Actor& from);
  Actor* choose();
  void note(std::string_view point);
  uint64_t draw(uint64_t below) { return below == 0 ? 0 : random_() % below; }

  const uint64_t seed_;
  std::mt19937_64 random_;
  std::mutex mutex_;  // the baton's
  std::condition_variable over_;
  storage::Instant now_{std::chrono::seconds(1)};
  std::vector<std::unique_ptr<Actor>> actors_;
  Actor* running_ = nullptr;
  uint64_t next_id_ = 1;
  std::map<std::string, unsigned, std::less<>> faults_;
  uint64_t trace_ = 1469598103934665603u;
  std::string stuck_;
  bool finished_ = false, abandoned_ = false;
};

// Runs `test` for seeds first..first+count-1 (SIM_SEED in the environment: that one alone) and says
// how to replay the one that failed. The test returns what is wrong, or nothing.
std::string simulate(uint64_t first, uint64_t count,
                     const std::function<std::string(SimEnv&)>& test);

}  // namespace tests
