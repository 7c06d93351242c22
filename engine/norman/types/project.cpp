// project: lives in its cluster's namespace; its id is CLUSTER:p-xxxxx. What is true of projects on
// both surfaces (quotas, the first two stay) is admission's: access/admission/projects.h.
#include "engine/access/admission/project_limits.h"
#include "engine/access/server_user.h"
#include "engine/base/yaml.h"
#include "engine/norman/norman.h"
#include "engine/norman/project_removal.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

class ProjectType final : public Type {
 public:
  explicit ProjectType(TypeParts parts) : parts_(std::move(parts)) {}

  bool is_shown_as_stored(std::string_view) const override { return true; }
  // Nothing of a project is worked out when it is read: lists of many filter on what is stored.
  bool selects() const override { return false; }
  bool computes(std::string_view) const override { return false; }

  Result<Unit> before_create(const Call&, const Json&, Json& body, Place& place) const override {
    std::string cluster(body.str("clusterId"));
    auto kinds = parts_.registry.kinds().snapshot();
    if (!parts_.registry.get(*kinds->stored("management.cattle.io", "clusters"), "", cluster))
      return Status::field_error(422, "InvalidReference", "clusterId",
                                 "there is no cluster " + cluster);
    place.ns = cluster;
    place.generate_name = "p-";
    return Unit{};
  }

  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    const Json* cluster = changes.find("clusterId");
    if (cluster != nullptr && !(*cluster == Json(old.str({"spec", "clusterName"}))))
      return Status::field_error(422, "InvalidOption", "clusterId",
                                 "a project stays in its cluster");
    return Unit{};
  }

  // Its bindings may come with the next request.
  Result<Unit> after_create(const Call&, const Json& stored, Json&) const override {
    auto namespaces = parts_.registry.kinds().snapshot()->stored("", "namespaces");
    auto made = parts_.registry.create(
        *namespaces, "",
        backing_namespace(stored.str({"metadata", "namespace"}), stored.str({"metadata", "name"})),
        {.user = server_user()});
    if (!made && !made.error().is("AlreadyExists")) return made.error();
    return Unit{};
  }

  void decorate(const Call&, const Json& stored, Look& look) const override {
    if (!stays(stored).empty()) look.remove = false;
    look.actions.push_back("exportYaml");
  }

  Result<Unit> before_remove(const Call&, const Json& stored) const override {
    std::string_view which = stays(stored);
    if (which.empty()) return Unit{};
    return Status::other(405, "MethodNotAllow",
                         "the " + std::string(which) + " project of a cluster cannot be deleted");
  }

  std::optional<Answer> removal(const Call& call, const Json& stored) const override {
    return project_removal(call, stored);
  }

  std::optional<Answer> action(const Call& call, std::string_view action, const Json& stored,
                               const Json&) const override {
    if (action != "exportYaml") return not_available(call, action, stored);
    Json shown = Json::object({{"apiVersion", stored.str("apiVersion")},
                               {"kind", stored.str("kind")},
                               {"metadata", Json::object()}});
    for (std::string_view name : {"name", "namespace", "labels"})
      if (const Json* value = stored.at({"metadata", name})) shown["metadata"].set(name, *value);
    if (const Json* spec = stored.find("spec")) shown.set("spec", *spec);
    Response out{.status = 200, .headers = {}, .body = to_yaml(shown)};
    out.headers.set("Content-Type", "text/yaml");
    return out;
  }

 private:
  static std::optional<Answer> not_available(const Call& call, std::string_view action,
                                             const Json& stored) {
    KindPtr kind = call.norman.holder(call.schema);
    if (!kind ||
        !call.norman.may(call.user(), "update", *kind, stored.str({"metadata", "namespace"}),
                         stored.str({"metadata", "name"})))
      return std::nullopt;
    const bool monitoring = action.ends_with("Monitoring");
    return norman_error(Status::other(
        404, "ActionNotAvailable",
        std::string(action) + " is not available: " +
            (monitoring ? "this server deploys no monitoring"
                        : "clusters of today have no pod security policies; a project's pod "
                          "security level is kept on its namespaces")));
  }

  static std::string_view stays(const Json& stored) {
    if (stored.str({"metadata", "labels", kDefaultProjectLabel}) == "true") return "default";
    if (stored.str({"metadata", "labels", kSystemProjectLabel}) == "true") return "system";
    return {};
  }

  TypeParts parts_;
};

}  // namespace

void register_project(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 project", std::make_unique<ProjectType>(parts));
}

}  // namespace engine
