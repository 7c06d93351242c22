// ImportRoute: /v3/import/TOKEN_CLUSTER.yaml, the manifest that `kubectl apply` brings into a
// cluster. Whoever has a valid registration token may read it: it contains nothing more secret than
// that token.
// Thread: any. Owns: nothing but references given at construction.
#pragma once

#include "engine/base/http.h"
#include "engine/cluster/registration_tokens.h"
#include "engine/cluster/server_facts.h"

namespace appliance {

class ImportRoute {
 public:
  ImportRoute(const engine::RegistrationTokens& tokens, const engine::ServerFacts& facts);
  engine::Response handle(const engine::Request& request);

 private:
  const engine::RegistrationTokens& tokens_;
  const engine::ServerFacts& facts_;
};

}  // namespace appliance
