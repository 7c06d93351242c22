#include "appliance/routes/routes.h"

#include <algorithm>

#include "appliance/routes/new_namespace.h"
#include "appliance/routes/proxy_audit.h"
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

// What the request is to the cluster that it is for.
engine::RequestInfo describe(const engine::Request& request, const engine::ProxyPath& asked,
                             Audited& audited) {
  if (!audited.on()) return {};
  engine::Request inner;
  inner.method = request.method;
  inner.path = request.path.substr(std::min(asked.prefix.size(), request.path.size()));
  if (inner.path.empty()) inner.path = "/";
  inner.query = request.query;
  auto info = engine::RequestInfo::parse(inner);
  if (!info) info = engine::RequestInfo{};
  audited.kubernetes(*info, asked.cluster);
  return std::move(*info);
}

}  // namespace

engine::Answer Routes::handle(engine::Request& request) {
  const std::string& path = request.path;
  if (path == "/ping") return text("pong");
  if (path == "/cacerts") return text(surfaces_.ca_pem());
  if (under(path, "/k8s/clusters")) return cluster(request);
  if (under(path, "/v3/connect")) return agent(request);
  if (under(path, "/v3/import")) return surfaces_.import_manifest(request);
  if (under(path, "/v3") || under(path, "/v3-public") || under(path, "/meta"))
    return management(request);
  if (path == "/" || under(path, "/dashboard"))
    return serve_dashboard(surfaces_.dashboard, request);
  return surfaces_.kubernetes(request);
}

// An agent that comes in is a login, with a secret of its own.
engine::Answer Routes::agent(engine::Request& request) {
  auto audited = std::make_shared<Audited>(surfaces_.env, surfaces_.audit_log, request);
  audited->write = true;
  audited->entry.verb = "connect";
  audited->entry.resource = "clusters";
  return watched(audited, surfaces_.connect(request));
}

engine::Answer Routes::management(engine::Request& request) {
  auto audited = std::make_shared<Audited>(surfaces_.env, surfaces_.audit_log, request);
  audited->management(request);
  return watched(audited, manage(request, *audited));
}

engine::Answer Routes::manage(engine::Request& request, Audited& audited) {
  auto user = surfaces_.authenticators.authenticate(request);
  if (!user) return engine::norman_error(user.error());
  if (auto scope = engine::in_scope(*user, ""); !scope) return engine::norman_error(scope.error());
  request.user = std::move(*user);
  audited.who(request.user);
  audited.body_of(request);
  if (under(request.path, "/v3/auditlogs")) return surfaces_.audit(request);
  if (request.path.ends_with("/subscribe"))
    return surfaces_.streams.guard(request.user, surfaces_.subscribe(request));
  return surfaces_.norman.handle(request);
}

engine::Answer Routes::cluster(engine::Request& request) {
  const auto asked = engine::split_proxy_target(request.target);
  // The embedded API authenticates, audits and guards by itself.
  if (asked && asked->cluster == "local") return surfaces_.proxy(request, {});
  auto audited = std::make_shared<Audited>(surfaces_.env, surfaces_.audit_log, request);
  engine::RequestInfo info;
  if (asked) info = describe(request, *asked, *audited);
  auto user = surfaces_.authenticators.authenticate(request);
  auto scope = user ? engine::in_scope(*user, asked ? asked->cluster : std::string())
                    : engine::Result<engine::Unit>(user.error());
  if (!scope) return watched(audited, engine::status_response(request, scope.error()));
  request.user = std::move(*user);
  audited->who(request.user);
  const engine::User who = request.user;
  auto answer =
      surfaces_.proxy(request, std::make_shared<ProxyAudit>(audited, request, info, read_along_));
  // Of what goes through, the cluster's own answer is told.
  if (!std::holds_alternative<engine::Stream>(answer)) return watched(audited, std::move(answer));
  return surfaces_.streams.guard(who, std::move(answer));
}

size_t body_bytes_max(std::string_view method, std::string_view path) {
  (void)method;
  (void)path;
  return engine::limits::kBodyBytesMax;
}

bool streams_body(std::string_view method, std::string_view path) {
  constexpr std::string_view kClusters = "/k8s/clusters/";
  if (!path.starts_with(kClusters)) return false;
  path.remove_prefix(kClusters.size());
  const size_t slash = std::min(path.find('/'), path.size());
  return path.substr(0, slash) != "local" && !makes_namespace(method, path.substr(slash));
}

}  // namespace appliance
