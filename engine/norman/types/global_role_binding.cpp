// globalRoleBinding: a global role for a user or a group.
#include "engine/norman/types/bindings.h"

namespace engine {
namespace {

class GlobalRoleBindingType final : public Type {
 public:
  explicit GlobalRoleBindingType(TypeParts parts) : parts_(std::move(parts)) {}

  // Filters read what is stored: nothing is worked out when it is shown.
  bool computes(std::string_view) const override { return false; }

  Result<Unit> before_create(const Call&, const Json&, Json& body, Place& place) const override {
    TRY(check_subject(parts_, body, {"userId"}, {"groupPrincipalId"}));
    std::string role(body.str("globalRoleId"));
    if (!TRY(find_cached(parts_, "globalroles", "", role)))
      return Status::field_error(422, "InvalidReference", "globalRoleId",
                                 "there is no global role " + role);
    place.generate_name = "grb-";
    return Unit{};
  }

 private:
  const TypeParts parts_;
};

}  // namespace

void register_global_role_binding(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 globalRoleBinding", std::make_unique<GlobalRoleBindingType>(parts));
}

}  // namespace engine
