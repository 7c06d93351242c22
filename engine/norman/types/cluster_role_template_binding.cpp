// clusterRoleTemplateBinding: a role template for a user or a group in a cluster; it lies in the
// cluster's namespace.
#include "engine/norman/types/bindings.h"

namespace engine {
namespace {

class ClusterBindingType final : public Type {
 public:
  explicit ClusterBindingType(TypeParts parts) : parts_(std::move(parts)) {}

  // Filters read what is stored: nothing is worked out when it is shown.
  bool computes(std::string_view) const override { return false; }

  Result<Unit> before_create(const Call& call, const Json&, Json& body,
                             Place& place) const override {
    TRY(check_role_template(parts_, body, Grant::Where::cluster));
    std::string cluster(body.str("clusterId"));
    KindPtr kind = parts_.registry.kinds().snapshot()->stored(kGrantGroup, "clusters");
    // One that the caller does not see is none.
    if (!kind || !TRY(find_cached(parts_, "clusters", "", cluster)) ||
        !call.norman.may(call.user(), "get", *kind, "", cluster))
      return Status::field_error(422, "InvalidReference", "clusterId",
                                 "there is no cluster " + cluster);
    TRY(check_subject(parts_, body, {"userId", "userPrincipalId"},
                      {"groupId", "groupPrincipalId"}));
    place.ns = cluster;
    place.generate_name = "crtb-";
    return Unit{};
  }

  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    auto role = changes.str("roleTemplateId");
    if (role.empty() || role == old.str("roleTemplateName")) return Unit{};
    return check_role_template(parts_, changes, Grant::Where::cluster);
  }

 private:
  const TypeParts parts_;
};

}  // namespace

void register_cluster_role_template_binding(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 clusterRoleTemplateBinding", std::make_unique<ClusterBindingType>(parts));
}

}  // namespace engine
