// ConnectRoute: /v3/connect (and /v3/connect/register, as older agents ask), the WebSocket that an
// agent's tunnel runs on. A registration token decides for which cluster; the agent's headers say
// how the cluster's API is reached from where it is.
// Thread: any. Owns: nothing but references given at construction.
#pragma once

#include "appliance/net/clusters.h"
#include "engine/base/http.h"
#include "engine/cluster/registration_tokens.h"

namespace appliance {

class ConnectRoute {
 public:
  ConnectRoute(storage::Env& env, StreamHub& hub, Clusters& clusters,
               const engine::RegistrationTokens& tokens);
  engine::Answer handle(engine::Request& request);

 private:
  engine::Result<engine::Stream> connect(const engine::Request& request);

  storage::Env& env_;
  StreamHub& hub_;
  Clusters& clusters_;
  const engine::RegistrationTokens& tokens_;
};

// A Status as this surface answers it: JSON, readable by an agent's log.
engine::Response status_answer(const engine::Status& status);

}  // namespace appliance
