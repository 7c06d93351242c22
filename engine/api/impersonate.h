// Impersonation: a request made in another's name by Impersonate-* headers. Whoever may impersonate
// each part (user, groups, uid, extras) becomes that user for the rest of the request. Thread: any.
// Owns: nothing. Source: k8s.io/apiserver pkg/endpoints/filters/impersonation.
#pragma once

#include "engine/access/authz.h"
#include "engine/base/http.h"

namespace engine {

// Replaces request.user and takes the headers off. True when it was somebody else's name.
Result<bool> impersonate(Request& request, Authorizer& authorizer);

}  // namespace engine
