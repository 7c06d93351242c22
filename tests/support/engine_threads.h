// EngineThreads: what every test of the engine below the API on real threads stands on: a memory
// store, kinds, dispatcher, RBAC, a registry with the admission rules that the test names, and the
// built-in controllers. A test whose own members are used by these calls end() before they go.
// Thread: the test's. Owns: all of it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/access/authz.h"
#include "engine/controllers/controller_set.h"
#include "engine/kinds/strategies.h"
#include "storage/memory/memory_store.h"
#include "tests/support/api.h"
#include "tests/support/thread_env.h"

namespace tests {

struct EngineThreads {
  EngineThreads() {
    engine::register_builtin_strategies(strategies);
    MUST(dispatcher.start());
  }
  ~EngineThreads() { end(); }
  EngineThreads(const EngineThreads&) = delete;
  EngineThreads& operator=(const EngineThreads&) = delete;

  void make(std::vector<std::unique_ptr<engine::Admission>> admission) {
    registry =
        std::make_unique<engine::Registry>(env, store, *kinds, strategies, std::move(admission));
    set = std::make_unique<engine::ControllerSet>(
        engine::ControllerContext{env, *registry, dispatcher, [] { return std::string("PEM"); }});
    engine::register_builtin_controllers(*set);
    client = set->client("test");
  }
  void end() {
    set.reset();
    dispatcher.stop();
  }
  // Waits, some seconds at most, until the test says yes.
  template <class Test>
  bool soon(Test test, int tries = 1000) {
    for (int i = 0; i < tries; i++) {
      if (test()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  ThreadEnv env{1, 4};
  storage::MemoryStore store{env};
  std::unique_ptr<engine::KindSet> kinds = engine::KindSet::builtin();
  engine::StrategySet strategies;
  engine::Dispatcher dispatcher{env, store, *kinds};
  std::unique_ptr<engine::Authorizer> authorizer = engine::make_rbac(env, dispatcher, *kinds);
  std::unique_ptr<engine::Registry> registry;
  std::unique_ptr<engine::ControllerSet> set;
  std::unique_ptr<engine::Client> client;
};

}  // namespace tests
