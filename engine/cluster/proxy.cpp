#include "engine/cluster/proxy.h"

#include <algorithm>
#include <array>

#include "engine/base/numbers.h"
#include "engine/base/text.h"

namespace engine {
namespace {

constexpr std::string_view kPrefix = "/k8s/clusters/";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> tokens_of(const Headers& headers, std::string_view name) {
  std::vector<std::string> out;
  for (std::string_view value : headers.all(name)) {
    while (true) {
      const size_t comma = value.find(',');
      const std::string_view token = trimmed(value.substr(0, comma));
      if (!token.empty()) out.push_back(lowered(token));
      if (comma == std::string_view::npos) break;
      value.remove_prefix(comma + 1);
    }
  }
  return out;
}

template <size_t N>
bool one_of(std::string_view name, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

constexpr std::array<std::string_view, 10> kHopByHop = {"connection",
                                                        "keep-alive",
                                                        "proxy-authenticate",
                                                        "proxy-authorization",
                                                        "proxy-connection",
                                                        "te",
                                                        "trailer",
                                                        "transfer-encoding",
                                                        "upgrade",
                                                        "http2-settings"};

// Who sent it, as other proxies and browsers say it: never believed, never passed on.
bool claims_identity(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kNames = {
      "authorization", "cookie", "forwarded", "x-real-ip", "x-client-cert", "x-api-csrf"};
  static constexpr std::array<std::string_view, 5> kPrefixes = {
      "x-remote-", "x-forwarded-", "x-auth-", "x-api-", "impersonate-"};
  if (one_of(name, kNames)) return true;
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

// What would act on our own origin in a browser, or speak for us.
bool acts_on_origin(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "set-cookie",       "clear-site-data",        "strict-transport-security",
      "alt-svc",          "service-worker-allowed", "content-security-policy",
      "www-authenticate", "x-content-type-options", "refresh"};
  return one_of(name, kNames) || name.starts_with("access-control-");
}

bool header_value_ok(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

// Keys of a user's extra may hold what a header's name may not: those bytes are escaped, as the API
// server expects it.
std::string extra_header(std::string_view key) {
  static constexpr std::string_view kAlso = "!#$&'*+-.^_`|~";
  return "Impersonate-Extra-" + percent_escaped(key, kAlso);
}

Result<Unit> add_identity(const ProxyIdentity& identity, Headers& headers) {
  const User& user = identity.user;
  const auto add = [&](std::string name, const std::string& value) -> Result<Unit> {
    if (!header_value_ok(value)) {
      return Status::bad_request("a name of the user cannot be passed to the cluster: " + name);
    }
    headers.add(std::move(name), value);
    return Unit{};
  };
  if (user.name.empty()) return Status::unauthorized("the cluster proxy needs a user");
  TRY(add("Impersonate-User", user.name));
  for (const auto& group : user.groups) TRY(add("Impersonate-Group", group));
  for (const auto& group : identity.more_groups) TRY(add("Impersonate-Group", group));
  for (const auto& [key, values] : user.extra) {
    for (const auto& value : values) TRY(add(extra_header(key), value));
  }
  return Unit{};
}

// A browser cannot send Authorization with a WebSocket, so its token travels as a subprotocol: that
// one is ours to read and nobody else's.
std::string without_token_protocol(std::string_view value) {
  std::string out;
  while (!value.empty()) {
    const size_t comma = value.find(',');
    const std::string_view token = trimmed(value.substr(0, comma));
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
    if (token.empty() || token.starts_with("base64url.bearer.authorization.k8s.io.")) continue;
    if (!out.empty()) out += ", ";
    out += token;
  }
  return out;
}

// The Location for the client, or nothing when it leads elsewhere.
std::optional<std::string> rewritten_location(std::string_view location, const ProxyPath& path,
                                              const ClusterAccess& access) {
  std::string_view rest = location;
  const std::string own = access.authority();
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!rest.starts_with(scheme)) continue;
    rest.remove_prefix(scheme.size());
    const std::string_view host = rest.substr(0, rest.find('/'));
    if (host != own && !(host == access.host && access.port == 443)) return std::nullopt;
    rest.remove_prefix(host.size());
    if (rest.empty()) rest = "/";
    break;
  }
  if (rest.starts_with("//")) return std::nullopt;
  if (rest.starts_with('/')) {
    if (!access.base_path.empty() && rest.starts_with(access.base_path)) {
      rest.remove_prefix(access.base_path.size());
    }
    return path.prefix + std::string(rest);
  }
  // Relative to what was asked, so still below the cluster's prefix unless it climbs out.
  if (rest.find("..") != std::string_view::npos || rest.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  return std::string(rest);
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 409:
      return "Conflict";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

}  // namespace

std::optional<ProxyPath> split_proxy_target(std::string_view target) {
  if (!target.starts_with(kPrefix)) return std::nullopt;
  std::string_view rest = target.substr(kPrefix.size());
  const size_t end = rest.find_first_of("/?");
  ProxyPath path;
  path.cluster = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end);
  const bool plain = std::all_of(path.cluster.begin(), path.cluster.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (path.cluster.empty() || path.cluster.size() > 63 || !plain) return std::nullopt;
  path.rest = rest.empty() ? std::string_view("/") : rest;
  path.prefix = std::string(kPrefix) + path.cluster;
  return path;
}

Result<UpstreamHead> upstream_head(const Request& request, const ProxyPath& path,
                                   const ProxyIdentity& identity, const ClusterAccess& access) {
  UpstreamHead out;
  out.method = request.method;
  out.target = access.base_path;
  if (path.rest.starts_with('?')) out.target += '/';
  out.target += path.rest;
  const auto named = tokens_of(request.headers, "Connection");
  out.upgrade = request.headers.has("Upgrade") &&
                std::find(named.begin(), named.end(), "upgrade") != named.end();
  for (const auto& [name, value] : request.headers) {
    const std::string key = lowered(name);
    if (key.starts_with("impersonate-")) {
      return Status::forbidden_text(
          "impersonation (" + name +
          ") through the cluster proxy is not allowed: requests are made as the user who sends "
          "them");
    }
    if (key == "host" || key == "content-length" || key == "expect" || one_of(key, kHopByHop) ||
        claims_identity(key) || std::find(named.begin(), named.end(), key) != named.end()) {
      continue;
    }
    if (key == "sec-websocket-protocol") {
      if (auto kept = without_token_protocol(value); !kept.empty()) out.headers.add(name, kept);
      continue;
    }
    out.headers.add(name, value);
  }
  if (out.upgrade) {
    out.headers.add("Connection", "Upgrade");
    out.headers.add("Upgrade", std::string(request.headers.get("Upgrade")));
  }
  TRY(add_identity(identity, out.headers));
  if (auto credential = access.authorization(); !credential.empty()) {
    out.headers.add("Authorization", std::move(credential));
  }
  if (!request.peer.empty()) out.headers.add("X-Forwarded-For", request.peer);
  out.headers.add("X-Forwarded-Proto", request.scheme);
  if (auto host = request.headers.get("Host"); !host.empty()) {
    out.headers.add("X-Forwarded-Host", std::string(host));
  }
  return out;
}

Result<DownstreamHead> downstream_head(const Request& request, const ProxyPath& path,
                                       const Response& answer, const ClusterAccess& access) {
  DownstreamHead out;
  const auto bad = [&](std::string why) {
    return Status::other(502, "BadGateway", "cluster " + path.cluster + ": " + std::move(why));
  };
  if (answer.status == 401) {
    return bad("its API refuses the credential that this server has for it");
  }
  const bool upgraded = answer.status == 101;
  const bool bodiless =
      upgraded || request.method == "HEAD" || answer.status == 204 || answer.status == 304;
  const std::string_view length = answer.headers.get("Content-Length");
  out.body = upgraded         ? ProxyBody::upgraded
             : bodiless       ? ProxyBody::none
             : length.empty() ? ProxyBody::chunked
                              : ProxyBody::length;
  out.bytes.reserve(512);
  out.bytes += "HTTP/1.1 " + std::to_string(answer.status) + " ";
  out.bytes += reason_phrase(answer.status);
  out.bytes += "\r\n";
  const auto put = [&](std::string_view name, std::string_view value) {
    out.bytes.append(name).append(": ").append(value).append("\r\n");
  };
  const auto named = tokens_of(answer.headers, "Connection");
  for (const auto& [name, value] : answer.headers) {
    const std::string key = lowered(name);
    if (one_of(key, kHopByHop) || acts_on_origin(key) || !header_value_ok(value) ||
        std::find(named.begin(), named.end(), key) != named.end()) {
      continue;
    }
    if (key == "location") {
      auto location = rewritten_location(value, path, access);
      if (!location) return bad("it redirects to another place, which is not followed");
      put(name, *location);
      continue;
    }
    put(name, value);
  }
  if (upgraded) {
    put("Connection", "Upgrade");
    put("Upgrade", answer.headers.get("Upgrade"));
  } else {
    // Pages of a cluster's services come from our origin: in a browser they get none of its rights.
    put("Content-Security-Policy", "sandbox");
    put("X-Content-Type-Options", "nosniff");
    if (out.body == ProxyBody::chunked) put("Transfer-Encoding", "chunked");
  }
  out.bytes += "\r\n";
  return out;
}

std::string status_response(const Status& status, std::string_view method) {
  Json body = Json::object({{"kind", "Status"},
                            {"apiVersion", "v1"},
                            {"metadata", Json::object()},
                            {"status", "Failure"},
                            {"message", status.message()},
                            {"reason", status.reason()},
                            {"code", status.code()}});
  if (status.retry_after_seconds() > 0) {
    body.set("details", Json::object({{"retryAfterSeconds", status.retry_after_seconds()}}));
  }
  const std::string text = dump(body);
  std::string out = "HTTP/1.1 " + std::to_string(status.code()) + " ";
  out += reason_phrase(status.code());
  out += "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(text.size());
  if (status.retry_after_seconds() > 0) {
    out += "\r\nRetry-After: " + std::to_string(status.retry_after_seconds());
  }
  out += "\r\n\r\n";
  if (method != "HEAD") out += text;
  return out;
}

bool is_long_running(const Request& request, std::string_view rest) {
  const auto yes = [&](std::string_view name) {
    const std::string_view value = request.query.get(name);
    return request.query.has(name) && value != "false" && value != "0";
  };
  const std::string_view path = rest.substr(0, rest.find('?'));
  return yes("watch") || yes("follow") || path.find("/watch/") != std::string_view::npos ||
         path.find("/proxy") != std::string_view::npos;
}

}  // namespace engine
