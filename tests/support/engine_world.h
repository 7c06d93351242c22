// EngineWorld: the engine below the API on real threads: registry with every admission rule that
// the program has below authorization, controllers, dispatcher, a memory store.
// Thread: the test's. Owns: all of it.
#pragma once

#include <chrono>
#include <thread>

#include "engine/access/admission/lifecycle.h"
#include "engine/access/admission/limit_ranger.h"
#include "engine/access/admission/projects.h"
#include "engine/access/admission/resource_quota.h"
#include "engine/controllers/controller_set.h"
#include "engine/controllers/core/bootstrap.h"
#include "engine/kinds/strategies.h"
#include "storage/memory/memory_store.h"
#include "tests/support/api.h"
#include "tests/support/thread_env.h"

namespace tests {

struct EngineWorld {
  EngineWorld() {
    using namespace engine;
    register_builtin_strategies(strategies);
    std::vector<std::unique_ptr<Admission>> admission;
    admission.push_back(make_lifecycle_admission(store, dispatcher, *kinds));
    admission.push_back(make_limit_ranger_admission(dispatcher, *kinds));
    admission.push_back(make_projects_admission(store, dispatcher, *kinds, *authorizer));
    admission.push_back(make_resource_quota_admission(store, dispatcher, *kinds));
    registry = std::make_unique<Registry>(env, store, *kinds, strategies, std::move(admission));
    MUST(dispatcher.start());
    set = std::make_unique<ControllerSet>(
        ControllerContext{env, *registry, dispatcher, [] { return std::string("PEM"); }});
    register_builtin_controllers(*set);
    client = set->client("test");
    for (const char* name : {"default", "kube-system"})
      MUST(client->create(kind("", "namespaces"), "", named(name)));
    MUST(set->start());
  }
  ~EngineWorld() {
    set.reset();
    dispatcher.stop();
  }

  static engine::Json named(std::string_view name) {
    return engine::Json::object({{"metadata", engine::Json::object({{"name", name}})}});
  }
  const engine::Kind& kind(std::string_view group, std::string_view plural) const {
    return *kinds->snapshot()->stored(group, plural);
  }
  engine::Result<engine::Written> create(std::string_view group, std::string_view plural,
                                         std::string_view ns, engine::Json object) {
    return client->create(kind(group, plural), ns, std::move(object));
  }
  engine::Result<engine::Written> create(std::string_view plural, std::string_view ns,
                                         std::string_view text) {
    return create("", plural, ns, json(text));
  }
  engine::Json get(std::string_view group, std::string_view plural, std::string_view ns,
                   std::string_view name) {
    auto found = registry->get(kind(group, plural), ns, name);
    return found ? found->json() : engine::Json();
  }
  template <class Test>
  bool soon(Test test) {
    for (int i = 0; i < 1000; i++) {
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
