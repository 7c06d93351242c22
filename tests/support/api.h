// Api: a registry over a memory store with the built-in kinds and strategies, for tests that write
// and read objects as the API does. Thread: the test's. Owns: everything.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/kinds/strategies.h"
#include "engine/registry/registry.h"
#include "storage/memory/memory_store.h"
#include "tests/support/thread_env.h"

namespace tests {

inline engine::Json json(std::string_view text) {
  return MUST(engine::parse_json(text));
}

struct Api {
  explicit Api(std::vector<std::unique_ptr<engine::Admission>> admission = {}) {
    engine::register_builtin_strategies(strategies);
    registry =
        std::make_unique<engine::Registry>(env, store, *kinds, strategies, std::move(admission));
    options.user.name = "tester";
    options.field_manager = "test";
    options.warnings = &warnings;
  }

  engine::KindPtr kind(std::string_view group, std::string_view version, std::string_view plural) {
    auto found = kinds->snapshot()->by_resource(group, version, plural);
    if (found == nullptr) storage::must_failed("no such kind", __FILE__, __LINE__);
    return found;
  }
  const engine::Kind& core(std::string_view plural) {
    held.push_back(kind("", "v1", plural));
    return *held.back();
  }
  engine::Json create(const engine::Kind& k, std::string_view ns, std::string_view text) {
    return MUST(registry->create(k, ns, json(text), options)).object.json();
  }
  engine::Json get(const engine::Kind& k, std::string_view ns, std::string_view name) {
    return MUST(registry->get(k, ns, name)).json();
  }
  engine::Result<engine::Written> apply(const engine::Kind& k, std::string_view ns,
                                        std::string_view name, std::string_view text,
                                        std::string manager, bool force = false) {
    engine::WriteOptions with = options;
    with.field_manager = std::move(manager);
    with.force = force;
    return registry->patch(k, ns, name, engine::PatchType::apply, text, with);
  }

  ThreadEnv env;
  storage::MemoryStore store{env};
  std::unique_ptr<engine::KindSet> kinds = engine::KindSet::builtin();
  engine::StrategySet strategies;
  std::unique_ptr<engine::Registry> registry;
  engine::WriteOptions options;
  std::vector<std::string> warnings;
  std::vector<engine::KindPtr> held;
};

}  // namespace tests
