// WorkQueue: keys that must be looked at. A key is in it once however often it is added; one that
// is added while it is being looked at is looked at again, never by two workers at a time; a
// failing key comes back later and later. The queue counts its workers itself: whether a new one is
// needed, and whether one may end, is decided under one lock, so that no key waits without a
// worker. Thread: any. Owns: its keys, and what it has posted to come back later (which outlives it
// harmlessly). Source of the two sets: k8s.io/client-go util/workqueue.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "storage/base/env.h"

namespace engine {

class WorkQueue {
 public:
  // `start_worker` posts a worker: it calls take() until that gives none. Called without locks
  // held.
  WorkQueue(storage::Env& env, size_t workers_max, std::function<void()> start_worker);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  void add(std::string key);
  void add_after(std::string key, storage::Millis delay);
  // After a failure: 5 ms, doubled each time up to five minutes, with jitter.
  void retry(std::string key);
  // The key did well: its next failure begins at 5 ms again.
  void forget(const std::string& key);

  // For workers. None: the worker has been counted off and must end.
  std::optional<std::string> take();
  void done(const std::string& key);

  // Nothing is given out any more; returns when no worker is left, or false at the deadline.
  bool stop(storage::Instant deadline);

  struct Numbers {
    size_t waiting = 0, running = 0, delayed = 0, failing = 0;
    uint64_t added = 0, retried = 0;
  };
  Numbers numbers() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace engine
