// Manifests: what `kubectl apply` brings into a cluster so that our agent runs there, and the
// commands that people copy. All of it lives in namespace cattle-system, except two cluster role
// bindings; removing the cluster removes exactly these.
// Thread: any. Owns: nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace engine {

inline constexpr std::string_view kAgentNamespace = "cattle-system";
inline constexpr std::string_view kAgentName = "cattle-cluster-agent";
inline constexpr std::string_view kAgentBinding = "cattle-admin-binding";
inline constexpr std::string_view kOwnersBinding = "paddock-cluster-owners";

struct AgentManifest {
  std::string server_url;   // https://host[:port], without a slash at its end
  std::string token;        // a registration token
  std::string ca_checksum;  // empty: the agent trusts the machine's CAs
  std::string image;
};

// Namespace, service account, bindings, secret, Deployment.
std::vector<Json> agent_objects(const AgentManifest& manifest);
std::string agent_manifest_yaml(const AgentManifest& manifest);
// The binding that makes owners here administrators there.
Json owners_binding();

struct RegistrationCommands {
  std::string manifest_url;
  std::string command;           // kubectl apply -f URL
  std::string insecure_command;  // the same where the server's certificate is not trusted yet
  std::string node_command;      // paddock agent on any host that sees the cluster's API
};
RegistrationCommands registration_commands(const AgentManifest& manifest,
                                           std::string_view cluster_id);
// "TOKEN_c-abc12.yaml" of /v3/import/..., or empty strings.
struct ImportName {
  std::string token, cluster;
};
ImportName parse_import_name(std::string_view file);

}  // namespace engine
