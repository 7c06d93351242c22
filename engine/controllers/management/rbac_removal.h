// remove_rbac: takes the roles and bindings that this server made out of a cluster that is being
// removed: bindings first, then roles, by our label, and looks once more whether something came
// meanwhile. What could not be removed in time is told. Thread: any; the callback on another.
// Owns: itself until done.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/cluster/transport.h"
#include "storage/base/env.h"

namespace engine {

struct RbacRemoval {
  size_t removed = 0;
  std::string problem;  // empty: nothing of ours is left
};
void remove_rbac(storage::Env& env, std::shared_ptr<Transport> transport, storage::Millis within,
                 std::function<void(RbacRemoval)> done);

}  // namespace engine
