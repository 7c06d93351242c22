// AuthzWorld: the management plane on a real registry and dispatcher over a memory store:
// admission, RBAC, the built-in controllers and Authorization; roles as a first start has them
// where asked for. Thread: the test's. Owns: all of it.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include "engine/access/admission/grants.h"
#include "engine/access/admission/lifecycle.h"
#include "engine/access/escalation.h"
#include "engine/access/server_user.h"
#include "engine/controllers/cluster/namespace_watch.h"
#include "engine/controllers/core/bootstrap.h"
#include "engine/controllers/management/authorization.h"
#include "tests/support/engine_threads.h"

namespace tests {

class AuthzWorld : public EngineThreads {
 public:
  explicit AuthzWorld(engine::ClusterWays* ways = nullptr) {
    using namespace engine;
    std::vector<std::unique_ptr<Admission>> admission;
    admission.push_back(make_lifecycle_admission(store, dispatcher, *kinds));
    admission.push_back(std::make_unique<EscalationCheck>(*authorizer, dispatcher, *kinds));
    admission.push_back(make_grant_admission(*authorizer, grants));
    make(std::move(admission));
    MUST(ensure_bootstrap_objects(env, *client));
    auto made = make_authorization({env, *registry, dispatcher, ways});
    authorization = made.get();
    set->add(std::move(made));
    if (!ways) return;
    auto watch = std::make_unique<NamespaceWatch>(env, *client, *ways);
    namespaces = watch.get();
    namespaces->follow(*authorization->follower());
    set->add(std::move(watch));
  }
  ~AuthzWorld() { end(); }
  // The server's own writes: admission trusts them.
  static engine::WriteOptions as_server() { return {.user = engine::server_user()}; }
  void start() { MUST(set->start()); }
  void way_changed(const std::string& cluster) {
    namespaces->way_changed(cluster);
    authorization->way_changed(cluster);
  }

  const engine::Kind& kind(std::string_view plural) {
    auto& held = held_[std::string(plural)];
    for (std::string_view group : {"management.cattle.io", "rbac.authorization.k8s.io", ""})
      if (!held) held = kinds->snapshot()->stored(group, plural);
    REQUIRE(held != nullptr);
    return *held;
  }
  engine::Json create(std::string_view plural, std::string_view ns, std::string_view text) {
    return MUST(registry->create(kind(plural), ns, json(text), as_server())).object.json();
  }
  void remove(std::string_view plural, std::string_view ns, std::string_view name) {
    MUST(registry->remove(kind(plural), ns, name, {.user = engine::server_user()}));
  }
  bool there(std::string_view plural, std::string_view ns, std::string_view name) {
    return registry->get(kind(plural), ns, name).ok();
  }
  engine::Json get(std::string_view plural, std::string_view ns, std::string_view name) {
    return MUST(registry->get(kind(plural), ns, name)).json();
  }
  size_t count(std::string_view plural, std::string_view ns = {}) {
    return MUST(registry->list(kind(plural), ns, storage::kLatest, "", 0)).objects.size();
  }
  bool may(std::string_view user, std::string_view verb, std::string_view group,
           std::string_view resource, std::string_view ns, std::string_view name = {},
           std::vector<std::string> groups = {}) {
    engine::User who;
    who.name = user;
    who.groups = std::move(groups);
    engine::Attributes asked{};
    asked.verb = verb;
    asked.group = group;
    asked.resource = resource;
    asked.ns = ns;
    asked.name = name;
    return authorizer->authorize(who, asked).allowed;
  }
  engine::Grants grants{env, dispatcher, *kinds};
  engine::Authorization* authorization = nullptr;
  engine::NamespaceWatch* namespaces = nullptr;

 private:
  std::map<std::string, engine::KindPtr> held_;
};

}  // namespace tests
