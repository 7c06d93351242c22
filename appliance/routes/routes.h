// Routes: the contents page of the server: which surface answers which path. Each surface
// authenticates and decides rights itself, by the one authenticator and authorizer. Thread: any.
// Owns: nothing but references.
#pragma once

#include <functional>
#include <string>

#include "appliance/assets/dashboard.h"
#include "appliance/routes/audited.h"
#include "appliance/routes/onlooker.h"
#include "engine/access/authn.h"
#include "engine/access/live_streams.h"
#include "engine/norman/norman.h"

namespace appliance {

using Handler = std::function<engine::Answer(engine::Request&)>;

struct Surfaces {
  Handler kubernetes;       // /api /apis /openapi /version /healthz /livez /readyz /metrics
  Handler connect;          // /v3/connect
  Handler import_manifest;  // /v3/import/TOKEN_CLUSTER.yaml
  // /k8s/clusters/ID/...
  std::function<engine::Answer(engine::Request&, std::shared_ptr<Onlooker>)> proxy;
  Handler subscribe;  // /v3/subscribe
  Handler audit;      // /v3/auditlogs
  storage::Env& env;
  engine::AuditSink* audit_log;  // none: nothing is recorded
  engine::Norman& norman;
  const engine::AuthenticatorChain& authenticators;
  engine::LiveStreams& streams;
  const Dashboard& dashboard;
  std::function<std::string()> ca_pem;
};

class Routes {
 public:
  explicit Routes(Surfaces surfaces) : surfaces_(std::move(surfaces)) {}
  engine::Answer handle(engine::Request& request);

 private:
  engine::Answer agent(engine::Request& request);
  engine::Answer management(engine::Request& request);
  engine::Answer manage(engine::Request& request, Audited& audited);
  engine::Answer cluster(engine::Request& request);

  Surfaces surfaces_;
  // Bytes of proxied writes that the audit reads along now.
  std::shared_ptr<std::atomic<size_t>> read_along_ = std::make_shared<std::atomic<size_t>>(0);
};

// The largest body of a request, by its path: what is streamed to a cluster has none.
size_t body_bytes_max(std::string_view method, std::string_view path);
// Whether a large body goes on to a cluster as it comes.
bool streams_body(std::string_view method, std::string_view path);

}  // namespace appliance
