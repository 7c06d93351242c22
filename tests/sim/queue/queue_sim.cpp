// The work queue under every schedule that a few thousand seeds give: each key that was added is
// looked at after the last time it was added, never by two workers at once, and no worker is left
// behind. A copy of the queue with a lost wake-up (workers counted in a second step) must be found
// out.
#include <catch2/catch_test_macros.hpp>
#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "engine/controllers/runtime/work_queue.h"
#include "tests/support/sim_env.h"

using tests::SimEnv;

namespace {

// The canary: right in every single step, but between finding the queue empty and counting itself
// off a worker can be passed by an add that still counts on it.
class CanaryQueue {
 public:
  CanaryQueue(storage::Env& env, size_t workers_max, std::function<void()> start_worker)
      : env_(env), workers_max_(workers_max), start_worker_(std::move(start_worker)) {}

  void add(std::string key) {
    bool start = false;
    {
      std::lock_guard lock(mutex_);
      if (!dirty_.insert(key).second) return;
      if (!processing_.contains(key)) start = push(std::move(key));
    }
    env_.yield("queue.add");
    if (start) start_worker_();
  }
  std::optional<std::string> take() {
    {
      std::lock_guard lock(mutex_);
      if (!queue_.empty()) {
        std::string key = std::move(queue_.front());
        queue_.pop_front();
        processing_.insert(key);
        dirty_.erase(key);
        return key;
      }
    }
    env_.yield("queue.empty");
    std::lock_guard lock(mutex_);
    workers_--;
    return std::nullopt;
  }
  void done(const std::string& key) {
    bool start = false;
    {
      std::lock_guard lock(mutex_);
      processing_.erase(key);
      if (dirty_.contains(key)) start = push(key);
    }
    env_.yield("queue.done");
    if (start) start_worker_();
  }

 private:
  bool push(std::string key) {
    queue_.push_back(std::move(key));
    if (workers_ >= workers_max_) return false;
    workers_++;
    return true;
  }
  storage::Env& env_;
  const size_t workers_max_;
  const std::function<void()> start_worker_;
  std::mutex mutex_;
  std::deque<std::string> queue_;
  std::set<std::string> dirty_, processing_;
  size_t workers_ = 0;
};

struct World {
  std::map<std::string, int> added, looked_at;  // the count of adds that a look has seen
  std::map<std::string, int> at_once;
  std::string wrong;
};

// Three producers add keys while workers look at them.
template <class Queue>
std::string run(SimEnv& env) {
  auto world = std::make_shared<World>();
  std::function<void()> work;
  Queue queue(env, 1 + env.random(2), [&] { env.post(work); });
  work = [&] {
    while (auto key = queue.take()) {
      if (++world->at_once[*key] > 1) world->wrong = *key + " was looked at twice at once";
      int seen = world->added[*key];
      env.yield("reconcile");
      world->looked_at[*key] = seen;
      world->at_once[*key]--;
      queue.done(*key);
    }
  };
  bool ended = env.run([&] {
    for (int producer = 0; producer < 3; producer++)
      env.post([&] {
        for (uint64_t n = 2 + env.random(4); n > 0; n--) {
          std::string key(1, static_cast<char>('a' + env.random(3)));
          world->added[key]++;
          queue.add(key);
          env.yield("produced");
        }
      });
  });
  if (!ended) return "stuck: " + env.stuck();
  if (!world->wrong.empty()) return world->wrong;
  for (const auto& [key, count] : world->added)
    if (world->looked_at[key] != count) return "the last add of " + key + " was lost";
  return {};
}

}  // namespace

TEST_CASE("no schedule loses a key", "[sim][queue]") {
  CHECK(tests::simulate(1, 2000, run<engine::WorkQueue>) == "");
}

TEST_CASE("canary: a lost wake-up is found", "[sim][queue]") {
  std::string found;
  for (uint64_t seed = 1; seed <= 2000 && found.empty(); seed++) {
    SimEnv env(seed);
    found = run<CanaryQueue>(env);
    if (!found.empty()) {
      SimEnv again(seed);
      CHECK(run<CanaryQueue>(again) == found);
      CHECK(again.trace() == env.trace());
    }
  }
  CHECK(found.find("was lost") != std::string::npos);
}

TEST_CASE("a failing key comes back later and later, and stops do not lose workers",
          "[sim][queue]") {
  auto test = [](SimEnv& env) -> std::string {
    std::vector<storage::Instant> looks;
    std::function<void()> work;
    engine::WorkQueue queue(env, 1, [&] { env.post(work); });
    work = [&] {
      while (auto key = queue.take()) {
        looks.push_back(env.now());
        if (looks.size() < 6) queue.retry(*key);
        queue.done(*key);
      }
    };
    std::string wrong;
    bool ended = env.run([&] {
      queue.add("a");
      env.post_after(storage::Millis(10'000), [&] {
        if (!queue.stop(env.now() + storage::Seconds(1))) wrong = "a worker did not end";
      });
    });
    if (!ended) return "stuck: " + env.stuck();
    if (looks.size() != 6) return std::to_string(looks.size()) + " looks";
    for (size_t i = 2; i < looks.size(); i++)
      if (looks[i] - looks[i - 1] < looks[i - 1] - looks[i - 2]) return "it came back sooner";
    return wrong;
  };
  CHECK(tests::simulate(1, 200, test) == "");
}
