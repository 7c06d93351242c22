// ProxyExchange: one request between a client's connection and a cluster's, both in the hub. Bytes
// go from the one to the other as they come; whoever is slow holds back the other; whichever ends
// first ends both, and the cluster's connection is never left behind.
// Thread: the client's side by its hub thread, the cluster's side by its own. Owns: its way.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "appliance/net/clusters.h"
#include "engine/cluster/body_reader.h"
#include "engine/cluster/proxy.h"

namespace appliance {

struct ProxyStart {
  std::shared_ptr<ClusterWay> way;
  engine::Request request;  // its body goes to the cluster
  engine::ProxyPath path;
  engine::UpstreamHead head;
  std::optional<engine::BodyReader> body;         // a body that comes by and by
  std::function<void(int status)> answered = {};  // told once; may be empty
};
// `way` has been entered; it is left when the exchange ends.
engine::Stream proxy_stream(StreamHub& hub, Clusters& clusters, ProxyStart start);

}  // namespace appliance
