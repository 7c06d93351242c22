// ClusterWays: the live ways to all clusters, as the engine sees them: who is connected
// (ClusterSessions), how to call (ClusterTransports), and what the lifecycle tells them. Tunnels
// come and go by themselves; a handed-over kubeconfig is given by use(). Thread: any. Owns: nothing
// said here.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/cluster/access.h"
#include "engine/cluster/sessions.h"
#include "engine/cluster/transport.h"

namespace engine {

class ClusterWays : public ClusterSessions, public ClusterTransports {
 public:
  // Straight to the cluster with this credential, until forget().
  virtual void use(std::string_view cluster_id, const ClusterAccess& access) = 0;
  // A call of ours was answered, or failed for this reason.
  virtual void answered(std::string_view cluster_id, const std::string& problem) = 0;
  // The cluster is removed: tunnels are closed with this word, credentials dropped.
  virtual void forget(std::string_view cluster_id, const std::string& why) = 0;
  // A registration token was withdrawn: tunnels that came with it are closed.
  virtual void withdraw(std::string_view cluster_id, std::string_view token_name) = 0;
  // Address and CA of the way that is used now, for the cluster's status; empty when there is none.
  struct Address {
    std::string url, ca_pem;
  };
  virtual Address address(std::string_view cluster_id) const = 0;
  // Called with the cluster's id when a way came or went, from any thread; set once, before use.
  virtual void on_change(std::function<void(const std::string&)> listener) = 0;
};

}  // namespace engine
