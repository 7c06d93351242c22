// StallWatch: says it when the disk does not answer. A write that waits for longer than
// kWriteStallMax is told to the log once, and once more when it has ended; how long it has waited
// is the store's to say (Store::writing_for). Thread: made and destroyed by one; it works as a task
// of the Env. Owns: nothing but its state.
#pragma once

#include <memory>

#include "storage/base/env.h"
#include "storage/kv/store.h"

namespace storage {

class StallWatch {
 public:
  // Begins at once. The store must outlive it.
  StallWatch(Env& env, Store& store);
  ~StallWatch();
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace storage
