// The types that behave: one file each here and one line in all.inc. What they need beside the
// Norman they are called with. Thread: any. Owns: nothing but references.
#pragma once

#include <functional>

#include "engine/access/principals.h"
#include "engine/access/tokens.h"
#include "engine/access/users.h"
#include "engine/cluster/sessions.h"
#include "engine/norman/type.h"

namespace engine {

struct TypeParts {
  storage::Env& env;
  Registry& registry;
  Dispatcher& dispatcher;
  Tokens& tokens;
  Users& users;
  // PEM of the CA that signed the server's certificate, as /cacerts serves it; empty when a public
  // one did.
  std::function<std::string()> ca_certificates = {};
  // What is known now of the ways to clusters; none: nothing beyond what is stored.
  const ClusterSessions* sessions = nullptr;
  // Checks and keeps a kubeconfig that was handed over for a cluster.
  std::function<Result<Unit>(const std::string& cluster, const std::string& kubeconfig)>
      keep_kubeconfig = {};
  const Principals* principals = nullptr;  // none: this server knows no principals
};

// Registers every line of all.inc.
void register_types(TypeSet& set, const TypeParts& parts);

// SHA-256 of the text, in hex: how agents pin the CA.
std::string checksum_hex(std::string_view text);

}  // namespace engine
