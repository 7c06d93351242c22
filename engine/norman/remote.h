// Remote: types of /v3/cluster/ID whose objects live in a cluster downstream. Each request becomes
// calls to that cluster's API as the caller (by impersonation headers that only we set), answered
// when the cluster does; what the caller may there, the cluster decides. Thread: any. Owns:
// requests under way, until their answer. Errors: 404 for a cluster that the caller may not see,
// 503 when there is no way to it now, else what the cluster says.
#pragma once

#include "engine/cluster/transport.h"
#include "engine/norman/norman.h"

namespace engine {

class Remote {
 public:
  Remote(Norman& norman, ClusterTransports& clusters) : norman_(norman), clusters_(clusters) {}
  // id empty: the collection. The call's context is the cluster.
  Answer handle(const Call& call, std::string_view id);

 private:
  Norman& norman_;
  ClusterTransports& clusters_;
};

}  // namespace engine
