// ClusterParts: what the cluster controllers are made of, and their making. The lifecycle keeps
// what belongs to a cluster here (namespace, token, kubeconfig) and removes it; the health asks
// connected clusters for their facts and mirrors them; the tokens' controller gives registration
// tokens their secret. Thread: making: one. Owns: nothing but references.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/cluster/client.h"
#include "engine/cluster/import.h"
#include "engine/cluster/server_facts.h"
#include "engine/cluster/ways.h"
#include "engine/controllers/runtime/controller.h"

namespace engine {

struct ClusterParts {
  storage::Env& env;
  Client& client;
  ClusterWays& ways;
  ClusterImport& import;
  const ServerFacts& facts;
  // A way that is gone for so long is written down; what readers see does not wait for that.
  storage::Millis lost_after{20'000};
  // Called before a cluster that is being removed is asked to let go of what is ours: whoever keeps
  // something true there stops.
  std::function<void(const std::string& cluster_id)> leave = {};
};

std::unique_ptr<ControllerModule> make_cluster_lifecycle(const ClusterParts& parts);
// Keys come from events and from way_changed(), which app.cpp joins to ClusterWays::on_change.
class ClusterHealth : public ControllerModule {
 public:
  virtual void way_changed(const std::string& cluster_id) = 0;
};
std::unique_ptr<ClusterHealth> make_cluster_health(const ClusterParts& parts);
// Every node of every cluster as a management Node, and their sums on the Cluster. They are made by
// `unrecorded`, a client without a name: whose fields are whose would take as much room as they.
class ClusterNodes : public ControllerModule {
 public:
  virtual void way_changed(const std::string& cluster_id) = 0;
  // All changes that came are written.
  virtual bool at_rest() const = 0;
};
std::unique_ptr<ClusterNodes> make_cluster_nodes(const ClusterParts& parts, Client& unrecorded);
class WayFollower : public ControllerModule {
 public:
  virtual void way_changed(const std::string& cluster_id) = 0;
};
// What projects say of quotas, in the namespaces of other clusters; it follows a NamespaceWatch.
class NamespaceFollower;
struct ClusterNamespacesModule {
  std::unique_ptr<ControllerModule> module;
  NamespaceFollower& follower;
};
ClusterNamespacesModule make_cluster_namespaces(const ClusterParts& parts);
// The Default and the System project of each new cluster, and the namespaces that begin in them.
std::unique_ptr<WayFollower> make_first_projects(const ClusterParts& parts);
std::unique_ptr<ControllerModule> make_registration_tokens(const ClusterParts& parts);

// Shared by the three.
inline constexpr std::string_view kManagementGroup = "management.cattle.io";
inline constexpr std::string_view kClusterFinalizer = "controller.cattle.io/paddock-cluster";
Result<KindPtr> management_kind(Client& client, std::string_view plural);
// Writes only when `change` makes a difference; status included, whether it is a subresource or
// not.
Result<Unit> change_object(Client& client, const Kind& kind, std::string_view ns,
                           std::string_view name, const std::function<void(Json&)>& change);
// All objects of a namespace.
Result<std::vector<Json>> list_all(Client& client, const Kind& kind, std::string_view ns);
bool is_ending(const Json& object);

}  // namespace engine
