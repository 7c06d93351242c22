// namespace (of /v3/cluster/ID): belongs to a project by annotation and label, and may move between
// projects.
#include "engine/access/admission/project_limits.h"
#include "engine/norman/norman.h"
#include "engine/norman/types/far_quota.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

class NamespaceType final : public Type {
 public:
  explicit NamespaceType(TypeParts parts) : parts_(std::move(parts)), quota_(parts_.env) {}

  Result<Unit> before_create(const Call& call, const Json&, Json& body,
                             Place& place) const override {
    if (place.name.empty()) return Status::field_error(422, "MissingRequired", "name", "");
    if (std::string project(body.str("projectId")); !project.empty())
      TRY(check_project(call, project));
    return Unit{};
  }

  // Its part of the project's quota, complete, on a namespace of another cluster: no transaction
  // holds it and its project together.
  Result<Unit> take_part(const Call& call, Json& stored) const {
    const std::string name(project_in(call.context, stored));
    if (!call.remote || name.empty()) return Unit{};
    const Json project = TRY(project_of(call, name));
    const Amounts limit = TRY(read_limit(project.at({"spec", "resourceQuota", "limit"}), ""));
    if (limit.empty()) return Unit{};
    const Amounts otherwise =
        TRY(read_limit(project.at({"spec", "namespaceDefaultResourceQuota", "limit"}), ""));
    Json quota = annotation_of(stored, kQuotaAnnotation);
    const Amounts own = TRY(read_limit(quota.find("limit"), "resourceQuota"));
    const Amounts part = completed_limit(own, otherwise, limit);
    stored.make({"metadata", "annotations"})
        .set(kQuotaAnnotation, dump(Json::object({{"limit", limit_json(part)}})));
    return Unit{};
  }
  // What does not fit is refused here; what comes to be beside this server its controller finds.
  void before_write(Conversation& with, const Old& old, std::shared_ptr<Json> stored,
                    Done done) const override {
    const std::string name(project_in(with.call().context, *stored));
    if (name.empty()) return done(Unit{});
    auto project = project_of(with.call(), name);
    if (!project) return done(project.error());
    const Json* limit = project->at({"spec", "resourceQuota", "limit"});
    if (!limit || limit->size() == 0 || (old && same_part(*old, *stored))) return done(Unit{});
    quota_.check(with, *project, old.get(), *stored, done);
  }
  bool act_there(Conversation& with, std::string_view action, const Json& input,
                 const std::shared_ptr<Json>& stored, const Done& done) const override {
    if (action != "move") return false;
    const std::string project(input.str("projectId"));
    auto old = std::make_shared<const Json>(*stored);
    auto moved = project.empty() ? Result<Unit>(Unit{}) : check_project(with.call(), project);
    if (moved) set_project(*stored, project);
    if (moved) moved = take_part(with.call(), *stored);
    if (!moved) {
      done(moved.error());
    } else {
      before_write(with, old, stored, done);
    }
    return true;
  }

  // The label carries the project's part of the id, for selectors.
  Result<Unit> to_store(const Call& call, Json& stored) const override {
    std::string_view project = stored.str({"metadata", "annotations", kProjectIdAnnotation});
    if (project.find(':') == std::string_view::npos) return Unit{};
    set_project_label(stored, std::string(project));
    return take_part(call, stored);
  }

  void decorate(const Call& call, const Json& stored, Look& look) const override {
    KindPtr kind = call.norman.holder(call.schema);
    if (call.remote || (kind && call.norman.may(call.user(), "update", *kind, "",
                                                stored.str({"metadata", "name"}))))
      look.actions.push_back("move");
  }

  std::optional<Answer> action(const Call& call, std::string_view action, const Json& stored,
                               const Json& input) const override {
    std::string name(stored.str({"metadata", "name"}));
    KindPtr kind = call.norman.holder(call.schema);
    if (action != "move" || !kind || !call.norman.may(call.user(), "update", *kind, "", name))
      return std::nullopt;
    auto moved = [&]() -> Result<Unit> {
      std::string project(input.str("projectId"));
      if (!project.empty()) TRY(check_project(call, project));
      TRY(parts_.registry.modify(*kind, "", name, {.user = call.user(), .field_manager = "paddock"},
                                 [&](Json& object) -> Result<bool> {
                                   set_project(object, project);
                                   return true;
                                 }));
      return Unit{};
    }();
    if (!moved) return norman_error(moved.error());
    return Response{.status = 204, .headers = {}, .body = {}};
  }

 private:
  static bool same_part(const Json& a, const Json& b) {
    for (std::string_view key : {kProjectIdAnnotation, kQuotaAnnotation})
      if (a.str({"metadata", "annotations", key}) != b.str({"metadata", "annotations", key}))
        return false;
    return true;
  }
  Result<Json> project_of(const Call& call, const std::string& name) const {
    auto kind = parts_.registry.kinds().snapshot()->stored("management.cattle.io", "projects");
    return TRY(parts_.registry.get(*kind, call.context, name)).json();
  }
  Result<Unit> check_project(const Call& call, const std::string& project) const {
    size_t colon = project.find(':');
    auto missing = Status::field_error(422, "InvalidReference", "projectId",
                                       "there is no project " + project + " in this cluster");
    if (colon == std::string::npos || project.substr(0, colon) != call.context) return missing;
    auto kinds = parts_.registry.kinds().snapshot();
    KindPtr kind = kinds->stored("management.cattle.io", "projects");
    std::string ns = project.substr(0, colon), name = project.substr(colon + 1);
    if (!call.norman.may(call.user(), "get", *kind, ns, name) ||
        !parts_.registry.get(*kind, ns, name))
      return missing;
    return Unit{};
  }

  TypeParts parts_;
  mutable FarQuota quota_;  // has a lock of its own
};

}  // namespace

void register_namespace(TypeSet& set, const TypeParts& parts) {
  set.add("/v3/cluster namespace", std::make_unique<NamespaceType>(parts));
}

}  // namespace engine
