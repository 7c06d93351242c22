#include "engine/controllers/runtime/work_queue.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "engine/base/limits.h"

namespace engine {

struct WorkQueue::State : std::enable_shared_from_this<State> {
  State(storage::Env& e, size_t max, std::function<void()> start)
      : env(e), workers_max(max), start_worker(std::move(start)), idle(e.make_gate()) {}

  storage::Env& env;
  const size_t workers_max;
  const std::function<void()> start_worker;
  const std::unique_ptr<storage::Gate> idle;  // opened when a worker ends

  mutable std::mutex mutex;  // guards what follows; never held while the Env is called
  std::deque<std::string> queue;
  std::set<std::string, std::less<>> dirty;       // to be looked at
  std::set<std::string, std::less<>> processing;  // being looked at
  std::map<std::string, storage::Instant, std::less<>> delayed;
  std::map<std::string, int, std::less<>> failures;
  size_t workers = 0;
  bool stopping = false;
  uint64_t added = 0, retried = 0;

  // Under the lock: whether the caller must start a worker.
  bool push(std::string key) {
    queue.push_back(std::move(key));
    if (workers >= workers_max || stopping) return false;
    workers++;
    return true;
  }

  void add(std::string key) {
    bool start = false;
    {
      std::lock_guard lock(mutex);
      if (stopping) return;
      added++;
      if (!dirty.insert(key).second) return;
      if (!processing.contains(key)) start = push(std::move(key));
    }
    env.yield("queue.add");
    if (start) start_worker();
  }

  void due(const std::string& key, storage::Instant at) {
    {
      std::lock_guard lock(mutex);
      auto found = delayed.find(key);
      if (found == delayed.end() || found->second != at) return;  // something sooner took its place
      delayed.erase(found);
    }
    add(key);
  }

  void add_after(std::string key, storage::Millis delay) {
    storage::Instant at = env.now() + delay;
    {
      std::lock_guard lock(mutex);
      if (stopping) return;
      auto [entry, first] = delayed.try_emplace(key, at);
      if (!first && entry->second <= at) return;
      entry->second = at;
    }
    env.post_after(delay, [weak = weak_from_this(), key = std::move(key), at] {
      if (auto state = weak.lock()) state->due(key, at);
    });
  }
};

WorkQueue::WorkQueue(storage::Env& env, size_t workers_max, std::function<void()> start_worker)
    : state_(std::make_shared<State>(env, workers_max, std::move(start_worker))) {}
WorkQueue::~WorkQueue() = default;

void WorkQueue::add(std::string key) {
  state_->add(std::move(key));
}

void WorkQueue::add_after(std::string key, storage::Millis delay) {
  if (delay <= storage::Millis(0)) return add(std::move(key));
  state_->add_after(std::move(key), delay);
}

void WorkQueue::retry(std::string key) {
  int failed;
  {
    std::lock_guard lock(state_->mutex);
    failed = state_->failures[key]++;
    state_->retried++;
  }
  int64_t delay = limits::kRetryFirstMillis << std::min(failed, 20);
  delay = std::min<int64_t>(delay, limits::kRetryLastMillis);
  delay += static_cast<int64_t>(state_->env.random(static_cast<uint64_t>(delay / 4 + 1)));
  state_->add_after(std::move(key), storage::Millis(delay));
}

void WorkQueue::forget(const std::string& key) {
  std::lock_guard lock(state_->mutex);
  state_->failures.erase(key);
}

std::optional<std::string> WorkQueue::take() {
  // The last worker's end lets stop() return and the queue be destroyed while this still runs.
  std::shared_ptr<State> kept = state_;
  State& state = *kept;
  {
    std::lock_guard lock(state.mutex);
    if (!state.queue.empty() && !state.stopping) {
      std::string key = std::move(state.queue.front());
      state.queue.pop_front();
      state.processing.insert(key);
      state.dirty.erase(key);
      return key;
    }
    state.workers--;
  }
  state.idle->open();
  return std::nullopt;
}

void WorkQueue::done(const std::string& key) {
  State& state = *state_;
  bool start = false;
  {
    std::lock_guard lock(state.mutex);
    state.processing.erase(key);
    if (state.dirty.contains(key)) start = state.push(key);
  }
  state.env.yield("queue.done");
  if (start) state.start_worker();
}

bool WorkQueue::stop(storage::Instant deadline) {
  State& state = *state_;
  for (;;) {
    uint64_t seen = state.idle->seen();
    {
      std::lock_guard lock(state.mutex);
      state.stopping = true;
      if (state.workers == 0) return true;
    }
    if (!state.idle->wait(seen, deadline)) return false;
  }
}

WorkQueue::Numbers WorkQueue::numbers() const {
  std::lock_guard lock(state_->mutex);
  return {state_->queue.size(),   state_->processing.size(),
          state_->delayed.size(), state_->failures.size(),
          state_->added,          state_->retried};
}

}  // namespace engine
