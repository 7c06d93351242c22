// ProxyExchange: one request between a client's connection and a cluster's, both in the hub. Bytes
// go from the one to the other as they come; whoever is slow holds back the other; whichever ends
// first ends both, and the cluster's connection is never left behind.
// Thread: the client's side by its hub thread, the cluster's side by its own. Owns: its way.
#pragma once

#include <memory>
#include <optional>

#include "appliance/net/clusters.h"
#include "appliance/routes/onlooker.h"
#include "engine/cluster/body_reader.h"
#include "engine/cluster/proxy.h"

namespace appliance {

struct ProxyStart {
  std::shared_ptr<ClusterWay> way;
  engine::Request request;  // its body goes to the cluster
  engine::ProxyPath path;
  engine::UpstreamHead head;
  std::optional<engine::BodyReader> body;        // a body that comes by and by
  std::shared_ptr<Onlooker> onlooker = nullptr;  // may be null
};
// Asks the cluster, as the caller, for the object that `start` is about to change, and gives it to
// the onlooker. Nothing waits for it: should it come too late, it is not used.
void ask_before(StreamHub& hub, const ProxyStart& start, std::shared_ptr<Onlooker> onlooker);

// `way` has been entered; it is left when the exchange ends.
engine::Stream proxy_stream(StreamHub& hub, Clusters& clusters, ProxyStart start);

}  // namespace appliance
