// Users of this server: one user name is one user, and one principal is one user.
#include <algorithm>

#include "engine/kinds/strategies.h"

namespace engine {

namespace {

class UserKind final : public Strategy {
 public:
  std::vector<Unique> uniques(const Json& object) const override {
    std::vector<Unique> out;
    // A user of a directory has no name here, and is known by principals alone.
    if (std::string_view name = object.str("username"); !name.empty())
      out.push_back({"username", std::string(name)});
    const Json* principals = object.find("principalIds");
    if (!principals || !principals->is_array()) return out;
    for (const Json& one : principals->as_array()) {
      if (!one.is_string() || one.as_string().empty()) continue;
      Unique claim{"principalIds", one.as_string()};
      if (std::find(out.begin(), out.end(), claim) == out.end()) out.push_back(std::move(claim));
    }
    return out;
  }
};

}  // namespace

void register_strategy_users(StrategySet& set) {
  set.add("management.cattle.io", "users", std::make_unique<UserKind>());
}

}  // namespace engine
