// Nobody locks themselves out, nor everybody: one cannot remove or deactivate oneself, nor take
// from oneself the right to everything, and the last enabled administrator stays one. User names do
// not change. It holds for the management API, kubectl and controllers of others alike; members of
// system:masters hold what needs no user and may do all of it. Thread: any. Owns: nothing.
#pragma once

#include <memory>

#include "engine/access/authz.h"
#include "engine/access/groups.h"

namespace engine {

std::unique_ptr<Admission> make_lockout_admission(Authorizer& authorizer, Dispatcher& dispatcher,
                                                  KindSet& kinds);

}  // namespace engine
