// What may be said with the product's roles and bindings, whoever says it (the management API,
// kubectl): nobody grants what they do not hold, unless they may `escalate` the role or `bind` it;
// templates do not inherit themselves; locked ones are not given out; a role that is used does not
// vanish; a binding names one user or one group and speaks for the place it lies in. Thread: any.
// Owns: nothing. Errors: 403 Forbidden as Kubernetes' own escalation check; 422 Invalid,
// InvalidState; 409 Conflict with who uses it.
#pragma once

#include <memory>

#include "engine/access/authz.h"
#include "engine/access/grants.h"

namespace engine {

std::unique_ptr<Admission> make_grant_admission(Authorizer& authorizer, Grants& grants);

// Why a role template may not be given there; none when it may. Shared with the management API.
std::optional<Status> not_assignable(const RoleTemplate& role, Grant::Where where);

}  // namespace engine
