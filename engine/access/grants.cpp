#include "engine/access/grants.h"

#include <cstring>
#include <mutex>

namespace engine {
namespace {

enum Source : size_t {
  kGlobalRoles,
  kTemplates,
  kGlobalBindings,
  kClusterBindings,
  kProjectBindings,
  kClusterRoles
};
// What Authorization makes is no external role.
constexpr std::string_view kMadeByLabel = "authz.management.cattle.io/made-by";

}  // namespace

Grants::Grants(storage::Env& env, Dispatcher& dispatcher, KindSet& kinds)
    : feeds_(
          env, dispatcher, kinds,
          {{kGrantGroup, "globalroles"},
           {kGrantGroup, "roletemplates"},
           {kGrantGroup, grant_plural(Grant::Where::global)},
           {kGrantGroup, grant_plural(Grant::Where::cluster)},
           {kGrantGroup, grant_plural(Grant::Where::project)},
           {"rbac.authorization.k8s.io", "clusterroles"}},
          [this](size_t source, std::string_view ns, std::string_view name, const Bytes* bytes) {
            put(source, ns, name, bytes);
          },
          [this](size_t source) {
            std::unique_lock lock(mutex_);
            model_.clear(static_cast<GrantModel::Part>(source));
          }) {}

void Grants::put(size_t source, std::string_view ns, std::string_view name, const Bytes* bytes) {
  if (source == kClusterRoles && bytes &&
      memmem((*bytes)->data(), (*bytes)->size(), kMadeByLabel.data(), kMadeByLabel.size()))
    return;
  Json object;
  if (bytes) {
    auto parsed = parse_json(**bytes);
    if (!parsed) return;
    object = std::move(*parsed);
  }
  const Json* now = bytes ? &object : nullptr;
  std::unique_lock lock(mutex_);
  switch (source) {
    case kGlobalRoles:
      model_.put_global_role(name, now);
      break;
    case kTemplates:
      model_.put_template(name, now);
      break;
    case kGlobalBindings:
      model_.put_grant(Grant::Where::global, ns, name, now);
      break;
    case kClusterBindings:
      model_.put_grant(Grant::Where::cluster, ns, name, now);
      break;
    case kProjectBindings:
      model_.put_grant(Grant::Where::project, ns, name, now);
      break;
    default:
      model_.put_external(name, now ? std::make_shared<const std::vector<PolicyRule>>(
                                          PolicyRule::parse_all(now->find("rules")))
                                    : nullptr);
  }
}

Result<Unit> Grants::read(const std::function<void(const GrantModel&)>& look) {
  if (!feeds_.current())
    return Status::service_unavailable("the roles and bindings cannot be read at the moment");
  std::shared_lock lock(mutex_);
  look(model_);
  return Unit{};
}

std::vector<const PolicyRule*> Grants::held(const GrantModel& model, const User& user,
                                            std::string_view cluster, std::string_view project) {
  std::vector<const PolicyRule*> out;
  auto take = [&](const std::string& subject) {
    for (const auto& [id, grant] : model.by_subject(subject)) {
      const bool of_cluster = grant->where == Grant::Where::cluster && grant->cluster == cluster;
      const bool of_project = grant->where == Grant::Where::project && !project.empty() &&
                              grant->cluster == cluster && grant->project == project;
      if (!of_cluster && !of_project) continue;
      for (const auto& role : model.closure(grant->role))
        for (const PolicyRule& rule : model.rules_of(*role)) out.push_back(&rule);
    }
  };
  take("u:" + user.name);
  for (const std::string& group : user.groups) take("g:" + group);
  return out;
}

std::vector<const PolicyRule*> Grants::held_globally(const GrantModel& model, const User& user) {
  std::vector<const PolicyRule*> out;
  auto take = [&](const std::string& subject) {
    for (const auto& [id, grant] : model.by_subject(subject)) {
      auto role = grant->where == Grant::Where::global ? model.global_role(grant->role) : nullptr;
      if (!role) continue;
      for (const PolicyRule& rule : *role->rules) out.push_back(&rule);
    }
  };
  take("u:" + user.name);
  for (const std::string& group : user.groups) take("g:" + group);
  return out;
}

}  // namespace engine
