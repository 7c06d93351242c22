// Projects: the rules of projects and of the namespaces in them. A namespace that a member of one
// project makes lands in that project; nobody moves one into a project that they cannot see. What
// namespaces take of a project's quota stays within its limit: the sum, `usedLimit`, is written to
// the project in the transaction of each write of a namespace (of both projects, when one moves),
// so that it is exact whatever happens at once. The default and the system project stay as long as
// their cluster does. Thread: any. Owns: nothing.
#pragma once

#include <memory>

#include "engine/access/authz.h"
#include "engine/watch/watch_cache.h"

namespace engine {

std::unique_ptr<Admission> make_projects_admission(storage::Store& store, Dispatcher& dispatcher,
                                                   KindSet& kinds, Authorizer& authorizer);

}  // namespace engine
