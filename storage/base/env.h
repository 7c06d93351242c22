// Env: the only door to time, chance, scheduling and failure. RealEnv (appliance) answers from the
// machine, SimEnv (tests) from a seed. Anything else that touches clocks, threads or randomness
// inside engine/ fails scripts/check. Thread: any. Owns: nothing; implementations own their
// workers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace storage {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

// Monotonic: for deadlines, back-off and leases. Means nothing across processes.
struct EnvClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<EnvClock>;
  static constexpr bool is_steady = true;
};
using Instant = EnvClock::time_point;
// Calendar time in UTC: for timestamps that people and certificates read.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

using Task = std::function<void()>;

// An event counter, the one way to block in engine/. Read seen(), test your condition, then
// wait(seen): an open() in between is never lost. Thread: any.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual uint64_t seen() = 0;
  // Returns when open() was called after `seen` was read (true) or at the deadline (false).
  virtual bool wait(uint64_t seen, Instant deadline) = 0;
  virtual void open() = 0;
};

class Env {
 public:
  virtual ~Env() = default;
  virtual Instant now() = 0;
  virtual WallTime wall() = 0;
  // Runs the task on a worker as soon as one is free. Tasks may wait on the store, never on a
  // network.
  virtual void post(Task task) = 0;
  virtual void post_after(Millis delay, Task task) = 0;
  // Runs the task on the bounded pool for what is slow by nature (password hashing, directories);
  // never blocks the caller.
  virtual void post_slow(Task task) = 0;
  virtual uint64_t random(uint64_t below) = 0;  // chance: jitter, sampling, name suffixes
  virtual void random_secret(std::span<std::byte> out) = 0;  // secrets: tokens, keys
  virtual bool fault(std::string_view point) = 0;            // always false in production
  virtual void yield(
      std::string_view point) = 0;  // nothing in production; in simulation another task may run
  virtual std::unique_ptr<Gate> make_gate() = 0;
  // Around a sleep that is not at a gate: the calling thread's pool may let another thread run.
  virtual void wait_begins() {}
  virtual void wait_ends() {}
};

}  // namespace storage
