// globalRole: rights on this server. The built-in ones stay; what else is not allowed, admission
// says.
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

class GlobalRoleType final : public Type {
 public:
  bool is_shown_as_stored(std::string_view) const override { return true; }
  // Filters read what is stored: nothing is worked out when it is shown.
  bool computes(std::string_view) const override { return false; }

  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    if (!old.truth({"builtin"})) return Unit{};
    // Clients send the whole object back: what is as it was is no change.
    if (const Json* wanted = changes.find("newUserDefault"))
      changes = Json::object({{"newUserDefault", *wanted}});
    else
      changes = Json::object();
    return Unit{};
  }

  void decorate(const Call&, const Json& stored, Look& look) const override {
    if (stored.truth({"builtin"})) look.remove = false;
  }
};

}  // namespace

void register_global_role(TypeSet& set, const TypeParts&) {
  set.add("/v3 globalRole", std::make_unique<GlobalRoleType>());
}

}  // namespace engine
