// Tokens: API tokens and sessions as `tokens.management.cattle.io` objects. A credential is
// NAME:SECRET; the object holds only a hash of the secret; the secret is returned once. A token
// ends by its TTL, when disabled or deleted, or when its user is disabled or gone: checked at each
// use, so revoking works at once. When one was last used is written down, some minutes coarse.
// Thread: any. Owns: a bounded memory of parsed tokens by revision.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/access/authn.h"
#include "engine/access/groups.h"
#include "engine/access/settings.h"
#include "engine/watch/watch_cache.h"

namespace engine {

struct TokenRequest {
  std::string user;  // u-xxxxx
  std::string description;
  std::string provider = "local";
  std::string cluster;  // empty: all
  int64_t ttl_ms = 0;   // 0: does not end
  bool derived = true;  // made by a user, not by a login
  std::string kind;     // session, kubeconfig or empty: a label
  Json principal;       // of the user at the provider
};

struct NewToken {
  std::string name;
  std::string secret;  // shown once
  Json object;         // as stored
  std::string credential() const { return name + ":" + secret; }
};

class Tokens {
 public:
  Tokens(storage::Env& env, Registry& registry, Dispatcher& dispatcher);
  ~Tokens();  // waits for a use that is being written down

  Result<NewToken> create(const TokenRequest& request);
  // A 401 Status says no more than that the token does not work.
  Result<User> authenticate(std::string_view credential);
  Result<Unit> revoke(std::string_view name);
  enum class Which : uint8_t { sessions, all };
  Result<Unit> revoke_all_of(std::string_view user, Which which, std::string_view except_name);
  // Whether a stored token has ended by its TTL.
  bool expired(const Json& token) const;
  // How long a token may live at most: as asked, but no longer than the settings allow.
  enum class Life : uint8_t { api, session, kubeconfig };
  int64_t ttl_ms(Life life, int64_t asked_ms) const;
  // Labels that say what a token is: how clients and the tests of this API tell them apart.
  static constexpr std::string_view kKindLabel = "authn.management.cattle.io/kind";
  static constexpr std::string_view kLastUsed = "lastUsedAt";
  // Of this user: as principals, local://g-xxxxx.
  std::vector<std::string> group_principals(std::string_view user);
  Groups& groups() { return groups_; }
  const Settings& settings() const { return settings_; }
  // Turns a body's secret into what is stored; used when tokens come in by /v3.
  static std::string hash(std::string_view secret);
  std::string new_secret() const;

 private:
  struct Known {
    Revision revision = 0;
    std::string hash, user, cluster;
    int64_t created_ms = 0, ttl_ms = 0;
    bool enabled = true;
    std::vector<std::string> groups;
    Json principal;
    mutable std::atomic<int64_t> used_ms = 0;  // as it was written down last
  };
  Result<std::shared_ptr<const Known>> known(std::string_view name);
  Result<bool> user_enabled(const std::string& user);
  void note_use(std::string_view name, const Known& token);
  void write_use(const std::string& name);
  KindPtr kind(std::string_view plural) const;

  storage::Env& env_;
  Registry& registry_;
  Dispatcher& dispatcher_;
  Settings settings_;
  Groups groups_;
  struct Uses;
  const std::shared_ptr<Uses> uses_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Known>> known_;
};

// Bearer NAME:SECRET, Basic with the same two halves, or the cookie R_SESS. A cookie on anything
// that changes something also needs the CSRF header.
class TokenAuthenticator final : public Authenticator {
 public:
  explicit TokenAuthenticator(Tokens& tokens) : tokens_(tokens) {}
  Result<std::optional<User>> authenticate(const Request&) override;

 private:
  Tokens& tokens_;
};

std::string_view cookie(const Request& request, std::string_view name);

}  // namespace engine
