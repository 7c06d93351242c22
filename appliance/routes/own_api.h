// OwnApi: this server's own Kubernetes API as a way to a cluster, for what the management API asks
// in somebody's name: decided by that user's rights, with all that admission does. Thread: any.
// Owns: nothing.
#pragma once

#include <memory>

#include "engine/api/api.h"
#include "engine/cluster/transport.h"

namespace appliance {

struct OwnApiParts {
  storage::Env& env;
  engine::Api& api;
  engine::Authorizer& authorizer;
  engine::KindSet& kinds;
};
std::shared_ptr<engine::Transport> own_api(const OwnApiParts& parts, const engine::User& user);

}  // namespace appliance
