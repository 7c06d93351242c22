// Users of this server: one user name is one user.
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

class UserKind final : public Strategy {
 public:
  std::vector<Unique> uniques(const Json& object) const override {
    std::string_view name = object.str("username");
    if (name.empty()) return {};  // a user of a directory, known by principals
    return {{"username", std::string(name)}};
  }
};

}  // namespace

void register_strategy_users(StrategySet& set) {
  set.add("management.cattle.io", "users", std::make_unique<UserKind>());
}

}  // namespace engine
