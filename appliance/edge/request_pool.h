// RequestPool: a fixed number of threads that run complete requests in order of arrival. It wakes a
// thread only where that helps: while as many run as there are cores, a new job waits for one of
// them, unless one is about to sleep (RealEnv::WaitHook): then another takes over. That keeps
// context switches off short requests. Thread: push from any. Owns: its threads and waiting jobs.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "appliance/base/real_env.h"
#include "appliance/edge/conn.h"
#include "appliance/edge/http_engine.h"

namespace appliance {

struct Job {
  Conn* conn = nullptr;
  std::unique_ptr<RequestReader> reader;  // a new request, or
  std::optional<engine::Answer> answer;   // the answer of a parked one
  RequestLine line;                       // of the parked one
};

class RequestPool {
 public:
  using Serve = std::function<void(HttpEngine& engine, Job job)>;

  RequestPool(int threads, const HttpEngine::Handler& handler, Serve serve,
              std::function<bool()> closing);
  ~RequestPool();  // stop()

  void push(std::vector<Job>& jobs);  // takes them all
  void push(Job job);
  // To be called each few milliseconds: wakes one more thread when jobs are waiting and none was
  // taken since the last call.
  void unstick();
  void stop();  // jobs that wait are still run
  size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }
  size_t running() const;

 private:
  class Hook;
  // A thread that sleeps. The one that slept last is woken first: its memory is still warm.
  struct Sleeper {
    std::condition_variable up;
    bool woken = false;
  };
  // Who is to be woken once the mutex is free: woken under it, a thread would only run into it.
  struct Wakes {
    std::array<Sleeper*, 8> who{};
    size_t size = 0;
    void notify();
  };
  void work(Sleeper& own);
  void wake_one(Wakes& wakes);
  void wake_for_jobs(Wakes& wakes);
  void leave_active(Wakes& wakes);  // this thread will sleep
  void enter_active();
  void sleep(Sleeper& own, std::unique_lock<std::mutex>& lock);

  const HttpEngine::Handler& handler_;
  Serve serve_;
  std::function<bool()> closing_;
  mutable std::mutex mutex_;
  std::deque<Job> jobs_;
  std::atomic<size_t> waiting_{0};
  std::vector<Sleeper*> idle_;  // not yet woken
  int active_ = 0;              // threads running or woken, and not asleep in a request
  int blocked_ = 0;             // threads asleep in a request
  int active_max_;
  uint64_t taken_ = 0;
  uint64_t taken_seen_ = 0;
  int wakes_ = 0;  // woken, and not yet up
  bool stopping_ = false;
  std::vector<std::unique_ptr<Sleeper>> sleepers_;  // one a thread, as long as the pool
  std::vector<std::thread> threads_;
};

}  // namespace appliance
