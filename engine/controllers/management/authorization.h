// Authorization: keeps the RBAC objects of the product's roles and bindings (rbac_plan.h) true, on
// this server and in every cluster, and what hangs on them: creators' bindings, backing namespaces,
// roles of new users. A change is in force here within milliseconds; what is drifted or removed by
// hand is put back when its event comes. Thread: any. Owns: its plan, its queues.
#pragma once

#include <memory>
#include <string>

#include "engine/cluster/ways.h"
#include "engine/controllers/runtime/controller.h"
#include "engine/registry/registry.h"
#include "engine/watch/watch_cache.h"

namespace engine {

class NamespaceFollower;

// A User that carries this annotation gets global roles: those in its list "required", or, where
// there is none, those with newUserDefault. What was given is written to "created".
inline constexpr std::string_view kCreatorRolesAnnotation =
    "authz.management.cattle.io/creator-role-bindings";

struct AuthorizationParts {
  storage::Env& env;
  Registry& registry;
  Dispatcher& dispatcher;
  ClusterWays* ways = nullptr;  // null: no clusters but this server
};

class Authorization : public ControllerModule {
 public:
  // A way to a cluster came or went: what is there is compared as a whole.
  virtual void way_changed(const std::string& cluster_id) = 0;
  // The cluster is being removed: when it returns, nothing is written there any more.
  virtual void leave(const std::string& cluster_id) = 0;
  // Who must be told of the namespaces of other clusters; null without ways.
  virtual NamespaceFollower* follower() = 0;
  struct PlanNumbers {
    size_t places = 0, objects = 0, units = 0;
  };
  virtual PlanNumbers plan_numbers() const = 0;
  // Everything that came has been looked at, and nothing waits to be written here.
  virtual bool at_rest() const = 0;
};

std::unique_ptr<Authorization> make_authorization(const AuthorizationParts& parts);

}  // namespace engine
