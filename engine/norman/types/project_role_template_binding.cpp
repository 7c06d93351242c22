// projectRoleTemplateBinding: a role template for a user or a group in a project; it lies in the
// project's namespace.
#include "engine/norman/types/bindings.h"

namespace engine {
namespace {

class ProjectBindingType final : public Type {
 public:
  explicit ProjectBindingType(TypeParts parts) : parts_(std::move(parts)) {}

  // Filters read what is stored: nothing is worked out when it is shown.
  bool computes(std::string_view) const override { return false; }

  Result<Unit> before_create(const Call& call, const Json&, Json& body,
                             Place& place) const override {
    TRY(check_role_template(parts_, body, Grant::Where::project));
    std::string id(body.str("projectId"));
    const size_t colon = id.find(':');
    KindPtr kind = parts_.registry.kinds().snapshot()->stored(kGrantGroup, "projects");
    std::string cluster = id.substr(0, colon),
                project = colon == id.npos ? std::string() : id.substr(colon + 1);
    // One that the caller does not see is none.
    if (!kind || project.empty() || !TRY(find_cached(parts_, "projects", cluster, project)) ||
        !call.norman.may(call.user(), "get", *kind, cluster, project))
      return Status::field_error(422, "InvalidReference", "projectId", "there is no project " + id);
    TRY(check_subject(parts_, body, {"userId", "userPrincipalId"},
                      {"groupId", "groupPrincipalId"}));
    place.ns = project;
    place.generate_name = "prtb-";
    return Unit{};
  }

  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    auto role = changes.str("roleTemplateId");
    if (role.empty() || role == old.str("roleTemplateName")) return Unit{};
    return check_role_template(parts_, changes, Grant::Where::project);
  }

 private:
  const TypeParts parts_;
};

}  // namespace

void register_project_role_template_binding(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 projectRoleTemplateBinding", std::make_unique<ProjectBindingType>(parts));
}

}  // namespace engine
