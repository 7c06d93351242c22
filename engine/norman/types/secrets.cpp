// Secrets with their kinds (certificates, registry credentials, ...), of a namespace in a project's
// cluster; and those of the project itself, without "namespaced" in their name: they lie in the
// project's own namespace here, and controllers/management/project_secrets.cpp brings them into all
// of its namespaces.
#include "engine/access/admission/project_limits.h"
#include "engine/norman/norman.h"
#include "engine/norman/target.h"
#include "engine/norman/types/cluster_resource.h"
#include "engine/norman/types/secret_form.h"

namespace engine {
namespace {

// In a collection of all kinds each is shown as its own.
std::string_view shown_as(const Json& stored, std::string_view SecretForm::*name) {
  const std::string_view type = stored.str("type");
  for (const SecretForm& form : secret_forms())
    if (!type.empty() && form.type == type) return form.*name;
  return {};
}

class NamespacedSecret final : public ClusterResource {
 public:
  explicit NamespacedSecret(const SecretForm& form)
      : ClusterResource(make_placed_kind("", "v1", "Secret", "secrets", Scope::namespaced)),
        form_(form) {}
  bool holds(const Json& stored, const SchemaView&) const override { return form_.holds(stored); }
  Result<Unit> to_store(const Call&, Json& stored) const override { return form_.to_store(stored); }
  void refresh(const Call&, Json& stored) const override { form_.show(stored); }
  void decorate(const Call& call, const Json& stored, Look& look) const override {
    ClusterResource::decorate(call, stored, look);
    if (form_.type.empty()) look.type = shown_as(stored, &SecretForm::namespaced);
  }

 private:
  const SecretForm& form_;
};

class ProjectSecret final : public Type {
 public:
  ProjectSecret(TypeParts parts, const SecretForm& form) : parts_(std::move(parts)), form_(form) {}

  KindPtr holder(const KindSnapshot& kinds, const SchemaView&) const override {
    return kinds.stored("", "secrets");
  }
  bool holds(const Json& stored, const SchemaView&) const override { return form_.holds(stored); }
  Result<Unit> to_store(const Call&, Json& stored) const override { return form_.to_store(stored); }
  void refresh(const Call&, Json& stored) const override { form_.show(stored); }
  std::optional<Result<JsonArray>> own_list(const Call& call) const override {
    return listed(call);
  }
  std::optional<Result<Json>> own_find(const Call& call, std::string_view id) const override {
    return found(call, id);
  }
  Result<Unit> before_create(const Call& call, const Json&, Json& body,
                             Place& place) const override {
    if (body.str("name").empty()) return Status::field_error(422, "MissingRequired", "name", "");
    place.ns = TRY(project_of(call));
    return Unit{};
  }
  void decorate(const Call& call, const Json& stored, Look& look) const override {
    look.object->set("projectId", call.context);
    if (form_.type.empty()) look.type = shown_as(stored, &SecretForm::schema);
  }

 private:
  // The project of the request, visible to who asks.
  Result<std::string> project_of(const Call& call) const {
    const size_t colon = call.context.find(':');
    const std::string cluster = call.context.substr(0, colon);
    if (colon == std::string::npos)
      return Status::other(404, "NotFound", "there is no project " + call.context);
    std::string project = call.context.substr(colon + 1);
    KindPtr kind = parts_.registry.kinds().snapshot()->stored("management.cattle.io", "projects");
    if (!call.norman.may(call.user(), "get", *kind, cluster, project))
      return Status::other(403, "Forbidden", "can not look up project " + call.context);
    if (!TRY(parts_.dispatcher.get(*kind, cluster, project)))
      return Status::not_found({kind->group, kind->plural, project});
    return project;
  }

  Result<JsonArray> listed(const Call& call) const {
    const std::string ns = TRY(project_of(call));
    KindPtr kind = call.norman.holder(call.schema);
    TRY(parts_.dispatcher.fresh(parts_.env.now() + std::chrono::seconds(5)));
    const bool all = call.norman.may(call.user(), "list", *kind, ns, "");
    auto objects = TRY(parts_.dispatcher.list(*kind, ns, nullptr, "", 0));
    JsonArray out;
    for (const auto& cached : objects.objects) {
      if (!all && !call.norman.may(call.user(), "get", *kind, ns, cached->name)) continue;
      Json stored = TRY(parse_json(*cached->bytes));
      if (form_.holds(stored)) out.push_back(std::move(stored));
    }
    return out;
  }

  Result<Json> found(const Call& call, std::string_view id) const {
    const std::string project = TRY(project_of(call));
    KindPtr kind = call.norman.holder(call.schema);
    auto [ns, name] = split_id(call.schema, id);
    if (!call.norman.may(call.user(), "get", *kind, ns, name))
      return Status::other(403, "Forbidden",
                           "can not look up " + call.schema.id() + " " + std::string(id));
    const Status missing = Status::not_found({kind->group, kind->plural, std::string(name)});
    if (ns != project) return missing;
    TRY(parts_.dispatcher.fresh(parts_.env.now() + std::chrono::seconds(5)));
    auto there = TRY(parts_.dispatcher.get(*kind, ns, name));
    if (!there) return missing;
    Json stored = TRY(parse_json(*there->bytes));
    return form_.holds(stored) ? Result<Json>(std::move(stored)) : missing;
  }

  TypeParts parts_;
  const SecretForm& form_;
};

}  // namespace

void register_secrets(TypeSet& set, const TypeParts& parts) {
  for (const SecretForm& form : secret_forms()) {
    set.add("/v3/project " + std::string(form.schema),
            std::make_unique<ProjectSecret>(parts, form));
    set.add("/v3/project " + std::string(form.namespaced),
            std::make_unique<NamespacedSecret>(form));
  }
}

}  // namespace engine
