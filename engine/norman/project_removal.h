// ProjectRemoval: what a DELETE of a project would do, said without doing it: which namespaces stay
// in the cluster without a project, whose roles end, which of the project's own secrets go. It asks
// this API's collections as the caller, so that nobody is told of what they may not see; what could
// not be asked is named. Thread: any. Owns: the questions under way, until the answer.
#pragma once

#include "engine/norman/norman.h"

namespace engine {

// `project` as it is stored. The caller's right to delete it has been checked.
Answer project_removal(const Call& call, const Json& project);

}  // namespace engine
