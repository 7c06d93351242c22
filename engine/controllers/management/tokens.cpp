// Tokens that have ended are removed at the moment of their end, and those of a user who is gone
// with the user. Each waits in the queue for its own end: nothing is searched.
#include "engine/access/server_user.h"
#include "engine/base/time.h"
#include "engine/controllers/runtime/following_controller.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";
constexpr std::string_view kOfUser = "user/";
// A clock that was set must not make a token outlive its end for long.
constexpr int64_t kLookAgainMs = 24LL * 3'600'000;

class TokenController final : public FollowingController {
 public:
  explicit TokenController(const ControllerSet& set) : FollowingController(set, "tokens") {}
  ~TokenController() override { stop(); }

  Result<Unit> start() override {
    auto kinds = registry_.kinds().snapshot();
    tokens_ = kinds->stored(kGroup, "tokens");
    users_ = kinds->stored(kGroup, "users");
    follow(tokens_, [this](const WatchEvent& event) {
      // Most change only in when they were last used.
      if (event.type == EventType::added) controller_.add(event.name);
    });
    follow(users_, [this](const WatchEvent& event) {
      if (event.type == EventType::deleted) controller_.add(std::string(kOfUser) + event.name);
    });
    return Unit{};
  }

 private:
  Result<Outcome> reconcile(const std::string& key) override {
    if (key.starts_with(kOfUser)) return remove_all_of(key.substr(kOfUser.size()));
    auto found = TRY(dispatcher_.get(*tokens_, "", key));
    if (!found) return Outcome::done();
    const Json token = TRY(parse_json(*found->bytes));
    const int64_t ttl = token.integer({"ttl"});
    const auto created = parse_rfc3339(token.str({"metadata", "creationTimestamp"}));
    // One whose user went while nobody looked.
    if (!TRY(dispatcher_.get(*users_, "", token.str("userId"))) && created &&
        unix_millis(env_.wall()) > unix_millis(*created) + 60'000)
      return remove(key);
    if (ttl <= 0 || !created) return Outcome::done();
    const int64_t left = unix_millis(*created) + ttl - unix_millis(env_.wall());
    if (left <= 0) return remove(key);
    return Outcome::requeue_after(storage::Millis(std::min(left, kLookAgainMs)));
  }

  Result<Outcome> remove(const std::string& name) {
    auto removed = registry_.remove(*tokens_, "", name, {.user = server_user()});
    if (!removed && !removed.error().is("NotFound")) return removed.error();
    return Outcome::done();
  }

  Result<Outcome> remove_all_of(std::string_view user) {
    auto all = TRY(dispatcher_.list(*tokens_, "", nullptr, "", 0));
    for (const auto& cached : all.objects) {
      if (cached->bytes->find(user) == std::string::npos) continue;
      if (TRY(parse_json(*cached->bytes)).str("userId") == user) TRY(remove(cached->name));
    }
    return Outcome::done();
  }

  KindPtr tokens_, users_;
};

}  // namespace

void register_controller_tokens(ControllerSet& set) {
  set.add(std::make_unique<TokenController>(set));
}

}  // namespace engine
