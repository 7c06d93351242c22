// Escalation: nobody grants by a role or a binding what they do not hold themselves, unless they
// may `escalate` the role or `bind` it. Thread: any. Owns: nothing. Source: k8s.io/kubernetes
// pkg/registry/rbac (escalation_check.go and the policybased storages).
#pragma once

#include "engine/access/authz.h"
#include "engine/registry/registry.h"

namespace engine {

// The refusal: who, and which rules they do not hold.
Status grants_not_held(const AdmissionRequest& request, const JsonArray& rules);

class EscalationCheck final : public Admission {
 public:
  EscalationCheck(Authorizer& authorizer, Dispatcher& dispatcher, KindSet& kinds)
      : authorizer_(authorizer), dispatcher_(dispatcher), kinds_(kinds) {}
  Result<Unit> validate(const AdmissionRequest& request) override;

 private:
  Result<Unit> check_role(const AdmissionRequest& request);
  Result<Unit> check_binding(const AdmissionRequest& request);

  Authorizer& authorizer_;
  Dispatcher& dispatcher_;
  KindSet& kinds_;
};

}  // namespace engine
