#include "appliance/routes/routes.h"

#include "appliance/routes/ui.h"
#include "engine/api/status_writer.h"
#include "engine/base/limits.h"
#include "engine/cluster/proxy.h"

namespace appliance {
namespace {

bool under(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

engine::Response text(std::string body) {
  engine::Response out{.status = 200, .headers = {}, .body = std::move(body)};
  out.headers.add("Content-Type", "text/plain; charset=utf-8");
  return out;
}

}  // namespace

engine::Answer Routes::handle(engine::Request& request) {
  const std::string& path = request.path;
  if (path == "/ping") return text("pong");
  if (path == "/cacerts") return text(surfaces_.ca_pem());
  if (under(path, "/k8s/clusters")) return cluster(request);
  if (under(path, "/v3/connect")) return surfaces_.connect(request);
  if (under(path, "/v3/import")) return surfaces_.import_manifest(request);
  if (under(path, "/v3") || under(path, "/v3-public") || under(path, "/meta"))
    return management(request);
  if (path == "/" || under(path, "/dashboard"))
    return serve_dashboard(surfaces_.dashboard, request);
  return surfaces_.kubernetes(request);
}

engine::Answer Routes::management(engine::Request& request) {
  auto user = surfaces_.authenticators.authenticate(request);
  if (!user) return engine::norman_error(user.error());
  if (auto scope = engine::in_scope(*user, ""); !scope) return engine::norman_error(scope.error());
  request.user = std::move(*user);
  if (request.path.ends_with("/subscribe"))
    return surfaces_.streams.guard(request.user, surfaces_.subscribe(request));
  return surfaces_.norman.handle(request);
}

engine::Answer Routes::cluster(engine::Request& request) {
  auto user = surfaces_.authenticators.authenticate(request);
  if (!user) return engine::status_response(request, user.error());
  const auto asked = engine::split_proxy_target(request.target);
  if (auto scope = engine::in_scope(*user, asked ? asked->cluster : std::string()); !scope)
    return engine::status_response(request, scope.error());
  request.user = std::move(*user);
  // The embedded API looks after its own streams: it authenticates anew.
  if (asked && asked->cluster == "local") return surfaces_.proxy(request);
  const engine::User who = request.user;
  return surfaces_.streams.guard(who, surfaces_.proxy(request));
}

size_t body_bytes_max(std::string_view method, std::string_view path) {
  (void)method;
  (void)path;
  return engine::limits::kBodyBytesMax;
}

bool streams_body(std::string_view, std::string_view path) {
  constexpr std::string_view kClusters = "/k8s/clusters/";
  if (!path.starts_with(kClusters)) return false;
  path.remove_prefix(kClusters.size());
  return path.substr(0, path.find('/')) != "local";
}

}  // namespace appliance
