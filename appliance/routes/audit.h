// AuditRoute: GET /v3/auditlogs: what was done, newest first, for administrators (who may list
// auditlogs of management.cattle.io). Filters: user (who asked, or who it was done as), verb,
// resource, namespace, name, cluster, result (ok, refused, failed), code, since and until (RFC
// 3339, or milliseconds), limit, marker. Thread: any. Owns: nothing but references.
#pragma once

#include "appliance/audit/audit_log.h"
#include "engine/access/authz.h"
#include "engine/base/http.h"

namespace appliance {

class AuditRoute {
 public:
  AuditRoute(storage::Env& env, AuditLog& log, engine::Authorizer& authorizer)
      : env_(env), log_(log), authorizer_(authorizer) {}
  // An authenticated request for /v3/auditlogs or one of them by its number.
  engine::Answer handle(const engine::Request& request);

 private:
  storage::Env& env_;
  AuditLog& log_;
  engine::Authorizer& authorizer_;
};

}  // namespace appliance
