#include "engine/cluster/registration.h"

#include "engine/base/base64.h"

namespace engine {
namespace {

constexpr size_t kParamsBytesMax = 48u << 10;

Status wrong(std::string why) {
  return Status::bad_request(std::string(kTunnelParamsHeader) + ": " + std::move(why));
}

}  // namespace

std::string encode_tunnel_params(const ClusterAccess& access) {
  Json cluster = Json::object({{"address", access.authority()},
                               {"token", access.token},
                               {"caCert", base64_encode(access.ca_pem)}});
  const auto put = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) cluster.set(key, value);
  };
  put("basePath", access.base_path);
  put("tlsServerName", access.tls_server_name);
  put("username", access.username);
  put("password", access.password);
  put("clientCertificate", access.certificate_pem);
  put("clientKey", access.key_pem);
  if (access.insecure) cluster.set("insecure", true);
  if (!access.tls) cluster.set("plain", true);
  return base64_encode(dump(Json::object({{"cluster", std::move(cluster)}})));
}

Result<ClusterAccess> decode_tunnel_params(std::string_view header) {
  if (header.empty()) return wrong("is missing: it names the cluster's address and credential");
  if (header.size() > kParamsBytesMax) return wrong("is larger than 48 KiB");
  const auto bytes = base64_decode(header);
  if (!bytes) return wrong("is not base64");
  const auto json = parse_json(*bytes, {.depth_max = 16, .bytes_max = kParamsBytesMax});
  if (!json) return wrong(json.error().message());
  const Json* cluster = json->find("cluster");
  if (!cluster) return wrong("has no \"cluster\"");
  ClusterAccess access;
  access.tls = !cluster->truth({"plain"});
  if (auto set = set_authority(access, cluster->str("address")); !set) {
    return wrong(set.error().message());
  }
  const std::string ca(cluster->str("caCert"));
  if (ca.starts_with("-----BEGIN")) {
    access.ca_pem = ca;
  } else if (auto pem = base64_decode(ca)) {
    access.ca_pem = std::move(*pem);
  } else {
    return wrong("caCert is neither PEM nor base64 of PEM");
  }
  access.base_path = cluster->str("basePath");
  if (!access.base_path.empty() && !access.base_path.starts_with('/')) {
    return wrong("basePath does not begin with /");
  }
  access.tls_server_name = cluster->str("tlsServerName");
  access.token = cluster->str("token");
  access.username = cluster->str("username");
  access.password = cluster->str("password");
  access.certificate_pem = cluster->str("clientCertificate");
  access.key_pem = cluster->str("clientKey");
  access.insecure = cluster->truth({"insecure"});
  if (access.authorization().empty() && access.certificate_pem.empty()) {
    return wrong("has no credential for the cluster");
  }
  for (const char c : access.token) {
    if (c <= ' ' || c > '~') return wrong("the cluster's token cannot be sent in a header");
  }
  return access;
}

}  // namespace engine
