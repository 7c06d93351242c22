#include "engine/cluster/access.h"

#include "engine/base/base64.h"
#include "engine/base/mask.h"
#include "engine/base/numbers.h"

namespace engine {
namespace {

Status wrong(std::string_view url, std::string_view why) {
  // user:password@ is never quoted.
  if (url.find('@') != std::string_view::npos) url = kMaskedValue;
  return Status::bad_request("the cluster's server address \"" + std::string(url) + "\" " +
                             std::string(why));
}

bool host_ok(std::string_view host) {
  for (const char c : host) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_' || c == ':';
    if (!fine) return false;
  }
  return !host.empty() && host.size() <= 253;
}

}  // namespace

std::string ClusterAccess::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string ClusterAccess::url() const {
  return (tls ? "https://" : "http://") + authority() + base_path;
}

std::string ClusterAccess::authorization() const {
  if (!token.empty()) return "Bearer " + token;
  if (!username.empty()) return "Basic " + base64_encode(username + ":" + password);
  return {};
}

Result<Unit> set_authority(ClusterAccess& access, std::string_view authority) {
  std::string_view host = authority, port;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return wrong(authority, "has a '[' without its ']'");
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return wrong(authority, "is not host:port");
    if (!port.empty()) port.remove_prefix(1);
  } else if (const size_t colon = authority.rfind(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    if (host.find(':') != std::string_view::npos) {
      return wrong(authority, "has an IPv6 address without brackets");
    }
  }
  if (!host_ok(host)) return wrong(authority, "has no valid host");
  int64_t number = access.tls ? 443 : 80;
  if (!port.empty()) {
    const auto read = parse_int(port);
    if (!read || *read < 1 || *read > 65535) return wrong(authority, "has no valid port");
    number = *read;
  }
  access.host = host;
  access.port = static_cast<uint16_t>(number);
  return Unit{};
}

Result<Unit> set_server(ClusterAccess& access, std::string_view url) {
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    access.tls = true;
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    access.tls = false;
  } else {
    return wrong(url, "does not begin with https://");
  }
  const size_t slash = rest.find('/');
  std::string_view base = slash == std::string_view::npos ? "" : rest.substr(slash);
  while (base.ends_with('/')) base.remove_suffix(1);
  if (base.find_first_of("?# ") != std::string_view::npos) return wrong(url, "has a query");
  TRY(set_authority(access, rest.substr(0, slash)));
  access.base_path = base;
  return Unit{};
}

Json ClusterAccess::to_json() const {
  Json out = Json::object({{"server", url()}});
  const auto put = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) out.set(key, value);
  };
  put("ca", ca_pem);
  put("tlsServerName", tls_server_name);
  put("token", token);
  put("username", username);
  put("password", password);
  put("certificate", certificate_pem);
  put("key", key_pem);
  if (insecure) out.set("insecure", true);
  return out;
}

Result<ClusterAccess> ClusterAccess::from_json(const Json& json) {
  ClusterAccess access;
  TRY(set_server(access, json.str("server")));
  access.ca_pem = json.str("ca");
  access.tls_server_name = json.str("tlsServerName");
  access.token = json.str("token");
  access.username = json.str("username");
  access.password = json.str("password");
  access.certificate_pem = json.str("certificate");
  access.key_pem = json.str("key");
  access.insecure = json.truth({"insecure"});
  return access;
}

}  // namespace engine
