// Registration: what an agent says when it opens its tunnel, in the headers of Rancher's cluster
// agent: X-API-Tunnel-Token (a cluster registration token) and X-API-Tunnel-Params (base64 of JSON
// {"cluster": {address, token, caCert}}; ours may add a client certificate).
// Thread: any. Owns: nothing. Source: github.com/rancher/rancher pkg/agent/cluster,
// pkg/tunnelserver.
#pragma once

#include <string>
#include <string_view>

#include "engine/cluster/access.h"

namespace engine {

inline constexpr std::string_view kTunnelTokenHeader = "X-API-Tunnel-Token";
inline constexpr std::string_view kTunnelParamsHeader = "X-API-Tunnel-Params";

std::string encode_tunnel_params(const ClusterAccess& access);
// BadRequest says what is missing.
Result<ClusterAccess> decode_tunnel_params(std::string_view header);

}  // namespace engine
