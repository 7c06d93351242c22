// Certificates: the server's identity. Either its own CA and a server certificate signed by it
// (ECDSA P-256, made on the first start, kept in the data directory, keys 0600, renewed by itself
// when a third of its life is left), or a certificate and key given by file, read again when the
// files change. A handshake asks for the current TLS settings, so a renewal needs no restart and
// breaks no connection. Thread: any. Owns: the keys in memory.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "appliance/edge/edge_server.h"
#include "engine/base/status.h"
#include "storage/base/env.h"

namespace appliance {

struct CertificateOptions {
  std::string dir;  // for ca.crt, ca.key, server.crt, server.key; made 0700 if it is not there
  std::vector<std::string> names;  // DNS names and addresses of the server certificate
  std::string cert_file;           // given instead: PEM, leaf first
  std::string key_file;
  std::string client_ca_pem;  // client certificates signed by these are accepted, beside those of
                              // our own CA
  std::chrono::hours server_lifetime{24 * 365};
  std::chrono::hours ca_lifetime{24 * 3650};
};

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

class Certificates final : public TlsSource {
 public:
  // Makes what is missing. Errors: a directory that cannot be written, files that do not fit
  // together.
  static engine::Result<std::unique_ptr<Certificates>> open(CertificateOptions options,
                                                            storage::Env& env);
  ~Certificates() override;

  std::shared_ptr<ssl_ctx_st> context() override;

  // What a client must trust: our own CA, or with a given certificate the last one of its file.
  std::string ca_pem() const;
  std::string ca_checksum()
      const;  // SHA-256 of ca_pem()'s bytes, lower-case hex: what an agent pins
  // A client certificate signed by our own CA: user name and groups.
  engine::Result<KeyPair> issue_client(const std::string& common_name,
                                       const std::vector<std::string>& organizations,
                                       std::chrono::hours lifetime);
  // Other names from now on (a changed server-url): a new server certificate if they are not in it.
  engine::Result<engine::Unit> set_names(std::vector<std::string> names);
  // Looks at dates and files now; also done by itself each minute. True when something was renewed
  // or read again.
  engine::Result<bool> refresh();

 private:
  class Impl;
  explicit Certificates(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace appliance
