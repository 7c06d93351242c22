// sourceCodeProvider: of a project, those of its pipelines' source code providers that are
// configured and enabled, as who may log in to them sees them. They are read out of their
// configurations and are changed there.
#include "engine/norman/norman.h"
#include "engine/norman/project_scope.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

constexpr std::string_view kConfig = "PipelineConfig";

class SourceCodeProvider final : public Type {
 public:
  explicit SourceCodeProvider(TypeParts parts) : parts_(std::move(parts)) {}

  KindPtr holder(const KindSnapshot& kinds, const SchemaView&) const override {
    return kinds.stored("project.cattle.io", "sourcecodeproviderconfigs");
  }
  std::optional<Result<JsonArray>> own_list(const Call& call) const override {
    return listed(call);
  }
  std::optional<Result<Json>> own_find(const Call& call, std::string_view id) const override {
    auto all = listed(call);
    if (!all) return Result<Json>(all.error());
    for (Json& one : *all)
      if (one.str({"metadata", "name"}) == id) return Result<Json>(std::move(one));
    return Result<Json>(
        Status::not_found({"project.cattle.io", "sourcecodeproviders", std::string(id)}));
  }
  Result<Unit> before_update(const Call&, const Json&, Json&) const override { return refused(); }
  Result<Unit> before_remove(const Call&, const Json&) const override { return refused(); }
  void decorate(const Call& call, const Json& stored, Look& look) const override {
    look.update = look.remove = false;
    look.type = stored.str("providerType");
    look.object->set("projectId", call.context);
  }

 private:
  static Result<Unit> refused() {
    return Status::other(405, "MethodNotAllow",
                         "a provider is changed by its sourceCodeProviderConfig");
  }
  Result<JsonArray> listed(const Call& call) const {
    KindPtr kind = call.norman.holder(call.schema);
    const ProjectScope scope = TRY(ProjectScope::of(call.norman, call));
    TRY(parts_.dispatcher.fresh(parts_.env.now() + std::chrono::seconds(5)));
    auto objects = TRY(parts_.dispatcher.list(*kind, scope.home(), nullptr, "", 0));
    JsonArray out;
    for (const auto& cached : objects.objects) {
      if (!call.norman.may(call.user(), "get", *kind, cached->ns, cached->name)) continue;
      Json stored = TRY(parse_json(*cached->bytes));
      const std::string type(stored.str("type"));
      if (!stored.truth({"enabled"}) || !type.ends_with(kConfig)) continue;
      const std::string name = type.substr(0, type.size() - kConfig.size());
      out.push_back(Json::object(
          {{"metadata", Json::object({{"name", name}})}, {"providerType", name + "Provider"}}));
    }
    return out;
  }

  TypeParts parts_;
};

}  // namespace

void register_source_code_provider(TypeSet& set, const TypeParts& parts) {
  set.add("/v3/project sourceCodeProvider", std::make_unique<SourceCodeProvider>(parts));
}

}  // namespace engine
