// Service account tokens: JSON Web Tokens (ES256) signed by our own key, as TokenRequest gives them
// and as pods and agents present them. A token is good as long as its time and what it is bound to:
// the account with its uid, and the secret or pod named in it. Thread: any. Owns: the key. Source:
// k8s.io/kubernetes pkg/serviceaccount (claims), RFC 7515 and 7519.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/access/authn.h"
#include "engine/watch/watch_cache.h"

struct evp_pkey_st;

namespace engine {

struct TokenClaims {
  std::string ns, name, uid;           // of the account
  std::vector<std::string> audiences;  // empty: the API itself
  int64_t expires_seconds = 3600;
  std::string bound_kind, bound_name, bound_uid;  // Pod, Secret or Node; empty: none
};

struct IssuedToken {
  std::string token;
  storage::WallTime expires;
};

// What a token says, once its signature and time have been found good.
struct VerifiedToken {
  TokenClaims claims;
  std::string id;
};

class TokenIssuer {
 public:
  // The key as PEM (PKCS#8, P-256). `issuer` is the `iss` of all tokens and the API's own audience.
  static Result<std::unique_ptr<TokenIssuer>> open(storage::Env& env, std::string_view key_pem,
                                                   std::string issuer);
  static Result<std::string> new_key_pem();
  ~TokenIssuer();

  Result<IssuedToken> issue(const TokenClaims& claims) const;
  // nullopt: not a token of ours. An error: ours, and bad.
  Result<std::optional<VerifiedToken>> verify(std::string_view token) const;
  const std::string& issuer() const { return issuer_; }
  Json key_set() const;  // the public key as a JWK set

 private:
  TokenIssuer(storage::Env& env, std::shared_ptr<evp_pkey_st> key, std::string issuer);
  Result<std::string> sign(std::string_view text) const;
  bool good(std::string_view text, std::string_view signature) const;

  storage::Env& env_;
  std::shared_ptr<evp_pkey_st> key_;
  std::string issuer_, key_id_;
};

class ServiceAccountAuthenticator final : public Authenticator {
 public:
  ServiceAccountAuthenticator(const TokenIssuer& issuer, Dispatcher& dispatcher, KindSet& kinds,
                              storage::Env& env)
      : issuer_(issuer), dispatcher_(dispatcher), kinds_(kinds), env_(env) {}
  Result<std::optional<User>> authenticate(const Request&) override;
  // The same for a token by itself (TokenReview), with the audiences that it was made for.
  Result<std::optional<User>> authenticate_token(std::string_view token,
                                                 const std::vector<std::string>& audiences);

 private:
  Result<Unit> check_bound(const TokenClaims& claims);

  const TokenIssuer& issuer_;
  Dispatcher& dispatcher_;
  KindSet& kinds_;
  storage::Env& env_;
};

}  // namespace engine
