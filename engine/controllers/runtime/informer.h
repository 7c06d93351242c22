// Informer: every change of one kind's objects for a controller, beginning with what is there, from
// the watch cache. When events were lost or the kind went away for a while it lists again by
// itself, so the listener sees each object at least once in its newest state; what vanished
// meanwhile is told as deleted. Thread: the listener is called on the dispatcher's thread or on a
// worker, never two calls at once, and must not block. Owns: its subscription.
#pragma once

#include <functional>
#include <memory>

#include "engine/cluster/client.h"

namespace engine {

class Informer {
 public:
  using Listener = std::function<void(const WatchEvent&)>;
  Informer(storage::Env& env, Client& client, KindPtr kind, Dispatcher::Interest interest,
           Listener listener);
  ~Informer();  // no call is under way or comes after
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  void start();
  // The first list has been told.
  bool synced() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace engine
