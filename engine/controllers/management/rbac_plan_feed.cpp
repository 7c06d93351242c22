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
  auto found = place->second.targets.find(key);
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

size_t RbacPlan::SpecHash::operator()(const Spec& spec) const {
  std::hash<std::string> hash;
  return ((hash(spec.of) * 31 + hash(spec.subject.name)) * 31 + hash(spec.subject.ns)) * 31 +
         static_cast<size_t>(spec.source);
}

// Many objects are the same but for their names: they share what they are.
void RbacPlan::set_spec(Target& target, Spec spec) {
  auto& entry = *specs_.try_emplace(std::move(spec), 0).first;
  ++entry.second;
  if (target.spec) release_spec(target);
  target.spec = &entry;
}

void RbacPlan::release_spec(Target& target) {
  if (--target.spec->second == 0) specs_.erase(specs_.find(target.spec->first));
  target.spec = nullptr;
}

void RbacPlan::add_cause(Target& target, const Unit& unit, Mark mark) {
  if (mark == Mark::none) {
    ++target.unmarked;
    return;
  }
  auto at = std::upper_bound(
      target.causes.begin(), target.causes.end(), unit.serial,
      [](uint32_t serial, const auto& other) { return serial < other.first->serial; });
  target.causes.emplace(at, &unit, mark);
}

void RbacPlan::remove_cause(Target& target, const Unit& unit) {
  auto at = std::lower_bound(
      target.causes.begin(), target.causes.end(), unit.serial,
      [](const auto& other, uint32_t serial) { return other.first->serial < serial; });
  if (at != target.causes.end() && at->first == &unit)
    target.causes.erase(at);
  else
    --target.unmarked;
  concern(*target.place, *target.key);
  if (!target.causes.empty() || target.unmarked > 0) return;
  release_spec(target);
  target.place->targets.erase(target.place->targets.find(*target.key));
}

// The difference to what the unit made before is all that is concerned.
void RbacPlan::set_made(Family& family, Unit& unit, MadeList made) {
  if (unit.serial == 0) unit.serial = ++serial_;
  unit.family = &family;
  auto before = std::exchange(unit.made, {});
  std::sort(before.begin(), before.end());
  std::set<const Target*> now;
  unit.made.reserve(made.size());
  for (Made& one : made) {
    Place& at = place(one.place);
    auto [entry, fresh] = at.targets.try_emplace(one.key);
    Target& target = entry->second;
    target.key = &entry->first;
    target.place = &at;
    if (!now.insert(&target).second) continue;
    unit.made.push_back(&target);
    bool changed = fresh || !(target.spec->first == one.spec);
    if (changed) set_spec(target, std::move(one.spec));
    if (!std::binary_search(before.begin(), before.end(), &target)) {
      add_cause(target, unit, one.mark);
      changed = changed || one.mark != Mark::none;
    }
    if (changed) concern(at, entry->first);
  }
  for (Target* old : before)
    if (!now.count(old)) remove_cause(*old, unit);
}

void RbacPlan::drop_made(Unit& unit) {
  for (Target* target : std::exchange(unit.made, {})) remove_cause(*target, unit);
}

void RbacPlan::drop_if_empty(const std::string& id) {
  auto found = families_.find(id);
  if (found != families_.end() && found->second.parts.empty() && found->second.whole.made.empty())
    families_.erase(found);
}

void RbacPlan::drop_family(const std::string& id) {
  auto found = families_.find(id);
  if (found == families_.end()) return;
  for (auto& [part, unit] : found->second.parts) drop_made(unit);
  drop_made(found->second.whole);
  families_.erase(found);
}

void RbacPlan::drop_part(const Grant& grant, const std::string& part) {
  const std::string id = grant.id();
  auto found = families_.find(id);
  if (found == families_.end()) return;
  auto unit = found->second.parts.find(part);
  if (unit == found->second.parts.end()) return;
  drop_made(unit->second);
  found->second.parts.erase(unit);
  drop_if_empty(id);
}

// What names its cause has another name for it.
void RbacPlan::renamed(const Family& family) {
  auto concern_all = [&](const Unit& unit) {
    for (const Target* target : unit.made) concern(*target->place, *target->key);
  };
  concern_all(family.whole);
  for (const auto& [part, unit] : family.parts) concern_all(unit);
}

RbacPlan::Family& RbacPlan::family_of(const Grant& grant) {
  Family& out = families_[grant.id()];
  const bool other = out.owner.uid != grant.uid;
  out.owner = {kind_of(grant.where), grant.name, grant.uid};
  out.label = grant_label(grant);
  if (other) renamed(out);
  return out;
}

void RbacPlan::set_whole(const std::string& id, Owner owner, MadeList made) {
  Family& family = families_[id];
  const bool other = family.owner.uid != owner.uid;
  family.owner = std::move(owner);
  if (other) renamed(family);
  set_made(family, family.whole, std::move(made));
  drop_if_empty(id);
}

void RbacPlan::set_whole(const Grant& grant) {
  Family& family = family_of(grant);
  set_made(family, family.whole, made_by(grant));
  drop_if_empty(grant.id());
}

void RbacPlan::refresh_in(const Grant& grant, const std::string& part) {
  MadeList made = made_in(grant, part);
  if (made.empty()) return drop_part(grant, part);
  Family& family = family_of(grant);
  set_made(family, family.parts[part], std::move(made));
}

void RbacPlan::refresh(const Grant& grant) {
  set_whole(grant);
  if (grant.where == Grant::Where::project)
    if (const Project* of = project(grant.cluster, grant.project))
      for (const std::string& name : of->namespaces) refresh_in(grant, name);
  if (grant.where == Grant::Where::cluster && clusters_.count(grant.cluster))
    each_project(grant.cluster, [&](const std::string& name) { refresh_in(grant, name); });
}

void RbacPlan::each_project(std::string_view cluster,
                            const std::function<void(const std::string& name)>& visit) const {
  const std::string prefix = joined(cluster, ":", "");
  for (auto at = projects_.lower_bound(prefix);
       at != projects_.end() && at->first.starts_with(prefix); ++at)
    if (at->second.there) visit(at->first.substr(prefix.size()));
}

void RbacPlan::put_grant(Grant::Where where, std::string_view ns, std::string_view name,
                         const Json* object) {
  GrantPtr before = model_.put_grant(where, ns, name, object);
  GrantPtr now = object ? model_.grant(Grant::id_of(where, ns, name)) : nullptr;
  const bool same_place =
      before && now && before->cluster == now->cluster && before->project == now->project;
  if (before && !same_place) drop_family(before->id());
  if (now) refresh(*now);
}

void RbacPlan::put_global_role(std::string_view name, const Json* object) {
  model_.put_global_role(name, object);
  const std::string id = "gr/" + std::string(name), role(name);
  const std::string key = rbac_key(RbacKind::cluster_role, "", "cattle-globalrole-" + role);
  if (object)
    set_whole(id, {"GlobalRole", role, uid_of(*object)},
              {{std::string(kLocal), key, {Source::global_role, role, true, {}}, Mark::none}});
  else
    drop_family(id);
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
    clusters_[std::string(id)].uid = uid_of(*object);
    place(id);
  }
  auto bindings = model_.in_cluster(id);
  if (!object) {
    for (const auto& [grant_id, grant] : bindings) drop_family(grant_id);
    clusters_.erase(found);
  } else {
    for (const auto& [grant_id, grant] : bindings) refresh(*grant);
  }
  each_project(id, [&](const std::string& name) {
    for (const auto& [grant_id, grant] : model_.in_project(id, name)) refresh(*grant);
  });
  for (std::string_view role : {"admin", "restricted-admin"})
    for (const auto& [grant_id, grant] : model_.by_role(Grant::Where::global, role))
      refresh(*grant);
}

void RbacPlan::put_project(std::string_view cluster, std::string_view name, const Json* object) {
  Project& of = projects_[joined(cluster, ":", name)];
  if (of.there == (object != nullptr) && (!object || of.uid == uid_of(*object))) return;
  of.there = object != nullptr;
  of.uid = object ? uid_of(*object) : std::string();
  const std::string project_name(name);
  for (const auto& [id, grant] : model_.in_project(cluster, name)) refresh(*grant);
  for (const auto& [id, grant] : model_.in_cluster(cluster)) {
    if (object)
      refresh_in(*grant, project_name);
    else
      drop_part(*grant, project_name);
  }
  if (object) return;
  if (of.namespaces.empty()) projects_.erase(joined(cluster, ":", name));
}

void RbacPlan::put_user(std::string_view name, const Json* object) {
  const std::string id = "user/" + std::string(name), user(name);
  if (!object) {
    users_.erase(user);
    return drop_family(id);
  }
  std::string& uid = users_[user];
  if (uid == uid_of(*object)) return;
  uid = uid_of(*object);
  GrantSubject subject{GrantSubject::Kind::user, {}, user};
  set_whole(id, {"User", user, uid},
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
        drop_part(*grant, ns);
      if (first_or_last) set_whole(*grant);
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
  auto found = families_.find(std::string(grant_id));
  if (found == families_.end()) return out;
  for (const Target* target : found->second.whole.made)
    if (target->place->id == kLocal) out.push_back(*target->key);
  return out;
}

RbacPlan::Numbers RbacPlan::numbers() const {
  Numbers out{places_.size(), 0, 0};
  for (const auto& [id, place] : places_) out.objects += place.targets.size();
  for (const auto& [id, family] : families_)
    out.units += family.parts.size() + (family.whole.made.empty() ? 0 : 1);
  return out;
}

}  // namespace engine
