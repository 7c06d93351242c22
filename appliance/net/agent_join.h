// join_stream: one connection of the tunnel and one to the cluster's API, byte for byte, each held
// back when the other is slow; the end of one is the end of the other.
// Thread: any. Owns: both, until they end.
#pragma once

#include <memory>

#include "appliance/net/dialer.h"
#include "appliance/net/tunnel.h"

namespace appliance {

// For the dialer and for the tunnel whose streams are joined: their limits fit together.
engine::StreamOptions join_options();
engine::TunnelLimits join_limits();
void join_stream(storage::Env& env, Dialer& dialer, const Endpoint& to,
                 std::shared_ptr<TunnelStream> stream);

}  // namespace appliance
