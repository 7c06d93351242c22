// roleTemplate: a role for clusters or projects, made of rules and of other templates. What may not
// be said with it, admission says; here only what the schema cannot say in its own words.
#include "engine/norman/types/bindings.h"

namespace engine {
namespace {

class RoleTemplateType final : public Type {
 public:
  explicit RoleTemplateType(TypeParts parts) : parts_(std::move(parts)) {}

  bool is_shown_as_stored(std::string_view) const override { return true; }
  // Filters read what is stored: nothing is worked out when it is shown.
  bool computes(std::string_view) const override { return false; }

  Result<Unit> before_create(const Call&, const Json&, Json& body, Place& place) const override {
    if (body.str("context").empty())
      return Status::field_error(422, "MissingRequired", "context", "");
    place.generate_name = "rt-";
    return parents(body);
  }

  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    if (!old.truth({"builtin"})) return parents(changes);
    // Clients send the whole object back: of a built-in template only these change.
    Json kept = Json::object();
    for (std::string_view field : {"locked", "clusterCreatorDefault", "projectCreatorDefault"})
      if (const Json* value = changes.find(field)) kept.set(field, *value);
    changes = std::move(kept);
    return Unit{};
  }

 private:
  Result<Unit> parents(const Json& body) const {
    const Json* ids = body.find("roleTemplateIds");
    if (!ids || !ids->is_array()) return Unit{};
    for (const Json& id : ids->as_array())
      if (!id.is_string() || !TRY(find_cached(parts_, "roletemplates", "", id.as_string())))
        return Status::field_error(422, "InvalidReference", "roleTemplateIds",
                                   "there is no role template " + dump(id));
    return Unit{};
  }

  const TypeParts parts_;
};

}  // namespace

void register_role_template(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 roleTemplate", std::make_unique<RoleTemplateType>(parts));
}

}  // namespace engine
