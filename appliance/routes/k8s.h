// K8sRoute: the Kubernetes surface: /api, /apis, /openapi, /version, /healthz, /livez, /readyz and
// /metrics. Every request passes the filters in the order in which filters() lists them; the first
// that answers ends it. Thread: any. Owns: its counters; all else by reference.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "appliance/routes/audited.h"
#include "appliance/routes/health.h"
#include "appliance/routes/metrics.h"
#include "engine/access/live_streams.h"
#include "engine/api/api.h"
#include "engine/api/discovery.h"

namespace appliance {

// One finished (or begun, for streams) request, at the level of metadata: what audit keeps.
struct AuditLine {
  const engine::Request& request;
  const engine::RequestInfo& info;
  std::string_view user;          // who it was done as
  std::string_view impersonator;  // who it was done by, when that is somebody else
  int code = 0;
  std::string_view decision;  // why it was let in
  storage::Millis took{0};
};
// As one structured log line.
void log_audit(const AuditLine& line);

struct K8sLimits {
  size_t reads_max = 400;  // requests at a time, beside watches; 429 above
  size_t writes_max = 200;
};

class K8sRoute {
 public:
  struct Parts {
    storage::Env& env;
    engine::Api& api;
    engine::KindSet& kinds;
    const engine::AuthenticatorChain& authenticators;
    engine::Authorizer& authorizer;
    const engine::TokenIssuer* issuer = nullptr;
    Health& health;
    Metrics& metrics;
    std::function<void(const AuditLine&)> audit = {};  // none: nothing is kept
    K8sLimits limits = {};
    engine::LiveStreams* streams = nullptr;  // none: what is open stays so until its client ends it
    engine::AuditSink* audit_log = nullptr;
  };
  explicit K8sRoute(const Parts& parts);

  // Takes the request: an answer that comes later needs it.
  engine::Answer handle(engine::Request& request);

  struct Passage;
  using Filter = std::optional<engine::Answer> (K8sRoute::*)(Passage&);

 private:
  static const std::vector<Filter>& filters();
  std::optional<engine::Answer> read_path(Passage&);
  std::optional<engine::Answer> authenticate(Passage&);
  std::optional<engine::Answer> impersonate(Passage&);
  std::optional<engine::Answer> limit(Passage&);
  std::optional<engine::Answer> authorize(Passage&);
  std::optional<engine::Answer> serve(Passage&);

  engine::Answer run(Passage& passage);
  engine::Answer serve_path(Passage& passage);
  engine::Answer end(const std::shared_ptr<Passage>& passage, engine::Answer answer);
  void finish(Passage& passage, engine::Answer& answer);

  Parts parts_;
  engine::Discovery discovery_;
  std::atomic<size_t> reads_ = 0, writes_ = 0;
};

}  // namespace appliance
