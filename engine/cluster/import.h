// ClusterImport: kubeconfigs that were handed over. Checked before they are kept, sealed before
// they are stored (a Secret in cattle-global-data, owned by the Cluster), opened only in memory.
// Thread: any; calls may wait for the store. Owns: nothing but references given at construction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/cluster/access.h"
#include "engine/cluster/client.h"
#include "engine/cluster/sealer.h"
#include "engine/cluster/ways.h"

namespace engine {

class ClusterImport {
 public:
  ClusterImport(storage::Env& env, Client& client, const Sealer& sealer, ClusterWays& ways);

  // BadRequest says what is wrong with it.
  static Result<ClusterAccess> check(std::string_view kubeconfig);
  // Checks, stores, and uses it from now on.
  Result<Unit> keep(const std::string& cluster_id, std::string_view kubeconfig);
  // What is kept for the cluster; nothing when it came by an agent.
  Result<std::optional<ClusterAccess>> load(const std::string& cluster_id);
  Result<Unit> forget(const std::string& cluster_id);

 private:
  storage::Env& env_;
  Client& client_;
  const Sealer& sealer_;
  ClusterWays& ways_;
};

}  // namespace engine
