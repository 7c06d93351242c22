// What was given to a user goes with the user: global, cluster and project bindings that name one
// who is gone are removed, and with them, by the controllers of authorization, what they gave. A
// user whose end nobody saw, because the server was not there, is found when bindings come.
#include "engine/access/server_user.h"
#include "engine/base/time.h"
#include "engine/controllers/runtime/following_controller.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";
constexpr std::string_view kPlurals[] = {"globalrolebindings", "clusterroletemplatebindings",
                                         "projectroletemplatebindings"};
// A binding may be written a moment before its user can be read.
constexpr int64_t kYoungMs = 60'000;

class UserBindings final : public FollowingController {
 public:
  explicit UserBindings(const ControllerSet& set) : FollowingController(set, "user-bindings") {}
  ~UserBindings() override { stop(); }

  Result<Unit> start() override {
    auto kinds = registry_.kinds().snapshot();
    users_ = kinds->stored(kGroup, "users");
    follow(users_, [this](const WatchEvent& event) {
      if (event.type == EventType::deleted) controller_.add("user/" + event.name);
    });
    for (std::string_view plural : kPlurals) {
      KindPtr kind = kinds->stored(kGroup, plural);
      bindings_.push_back(kind);
      follow(kind, [this, plural](const WatchEvent& event) {
        if (event.type == EventType::added)
          controller_.add(std::string(plural) + "/" + event.ns + "/" + event.name);
      });
    }
    return Unit{};
  }

 private:
  Result<Outcome> reconcile(const std::string& key) override {
    const size_t slash = key.find('/'), second = key.find('/', slash + 1);
    if (second == std::string::npos) return remove_all_of(key.substr(slash + 1));
    for (const KindPtr& kind : bindings_)
      if (kind->plural == key.substr(0, slash))
        return look_at(*kind, key.substr(slash + 1, second - slash - 1), key.substr(second + 1));
    return Outcome::done();
  }

  Result<Outcome> look_at(const Kind& kind, const std::string& ns, const std::string& name) {
    auto found = TRY(dispatcher_.get(kind, ns, name));
    if (!found) return Outcome::done();
    const Json binding = TRY(parse_json(*found->bytes));
    const std::string_view user = binding.str("userName");
    if (user.empty() || TRY(dispatcher_.get(*users_, "", user))) return Outcome::done();
    const auto created = parse_rfc3339(binding.str({"metadata", "creationTimestamp"}));
    const int64_t age = created ? unix_millis(env_.wall()) - unix_millis(*created) : kYoungMs;
    if (age < kYoungMs) return Outcome::requeue_after(storage::Millis(kYoungMs - age));
    TRY(remove(kind, ns, name));
    return Outcome::done();
  }

  Result<Outcome> remove_all_of(std::string_view user) {
    // Somebody of this name who is there again keeps what is theirs.
    if (TRY(dispatcher_.get(*users_, "", user))) return Outcome::done();
    for (const KindPtr& kind : bindings_) {
      auto all = TRY(dispatcher_.list(*kind, "", nullptr, "", 0));
      for (const auto& cached : all.objects) {
        if (cached->bytes->find(user) == std::string::npos) continue;
        if (TRY(parse_json(*cached->bytes)).str("userName") == user)
          TRY(remove(*kind, cached->ns, cached->name));
      }
    }
    return Outcome::done();
  }

  Result<Unit> remove(const Kind& kind, std::string_view ns, std::string_view name) {
    auto removed = registry_.remove(kind, ns, name, {.user = server_user()});
    if (!removed && !removed.error().is("NotFound")) return removed.error();
    return Unit{};
  }

  KindPtr users_;
  std::vector<KindPtr> bindings_;
};

}  // namespace

void register_controller_user_bindings(ControllerSet& set) {
  set.add(std::make_unique<UserBindings>(set));
}

}  // namespace engine
