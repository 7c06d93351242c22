// Who is it: a chain of authenticators, asked in order; the first that recognises a credential
// decides. No credential at all is system:anonymous; a bad one is 401, never anonymous. Thread:
// any. Owns: its authenticators.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/base/http.h"

namespace engine {

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // nullopt: not a credential of mine. An error: mine, and bad.
  virtual Result<std::optional<User>> authenticate(const Request&) = 0;
};

User anonymous_user();

// A token may be good for one cluster only. 401 unless that is the cluster asked for; `cluster` is
// empty for what is no cluster's (the management API, the embedded API by its own paths).
Result<Unit> in_scope(const User& user, std::string_view cluster);

// A client certificate that TLS has verified: the common name is the user, the organizations are
// groups.
class CertificateAuthenticator final : public Authenticator {
 public:
  Result<std::optional<User>> authenticate(const Request&) override;
};

class AuthenticatorChain {
 public:
  void add(std::unique_ptr<Authenticator> authenticator) {
    chain_.push_back(std::move(authenticator));
  }
  Result<User> authenticate(const Request&) const;

 private:
  std::vector<std::unique_ptr<Authenticator>> chain_;
};

}  // namespace engine
