#include "engine/access/tokens.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "engine/access/server_user.h"
#include "engine/base/base64.h"
#include "engine/base/limits.h"
#include "engine/base/names.h"
#include "engine/base/time.h"
#include "storage/base/failpoint.h"
#include "storage/base/log.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";
constexpr std::string_view kHashMark =
    "$sha256$";  // the secret is 256 bits of chance: a fast hash keeps it

Status refused() {
  return Status::unauthorized("the token is not valid, has ended, or was withdrawn");
}

bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

// The writes behind requests: a task that begins after the end does nothing.
struct Tokens::Uses {
  explicit Uses(storage::Env& env) : done(env.make_gate()) {}
  std::unique_ptr<storage::Gate> done;
  std::atomic<int> running = 0;
  std::atomic<bool> ended = false;
};

Tokens::Tokens(storage::Env& env, Registry& registry, Dispatcher& dispatcher)
    : env_(env),
      registry_(registry),
      dispatcher_(dispatcher),
      settings_(dispatcher, registry.kinds()),
      groups_(dispatcher, registry.kinds()),
      uses_(std::make_shared<Uses>(env)) {}

Tokens::~Tokens() {
  uses_->ended = true;
  for (;;) {
    const uint64_t seen = uses_->done->seen();
    if (uses_->running == 0) return;
    uses_->done->wait(seen, env_.now() + storage::Seconds(1));
  }
}

int64_t Tokens::ttl_ms(Life life, int64_t asked_ms) const {
  constexpr int64_t kMinute = 60'000;
  auto minutes = [&](std::string_view name, int64_t otherwise) {
    return std::min(settings_.number(name, otherwise), limits::kTokenMinutesMax) * kMinute;
  };
  int64_t out = std::max<int64_t>(asked_ms, 0);
  auto at_most = [&](int64_t most) {
    if (most > 0 && (out == 0 || out > most)) out = most;
  };
  if (life == Life::session)
    at_most(minutes("auth-user-session-ttl-minutes", limits::kSessionMinutes));
  // Of a kubeconfig's it is what is taken when nothing is said.
  if (life == Life::kubeconfig && out == 0)
    out = minutes("kubeconfig-token-ttl-minutes", limits::kSessionMinutes);
  at_most(minutes("auth-token-max-ttl-minutes", 0));
  return out;
}

std::vector<std::string> Tokens::group_principals(std::string_view user) {
  std::vector<std::string> out = groups_.of("local://" + std::string(user));
  for (std::string& group : out) group = Groups::principal_of(group);
  return out;
}

KindPtr Tokens::kind(std::string_view plural) const {
  return registry_.kinds().snapshot()->stored(kGroup, plural);
}

std::string Tokens::hash(std::string_view secret) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> out{};
  crypto_hash_sha256(out.data(), reinterpret_cast<const unsigned char*>(secret.data()),
                     secret.size());
  return std::string(kHashMark) +
         base64url_encode({reinterpret_cast<const char*>(out.data()), out.size()});
}

std::string Tokens::new_secret() const {
  // 54 characters of a 32-letter alphabet, as clients of this API know tokens: 270 bits.
  static constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789aeiou";
  std::array<std::byte, 54> bytes{};
  env_.random_secret(bytes);
  std::string out;
  for (std::byte byte : bytes) out += kLetters[static_cast<size_t>(byte) % kLetters.size()];
  return out;
}

Result<NewToken> Tokens::create(const TokenRequest& request) {
  NewToken out{.name = {}, .secret = new_secret(), .object = {}};
  Json labels = Json::object(
      {{"authn.management.cattle.io/token-userId", request.user}, {"cattle.io/creator", "norman"}});
  if (!request.kind.empty()) labels.set("authn.management.cattle.io/kind", request.kind);
  std::string expires;
  if (request.ttl_ms > 0)
    expires = to_rfc3339(env_.wall() + std::chrono::milliseconds(request.ttl_ms));
  Json object = Json::object({
      {"apiVersion", "management.cattle.io/v3"},
      {"kind", "Token"},
      {"metadata",
       Json::object(
           {{"generateName", request.kind == "kubeconfig" ? "kubeconfig-" + request.user + "-"
                                                          : std::string("token-")},
            {"labels", std::move(labels)},
            {"annotations", Json::object({{"field.cattle.io/creatorId", request.user}})}})},
      {"authProvider", request.provider},
      {"clusterName", request.cluster},
      {"current", false},
      {"description", request.description},
      {"enabled", true},
      {"expired", false},
      {"expiresAt", expires},
      {"isDerived", request.derived},
      {"lastUpdateTime", ""},
      {"token", hash(out.secret)},
      {"ttl", request.ttl_ms},
      {"userId", request.user},
      {"userPrincipal", request.principal},
  });
  if (request.cluster.empty()) object.erase("clusterName");
  if (request.principal.is_null()) object.erase("userPrincipal");
  WriteOptions options{.user = server_user(), .field_manager = "paddock"};
  auto written = TRY(registry_.create(*kind("tokens"), "", std::move(object), options));
  FAILPOINT(token_written);
  out.object = written.object.json();
  out.name = out.object.str({"metadata", "name"});
  return out;
}

Result<std::shared_ptr<const Tokens::Known>> Tokens::known(std::string_view name) {
  // Not fresh(): a revoked token leaves the cache before the revoking request is answered.
  auto cached = TRY(dispatcher_.get(*kind("tokens"), "", name));
  if (!cached) {
    // A token that this process has just made may be used before the cache has it.
    TRY(dispatcher_.fresh(env_.now() + limits::kCacheWait));
    cached = TRY(dispatcher_.get(*kind("tokens"), "", name));
    if (!cached) return refused();
  }
  {
    std::lock_guard lock(mutex_);
    auto found = known_.find(std::string(name));
    if (found != known_.end() && found->second->revision == cached->revision) return found->second;
  }
  Json token = TRY(parse_json(*cached->bytes));
  auto made = std::make_shared<Known>();
  made->revision = cached->revision;
  made->hash = token.str("token");
  made->user = token.str("userId");
  made->cluster = token.str("clusterName");
  made->ttl_ms = token.integer({"ttl"});
  auto created = parse_rfc3339(token.str({"metadata", "creationTimestamp"}));
  made->created_ms = created ? unix_millis(*created) : 0;
  made->enabled = token.truth({"enabled"}, true);
  made->groups = groups_of_token(token);
  if (const Json* principal = token.find("userPrincipal")) made->principal = *principal;
  if (auto used = parse_rfc3339(token.str(kLastUsed))) made->used_ms = unix_millis(*used);
  std::lock_guard lock(mutex_);
  if (known_.size() >= limits::kTokensRemembered) known_.clear();
  known_[std::string(name)] = made;
  return std::shared_ptr<const Known>(made);
}

Result<bool> Tokens::user_enabled(const std::string& user) {
  auto cached = TRY(dispatcher_.get(*kind("users"), "", user));
  if (!cached) {
    TRY(dispatcher_.fresh(env_.now() + limits::kCacheWait));
    cached = TRY(dispatcher_.get(*kind("users"), "", user));
    if (!cached) return false;
  }
  // The rare word is looked for before anything is parsed.
  if (cached->bytes->find("\"enabled\":false") == std::string::npos) return true;
  Json object = TRY(parse_json(*cached->bytes));
  return object.truth({"enabled"}, true);
}

Result<User> Tokens::authenticate(std::string_view credential) {
  size_t colon = credential.find(':');
  if (colon == std::string_view::npos || credential.size() > limits::kCredentialBytesMax)
    return refused();
  auto token = known(credential.substr(0, colon));
  if (!token) return token.error().code() == 401 ? refused() : token.error();
  const Known& found = **token;
  if (!equal(found.hash, hash(credential.substr(colon + 1))) || !found.enabled) return refused();
  if (found.ttl_ms > 0 && unix_millis(env_.wall()) >= found.created_ms + found.ttl_ms)
    return refused();
  if (!TRY(user_enabled(found.user))) return refused();
  User out{.name = found.user,
           .uid = {},
           .groups = found.groups,
           .extra = {},
           .token_name = std::string(credential.substr(0, colon))};
  if (std::string_view principal = found.principal.str({"metadata", "name"}); !principal.empty())
    out.extra.push_back({"principalid", {std::string(principal)}});
  out.token_cluster = found.cluster;
  for (std::string& group : group_principals(found.user)) out.groups.push_back(std::move(group));
  note_use(out.token_name, found);
  return out;
}

// Written behind the request's back and rarely: what matters is whether a token is still used at
// all. A write that fails is tried again with the next use after the same time.
void Tokens::note_use(std::string_view name, const Known& token) {
  const int64_t now = unix_millis(env_.wall());
  int64_t before = token.used_ms.load(std::memory_order_relaxed);
  if (now - before < limits::kTokenUseEveryMs ||
      !token.used_ms.compare_exchange_strong(before, now))
    return;
  env_.post([this, uses = uses_, name = std::string(name)] {
    ++uses->running;
    if (!uses->ended) write_use(name);
    --uses->running;
    uses->done->open();
  });
}

void Tokens::write_use(const std::string& name) {
  auto done = registry_.modify(*kind("tokens"), "", name,
                               {.user = server_user(), .field_manager = "paddock"},
                               [&](Json& stored) -> Result<bool> {
                                 stored.set(kLastUsed, to_rfc3339(env_.wall()));
                                 return true;
                               });
  if (!done && !done.error().is("NotFound"))
    storage::log::debug("a token's use was not written down",
                        {{"token", name}, {"why", done.error().message()}});
}

bool Tokens::expired(const Json& token) const {
  int64_t ttl = token.integer({"ttl"});
  auto created = parse_rfc3339(token.str({"metadata", "creationTimestamp"}));
  return ttl > 0 && created && unix_millis(env_.wall()) >= unix_millis(*created) + ttl;
}

Result<Unit> Tokens::revoke(std::string_view name) {
  auto removed = registry_.remove(*kind("tokens"), "", name, {.user = server_user()});
  if (!removed && !removed.error().is("NotFound")) return removed.error();
  TRY(dispatcher_.fresh(env_.now() + limits::kCacheWait));
  return Unit{};
}

Result<Unit> Tokens::revoke_all_of(std::string_view user, Which which,
                                   std::string_view except_name) {
  TRY(dispatcher_.fresh(env_.now() + limits::kCacheWait));
  auto all = TRY(dispatcher_.list(*kind("tokens"), "", nullptr, "", 0));
  for (const auto& cached : all.objects) {
    if (cached->name == except_name || cached->bytes->find(user) == std::string::npos) continue;
    Json token = TRY(parse_json(*cached->bytes));
    bool session =
        token.str({"metadata", "labels", "authn.management.cattle.io/kind"}) == "session";
    if (token.str("userId") == user && (which == Which::all || session)) TRY(revoke(cached->name));
  }
  return Unit{};
}

std::string_view cookie(const Request& request, std::string_view name) {
  for (std::string_view header : request.headers.all("Cookie")) {
    while (!header.empty()) {
      size_t semicolon = header.find(';');
      std::string_view pair = header.substr(0, semicolon);
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
        return pair.substr(name.size() + 1);
      header.remove_prefix(semicolon == std::string_view::npos ? header.size() : semicolon + 1);
    }
  }
  return {};
}

Result<std::optional<User>> TokenAuthenticator::authenticate(const Request& request) {
  std::string_view header = request.headers.get("Authorization");
  if (header.starts_with("Bearer ") && header.find(':') != std::string_view::npos)
    return std::optional<User>(TRY(tokens_.authenticate(header.substr(7))));
  if (header.starts_with("Basic ")) {
    auto decoded = base64_decode(header.substr(6));
    if (!decoded) return Status::unauthorized("the Authorization header is not base64");
    return std::optional<User>(TRY(tokens_.authenticate(*decoded)));
  }
  if (!header.empty()) return std::optional<User>();
  std::string_view session = cookie(request, "R_SESS");
  if (session.empty()) return std::optional<User>();
  const bool safe =
      request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
  std::string_view csrf = cookie(request, "CSRF");
  if (!safe && (csrf.empty() || !equal(csrf, request.headers.get("X-API-CSRF"))))
    return Status::other(403, "InvalidCSRFToken",
                         "Invalid CSRF Token: send the CSRF cookie's value as X-API-CSRF");
  return std::optional<User>(TRY(tokens_.authenticate(session)));
}

}  // namespace engine
