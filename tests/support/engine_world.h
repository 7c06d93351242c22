// EngineWorld: the engine below the API on real threads, with every admission rule that the program
// has below authorization.
// Thread: the test's. Owns: all of it.
#pragma once

#include "engine/access/admission/lifecycle.h"
#include "engine/access/admission/limit_ranger.h"
#include "engine/access/admission/projects.h"
#include "engine/access/admission/resource_quota.h"
#include "tests/support/engine_threads.h"

namespace tests {

struct EngineWorld : EngineThreads {
  EngineWorld() {
    using namespace engine;
    std::vector<std::unique_ptr<Admission>> admission;
    admission.push_back(make_lifecycle_admission(store, dispatcher, *kinds));
    admission.push_back(make_limit_ranger_admission(dispatcher, *kinds));
    admission.push_back(make_projects_admission(store, dispatcher, *kinds, *authorizer));
    admission.push_back(make_resource_quota_admission(store, dispatcher, *kinds));
    make(std::move(admission));
    for (const char* name : {"default", "kube-system"})
      MUST(client->create(kind("", "namespaces"), "", named(name)));
    MUST(set->start());
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
};

}  // namespace tests
