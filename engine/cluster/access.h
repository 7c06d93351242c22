// ClusterAccess: how to reach a cluster's API and as whom: address, trusted CA, our credential. It
// comes from a kubeconfig (kubeconfig.h) or from an agent (registration.h), lives in memory and,
// for a kubeconfig handed to us, sealed at rest (sealer.h). It is never logged and never sent out.
// Thread: a value. Owns: its strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/status.h"

namespace engine {

struct ClusterAccess {
  std::string host;  // a name or a numeric address, no brackets
  uint16_t port = 443;
  std::string base_path;  // "" or "/some/prefix", when the API is not at the root
  bool tls = true;
  std::string ca_pem;     // empty: the system's CAs
  bool insecure = false;  // the server's certificate is not checked
  std::string tls_server_name;
  // The credential: one or more of these.
  std::string token;
  std::string username, password;
  std::string certificate_pem, key_pem;

  bool operator==(const ClusterAccess&) const = default;
  std::string authority() const;  // host:port, brackets where IPv6 needs them
  std::string url() const;        // https://host:port/base
  // The Authorization header's value; empty when the client certificate is the credential.
  std::string authorization() const;

  Json to_json() const;  // complete, with secrets: only for sealing
  static Result<ClusterAccess> from_json(const Json&);
};

// Fills host, port, tls and base_path from https://host[:port][/base]. BadRequest says what is
// wrong.
Result<Unit> set_server(ClusterAccess& access, std::string_view url);
// host:port or [v6]:port or host (port 443).
Result<Unit> set_authority(ClusterAccess& access, std::string_view authority);

}  // namespace engine
