// Remote: types whose objects live in a cluster: of /v3/cluster/ID and /v3/project/ID. Each request
// becomes calls to that cluster's API as the caller (by impersonation headers that only we set; of
// this server's own cluster as the caller himself), answered when the cluster does; what the caller
// may there, the cluster decides. Thread: any. Owns: requests under way, until their answer.
// Errors: 404 for a cluster that the caller may not see and for kinds that the cluster does not
// serve, 503 when there is no way to it now, else what the cluster says.
#pragma once

#include <functional>
#include <memory>

#include "engine/cluster/transport.h"
#include "engine/norman/norman.h"

namespace engine {

// This server's own Kubernetes API, asked in somebody's name.
using OwnApi = std::function<std::shared_ptr<Transport>(const User&)>;

class Remote {
 public:
  Remote(Norman& norman, ClusterTransports& clusters, OwnApi own_api)
      : norman_(norman), clusters_(clusters), own_api_(std::move(own_api)) {}
  // id empty: the collection. The call's context is the cluster.
  Answer handle(const Call& call, std::string_view id);

  // The action importYaml of a cluster.
  Answer import(const Call& call, const std::string& cluster, const Json& input);

  struct Ways {
    std::shared_ptr<Transport> user, server;
    Headers identity;  // of the user's calls
  };
  // 403 or 404 for a cluster (or project) that the caller may not see, 503 without a way to it.
  Result<Ways> ways(const Call& call) const;
  // The server's own way to another cluster; null when there is none now.
  std::shared_ptr<Transport> server_way(const std::string& cluster) const {
    return clusters_.transport(cluster);
  }

 private:
  Norman& norman_;
  ClusterTransports& clusters_;
  const OwnApi own_api_;
};

}  // namespace engine
