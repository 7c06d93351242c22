// RealEnv: Env answered by the machine. Tasks run on a fixed set of workers, slow tasks on a
// bounded pool of their own, timers on one thread that only hands tasks to the workers. A thread
// that is about to wait at a gate can tell its own pool (see on_wait), so that another thread takes
// over the work meanwhile. Thread: any. Owns: its threads. stop() (or the destructor) drops timers
// that have not fired, runs what is queued, and joins.
#pragma once

#include <functional>
#include <memory>

#include "appliance/base/condition_gate.h"
#include "storage/base/env.h"

namespace appliance {

struct RealEnvOptions {
  int workers = 0;           // 0: cores, at least 2
  int slow_workers = 0;      // 0: 4
  size_t queue_max = 65536;  // slow tasks waiting; over it post_slow runs nothing and the task is
                             // dropped after being logged
};

class RealEnv final : public storage::Env {
 public:
  explicit RealEnv(RealEnvOptions options = {});
  ~RealEnv() override;

  storage::Instant now() override;
  storage::WallTime wall() override;
  void post(storage::Task task) override;
  void post_after(storage::Millis delay, storage::Task task) override;
  void post_slow(storage::Task task) override;
  uint64_t random(uint64_t below) override;
  void random_secret(std::span<std::byte> out) override;
  bool fault(std::string_view) override { return false; }
  void yield(std::string_view) override {}
  std::unique_ptr<storage::Gate> make_gate() override;
  void wait_begins() override;
  void wait_ends() override;

  void stop();

  // For the thread that calls it: `before` runs when this thread is about to sleep at a gate or in
  // a commit, `after` when it goes on. A pool with one running thread per core uses it to let
  // another one run. Both must be cheap.
  using WaitHook = appliance::WaitHook;
  static void on_wait(WaitHook* hook);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace appliance
