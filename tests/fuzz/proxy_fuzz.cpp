// room: engine_cluster
// Any target and headers through the cluster proxy's two heads: what goes up never claims another
// identity and never splits a line; what comes down is one head.
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cluster/proxy.h"

namespace {

// "name: value" lines.
engine::Headers headers_of(std::string_view text) {
  engine::Headers headers;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const size_t colon = line.find(':');
    // The edge lets no other names and values through.
    if (colon != std::string_view::npos && colon > 0 && line.find('\r') == std::string_view::npos) {
      headers.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 1)));
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return headers;
}

}  // namespace

int fuzz_one(std::span<const std::byte> input) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  const size_t cut = text.find('\n');
  engine::Request request;
  request.method = "GET";
  request.target = text.substr(0, cut);
  if (cut != std::string_view::npos) request.headers = headers_of(text.substr(cut + 1));
  request.user.name = "u-1";
  const auto path = engine::split_proxy_target(request.target);
  if (!path) return 0;
  engine::ClusterAccess access;
  access.host = "10.0.0.1";
  access.token = "ours";
  if (auto up = engine::upstream_head(request, *path, {request.user, {}}, access)) {
    if (up->headers.all("Impersonate-User").size() != 1) std::abort();
    if (up->headers.get("Impersonate-User") != "u-1") std::abort();
    if (up->headers.all("Authorization").size() != 1 || up->headers.has("Cookie")) std::abort();
    if (up->headers.has("Impersonate-Group") || up->headers.has("X-Remote-User")) std::abort();
    if (!up->target.starts_with('/')) std::abort();
  }
  engine::Response answer;
  answer.headers = request.headers;
  if (auto down = engine::downstream_head(request, *path, answer, access)) {
    const size_t end = down->bytes.find("\r\n\r\n");
    if (end + 4 != down->bytes.size()) std::abort();
  }
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  return {
      "/k8s/clusters/c-1/api/v1/pods?watch=1\nAuthorization: x\nCookie: a\nConnection: close, x\n",
      "/k8s/clusters/c-1\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Protocol: "
      "base64url.bearer.authorization.k8s.io.A, v5.channel.k8s.io\n",
      "/k8s/clusters/c-1/x\nImpersonate-User: root\nX-Remote-User: root\n",
      "/k8s/clusters/c-1/x\nLocation: https://10.0.0.1:443/y\nSet-Cookie: a=b\n",
  };
}
