// make_transport: our own calls to a cluster over its way: the whole answer in memory, bounded in
// size and time.
// Thread: any. Owns: the way, while the transport or a call lives.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "appliance/edge/stream_hub.h"
#include "engine/cluster/transport.h"

namespace appliance {

class ClusterWay;

// `refused` is called when the cluster answers 401: our credential is not good there any more.
std::shared_ptr<engine::Transport> make_transport(StreamHub& hub, std::string cluster_id,
                                                  std::shared_ptr<ClusterWay> way,
                                                  std::function<void()> refused);

}  // namespace appliance
