// RbacPlan: what changes with an object that comes, and the bookkeeping of who makes what.
#include <algorithm>

#include "engine/controllers/management/rbac_plan.h"

namespace engine {
namespace {

std::string joined(std::string_view a, std::string_view between, std::string_view b) {
  return std::string(a).append(between).append(b);
}

std::string_view kind_of(Grant::Where where) {
  if (where == Grant::Where::global) return "GlobalRoleBinding";
  return where == Grant::Where::cluster ? "ClusterRoleTemplateBinding"
                                        : "ProjectRoleTemplateBinding";
}

std::string uid_of(const Json& object) {
  return std::string(object.str({"metadata", "uid"}));
}

}  // namespace

struct RbacPlan::Shape {
  bool there = false, external = false, for_clusters = false;
  bool owns_clusters = false, owns_projects = false, creates = false, promotes = false;
  bool in_cluster = false, of_project = false, in_project = false;
  std::vector<std::string> inherits;
  bool operator==(const Shape&) const = default;
};

RbacPlan::RbacPlan() {
  place(kLocal);
}

RbacPlan::Place& RbacPlan::place(std::string_view id) {
  Place& out = places_[std::string(id)];
  if (out.id.empty()) out.id = id;
  return out;
}

const RbacPlan::Target* RbacPlan::target(std::string_view place_id, std::string_view key) const {
  auto place = places_.find(place_id);
  if (place == places_.end()) return nullptr;
  auto found = place->second.targets.find(std::string(key));
  return found == place->second.targets.end() ? nullptr : &found->second;
}

RbacPlan::Target* RbacPlan::target(std::string_view place_id, std::string_view key) {
  return const_cast<Target*>(std::as_const(*this).target(place_id, key));
}

bool RbacPlan::is_wanted(std::string_view place_id, std::string_view key) const {
  return target(place_id, key) != nullptr;
}

void RbacPlan::concern(const Place& place, const std::string& key) {
  concerned_.emplace(place.id, key);
}

void RbacPlan::concern_if_there(std::string_view place_id, const std::string& key) {
  if (is_wanted(place_id, key)) concerned_.emplace(std::string(place_id), key);
}

std::vector<RbacPlan::Concerned> RbacPlan::take_concerned() {
  std::vector<Concerned> out;
  out.reserve(concerned_.size());
  for (const auto& [place, key] : concerned_) out.push_back({place, key});
  concerned_.clear();
  return out;
}

// The difference to what the unit made before is all that is concerned.
void RbacPlan::set_unit(const std::string& id, Owner owner, std::string label, MadeList made) {
  if (made.empty()) return drop_unit(id);
  Unit& unit = units_[id];
  const bool renamed = unit.owner.uid != owner.uid || unit.label != label;
  unit.owner = std::move(owner);
  unit.label = std::move(label);
  auto before = std::move(unit.made);
  unit.made.clear();
  for (Made& one : made) {
    Place& at = place(one.place);
    auto [entry, fresh] = at.targets.try_emplace(one.key);
    Target& target = entry->second;
    target.key = &entry->first;
    if (std::find_if(unit.made.begin(), unit.made.end(),
                     [&](const auto& other) { return other.second == &target; }) != unit.made.end())
      continue;
    unit.made.emplace_back(&at, &target);
    auto cause = std::find_if(target.causes.begin(), target.causes.end(),
                              [&](const auto& other) { return other.first == &unit; });
    bool changed = fresh || renamed || !(target.spec == one.spec);
    if (cause == target.causes.end()) {
      target.causes.emplace_back(&unit, one.mark);
      changed = changed || one.mark != Mark::none;
    }
    target.spec = std::move(one.spec);
    if (changed) concern(at, entry->first);
  }
  for (const auto& [at, old] : before) {
    auto same = [target = old](const auto& other) { return other.second == target; };
    if (std::any_of(unit.made.begin(), unit.made.end(), same)) continue;
    std::erase_if(old->causes, [&](const auto& cause) { return cause.first == &unit; });
    concern(*at, *old->key);
    if (old->causes.empty()) at->targets.erase(std::string(*old->key));
  }
}

void RbacPlan::drop_unit(const std::string& id) {
  auto found = units_.find(id);
  if (found == units_.end()) return;
  for (const auto& [at, target] : found->second.made) {
    std::erase_if(target->causes, [&](const auto& cause) { return cause.first == &found->second; });
    concern(*at, *target->key);
    if (target->causes.empty()) at->targets.erase(std::string(*target->key));
  }
  units_.erase(found);
}

void RbacPlan::refresh_in(const Grant& grant, const std::string& part) {
  set_unit(grant.id() + "@" + part, {kind_of(grant.where), grant.name, grant.uid},
           grant_label(grant), made_in(grant, part));
}

void RbacPlan::refresh(const Grant& grant) {
  set_unit(grant.id(), {kind_of(grant.where), grant.name, grant.uid}, grant_label(grant),
           made_by(grant));
  if (grant.where == Grant::Where::project)
    if (const Project* of = project(grant.cluster, grant.project))
      for (const std::string& name : of->namespaces) refresh_in(grant, name);
  if (grant.where != Grant::Where::cluster) return;
  auto cluster = clusters_.find(grant.cluster);
  if (cluster == clusters_.end()) return;
  for (const std::string& name : cluster->second.projects) refresh_in(grant, name);
}

void RbacPlan::forget(const Grant& grant) {
  drop_unit(grant.id());
  if (grant.where == Grant::Where::project)
    if (const Project* of = project(grant.cluster, grant.project))
      for (const std::string& name : of->namespaces) drop_unit(grant.id() + "@" + name);
  if (grant.where != Grant::Where::cluster) return;
  auto cluster = clusters_.find(grant.cluster);
  if (cluster == clusters_.end()) return;
  for (const std::string& name : cluster->second.projects) drop_unit(grant.id() + "@" + name);
}

void RbacPlan::put_grant(Grant::Where where, std::string_view ns, std::string_view name,
                         const Json* object) {
  GrantPtr before = model_.put_grant(where, ns, name, object);
  GrantPtr now = object ? model_.grant(Grant::id_of(where, ns, name)) : nullptr;
  const bool same_place =
      before && now && before->cluster == now->cluster && before->project == now->project;
  if (before && !same_place) forget(*before);
  if (now) refresh(*now);
}

void RbacPlan::put_global_role(std::string_view name, const Json* object) {
  model_.put_global_role(name, object);
  const std::string id = "gr/" + std::string(name), role(name);
  const std::string key = rbac_key(RbacKind::cluster_role, "", "cattle-globalrole-" + role);
  if (object)
    set_unit(id, {"GlobalRole", role, uid_of(*object)}, "",
             {{std::string(kLocal), key, {Source::global_role, role, true, {}}, Mark::none}});
  else
    drop_unit(id);
  concern(place(kLocal), key);
  for (const auto& [grant_id, grant] : model_.by_role(Grant::Where::global, name)) refresh(*grant);
}

RbacPlan::Shape RbacPlan::shape_of(const RoleTemplate* role) const {
  Shape out;
  if (!role) return out;
  const auto& rules = model_.rules_of(*role);
  out.there = true;
  out.external = role->external;
  out.for_clusters = role->context != "project";
  out.owns_clusters = owns(rules, "clusters");
  out.owns_projects = owns(rules, "projects");
  out.creates = creates_namespaces(rules);
  out.promotes = !promoted_rules(rules).empty();
  out.in_cluster = !plane_rules(rules, Plane::cluster).empty();
  out.of_project = !plane_rules(rules, Plane::cluster_of_project).empty();
  out.in_project = !plane_rules(rules, Plane::project).empty();
  out.inherits = role->inherits;
  return out;
}

void RbacPlan::put_template(std::string_view name, const Json* object) {
  Shape before = shape_of(model_.template_of(name).get());
  model_.put_template(name, object);
  if (!(before == shape_of(model_.template_of(name).get()))) refresh_role_users(name);
  rules_changed(name);
}

void RbacPlan::put_external(std::string_view name, RuleList rules) {
  Shape before = shape_of(model_.template_of(name).get());
  model_.put_external(name, std::move(rules));
  if (!(before == shape_of(model_.template_of(name).get()))) refresh_role_users(name);
  rules_changed(name);
}

void RbacPlan::refresh_role_users(std::string_view name) {
  for (const std::string& heir : model_.heirs(name))
    for (auto where : {Grant::Where::cluster, Grant::Where::project})
      for (const auto& [id, grant] : model_.by_role(where, heir)) refresh(*grant);
}

// The roles whose rules come from the template, wherever they are.
void RbacPlan::rules_changed(std::string_view name) {
  const std::string whole = rbac_key(RbacKind::cluster_role, "", name);
  for (const auto& [id, place] : places_) {
    concern_if_there(id, whole);
    concern_if_there(id, whole + "-promoted");
  }
  concern_if_there(kLocal, whole + "-in-projects");
  for (const auto& [id, cluster] : clusters_) {
    const std::string role = rbac_key(RbacKind::role, id, name);
    for (std::string_view more : {"", "-of-cluster", "-of-project"})
      concern_if_there(kLocal, joined(role, "", more));
  }
}

void RbacPlan::put_cluster(std::string_view id, const Json* object) {
  auto found = clusters_.find(id);
  const bool was = found != clusters_.end();
  if (was == (object != nullptr) && (!was || found->second.uid == uid_of(*object))) return;
  if (object) {
    if (!was) {
      Cluster& made = clusters_[std::string(id)];
      const std::string prefix = joined(id, ":", "");
      for (auto at = projects_.lower_bound(prefix);
           at != projects_.end() && at->first.starts_with(prefix); ++at)
        if (at->second.there) made.projects.insert(at->first.substr(prefix.size()));
      found = clusters_.find(id);
    }
    found->second.uid = uid_of(*object);
    place(id);
  }
  // While the cluster is still known, so that what its bindings made in its projects is found.
  std::set<std::string, std::less<>> projects;
  if (found != clusters_.end()) projects = found->second.projects;
  auto bindings = model_.in_cluster(id);
  if (!object) {
    for (const auto& [grant_id, grant] : bindings) forget(*grant);
    clusters_.erase(found);
  } else {
    for (const auto& [grant_id, grant] : bindings) refresh(*grant);
  }
  for (const std::string& name : projects)
    for (const auto& [grant_id, grant] : model_.in_project(id, name)) refresh(*grant);
  for (std::string_view role : {"admin", "restricted-admin"})
    for (const auto& [grant_id, grant] : model_.by_role(Grant::Where::global, role))
      refresh(*grant);
}

void RbacPlan::put_project(std::string_view cluster, std::string_view name, const Json* object) {
  Project& of = projects_[joined(cluster, ":", name)];
  if (of.there == (object != nullptr) && (!object || of.uid == uid_of(*object))) return;
  of.there = object != nullptr;
  of.uid = object ? uid_of(*object) : std::string();
  auto in = clusters_.find(cluster);
  const std::string project_name(name);
  if (object && in != clusters_.end()) in->second.projects.insert(project_name);
  for (const auto& [id, grant] : model_.in_project(cluster, name)) refresh(*grant);
  for (const auto& [id, grant] : model_.in_cluster(cluster)) {
    if (object)
      refresh_in(*grant, project_name);
    else
      drop_unit(grant->id() + "@" + project_name);
  }
  if (object) return;
  if (in != clusters_.end()) in->second.projects.erase(project_name);
  if (of.namespaces.empty()) projects_.erase(joined(cluster, ":", name));
}

void RbacPlan::put_user(std::string_view name, const Json* object) {
  const std::string id = "user/" + std::string(name), user(name);
  if (!object) {
    users_.erase(user);
    return drop_unit(id);
  }
  std::string& uid = users_[user];
  if (uid == uid_of(*object)) return;
  uid = uid_of(*object);
  GrantSubject subject{GrantSubject::Kind::user, {}, user};
  set_unit(id, {"User", user, uid}, "",
           {{std::string(kLocal),
             rbac_key(RbacKind::cluster_role, "", user + "-view"),
             {Source::user_view, user, true, {}},
             Mark::none},
            {std::string(kLocal),
             rbac_key(RbacKind::cluster_binding, "", "grb-" + user + "-view"),
             {Source::binding, user + "-view", true, subject},
             Mark::owned}});
}

void RbacPlan::put_namespace(std::string_view cluster, std::string_view name,
                             std::string_view project_name) {
  Place& at = place(cluster);
  auto found = at.project_of.find(name);
  const std::string before = found == at.project_of.end() ? std::string() : found->second;
  if (before == project_name) return;
  const std::string ns(name);
  auto changed = [&](const std::string& of, bool joins) {
    if (of.empty()) return;
    Project& project = projects_[joined(cluster, ":", of)];
    const bool had = !project.namespaces.empty();
    if (joins)
      project.namespaces.insert(ns);
    else
      project.namespaces.erase(ns);
    const bool first_or_last = had != !project.namespaces.empty();
    for (const auto& [id, grant] : model_.in_project(cluster, of)) {
      if (joins)
        refresh_in(*grant, ns);
      else
        drop_unit(grant->id() + "@" + ns);
      if (first_or_last)
        set_unit(grant->id(), {kind_of(grant->where), grant->name, grant->uid}, grant_label(*grant),
                 made_by(*grant));
    }
    for (std::string_view kind : {"-namespaces-readonly", "-namespaces-edit"})
      concern_if_there(cluster, rbac_key(RbacKind::cluster_role, "", joined(of, "", kind)));
    if (!project.there && project.namespaces.empty()) projects_.erase(joined(cluster, ":", of));
  };
  if (project_name.empty())
    at.project_of.erase(ns);
  else
    at.project_of[ns] = project_name;
  changed(before, false);
  changed(std::string(project_name), true);
}

std::vector<std::string> RbacPlan::made_here(std::string_view grant_id) const {
  std::vector<std::string> out;
  auto found = units_.find(std::string(grant_id));
  if (found == units_.end()) return out;
  for (const auto& [at, target] : found->second.made)
    if (at->id == kLocal) out.push_back(*target->key);
  return out;
}

RbacPlan::Numbers RbacPlan::numbers() const {
  Numbers out{places_.size(), 0, units_.size()};
  for (const auto& [id, place] : places_) out.objects += place.targets.size();
  return out;
}

}  // namespace engine
