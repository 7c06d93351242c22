// Proxy rewriting: the two heads of a request that goes through /k8s/clusters/ID, as pure
// functions. Upstream goes what the client asked, as the user by impersonation headers that only we
// set, with our own credential; nothing that claims an identity, and no hop-by-hop header, gets
// through. Downstream comes what the cluster answered, without what would act on our own origin.
// Thread: any. Owns: nothing. Source: RFC 9110 section 7.6, Kubernetes' user impersonation.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/http.h"
#include "engine/cluster/access.h"

namespace engine {

// In every imported cluster this group is bound to cluster-admin. A user who owns the cluster here
// is given it on each request, so that a right withdrawn here is gone there with the next request.
inline constexpr std::string_view kClusterOwnersGroup = "paddock:cluster-owners";

struct ProxyPath {
  std::string cluster;  // c-abc12
  std::string rest;     // "/api/v1/pods?watch=1", as received; "/" when there was none
  std::string prefix;   // "/k8s/clusters/c-abc12"
};
// Null when the target is not below /k8s/clusters/ID.
std::optional<ProxyPath> split_proxy_target(std::string_view target);

struct UpstreamHead {
  std::string method;
  std::string target;
  Headers headers;       // without Host and Content-Length, which the client of the wire sets
  bool upgrade = false;  // the client asks for another protocol (WebSocket, SPDY/3.1)
};
struct ProxyIdentity {
  const User& user;
  std::vector<std::string> more_groups;
};
// 403 when the client sends impersonation of its own, 400 when a name of the user cannot be
// carried.
Result<UpstreamHead> upstream_head(const Request& request, const ProxyPath& path,
                                   const ProxyIdentity& identity, const ClusterAccess& access);

// How the answer's body is framed for the client.
enum class ProxyBody : uint8_t { none, length, chunked, upgraded };
struct DownstreamHead {
  std::string bytes;  // status line and headers, complete
  ProxyBody body = ProxyBody::none;
};
// 502 for a redirect to elsewhere or a head that cannot be passed on.
Result<DownstreamHead> downstream_head(const Request& request, const ProxyPath& path,
                                       const Response& answer, const ClusterAccess& access);
// An answer of our own in the same form: a Kubernetes Status as JSON.
std::string status_response(const Status& status, std::string_view method);

// A watch, a followed log: silence is no sign of trouble there.
bool is_long_running(const Request& request, std::string_view rest);

}  // namespace engine
