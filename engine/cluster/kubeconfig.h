// Kubeconfig: read (the current context, or a named one) into a ClusterAccess, and made for people.
// What would run a program or read files on the server is refused with a word that names it; files
// are read only through the reader that the agent on the user's own machine gives.
// Thread: any. Owns: nothing. Source: k8s.io/client-go tools/clientcmd/api/v1.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/cluster/access.h"

namespace engine {

struct KubeconfigOptions {
  std::string context;  // empty: current-context
  // For certificate-authority, client-certificate, client-key and tokenFile. None: such a
  // kubeconfig is refused.
  std::function<Result<std::string>(const std::string& path)> read_file;
};

Result<ClusterAccess> parse_kubeconfig(std::string_view text,
                                       const KubeconfigOptions& options = {});

struct KubeconfigEntry {
  std::string name;    // of cluster, user and context
  std::string server;  // https://host/k8s/clusters/ID
  std::string ca_pem;  // empty: the client's own CAs
  std::string token;
};
std::string make_kubeconfig(const KubeconfigEntry& entry);

}  // namespace engine
