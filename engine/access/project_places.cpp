#include "engine/access/project_places.h"

#include <algorithm>
#include <set>

#include "engine/access/admission/project_limits.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";

bool names(const Json& binding, const User& user) {
  const std::string_view group = binding.str("groupName", binding.str("groupPrincipalName"));
  const bool by_group = !group.empty() && std::find(user.groups.begin(), user.groups.end(),
                                                    group) != user.groups.end();
  return by_group || (!user.name.empty() && binding.str("userName") == user.name);
}

}  // namespace

ProjectPlaces::ProjectPlaces(Dispatcher& dispatcher, KindSet& kinds, Authorizer& authorizer)
    : dispatcher_(dispatcher),
      authorizer_(authorizer),
      bindings_(kinds.snapshot()->stored(kGroup, "projectroletemplatebindings")) {}

Result<std::string> ProjectPlaces::only_project_of(const User& user, std::string_view cluster) {
  if (bindings_ == nullptr || user.name.starts_with("system:")) return std::string();
  // Who is over all projects says which one is meant.
  if (authorizer_.authorize(user, {"update", kGroup, "projects", {}, cluster, {}, {}}).allowed)
    return std::string();
  auto all = TRY(dispatcher_.list(*bindings_, "", nullptr, "", 0));
  std::set<std::string> found;
  const std::string begins = std::string(cluster) + ":", mark = "\"" + begins;
  for (const auto& binding : all.objects) {
    if (binding->bytes->find(mark) == std::string::npos) continue;
    const Json object = TRY(parse_json(*binding->bytes));
    const std::string_view project = object.str("projectName");
    if (project.starts_with(begins) && names(object, user)) found.emplace(project);
    if (found.size() > 1) return std::string();
  }
  return found.empty() ? std::string() : *found.begin();
}

Result<Unit> ProjectPlaces::may_use(const User& user, std::string_view cluster,
                                    std::string_view ns_name, std::string_view id) {
  const size_t colon = id.find(':');
  const std::string_view project = colon == id.npos ? "" : id.substr(colon + 1);
  const bool visible =
      id.substr(0, colon) == cluster && !project.empty() &&
      authorizer_.authorize(user, {"get", kGroup, "projects", {}, cluster, project, {}}).allowed;
  if (visible) return Unit{};
  return Status::forbidden(
      {"", "namespaces", std::string(ns_name)}, "",
      "there is no project " + std::string(id) + " that you can see in this cluster");
}

Result<Unit> ProjectPlaces::place(const User& user, std::string_view cluster, Json& ns) {
  std::string id(ns.str({"metadata", "annotations", kProjectIdAnnotation}));
  if (!id.empty()) {
    TRY(may_use(user, cluster, ns.str({"metadata", "name"}), id));
  } else {
    id = TRY(only_project_of(user, cluster));
  }
  if (id.empty())
    set_project_label(ns, id);
  else
    set_project(ns, id);
  return Unit{};
}

}  // namespace engine
