// RbacPlan: what the roles and bindings make. What of it changes with what is in
// rbac_plan_feed.cpp.
#include "engine/controllers/management/rbac_plan.h"

#include <algorithm>

namespace engine {
namespace {

constexpr std::string_view kCreateNamespaces = "create-ns";

// Labels name at most so many of the bindings that an object is there for; the plan knows all.
constexpr size_t kMarksMax = 16;

std::string joined(std::string_view a, std::string_view between, std::string_view b) {
  return std::string(a).append(between).append(b);
}

bool is_for_clusters(const RoleTemplate& role) {
  return role.context != "project";
}

// The role that holds what a template says of the management API in a cluster's namespace: two
// where a template is bound in a place that it was not made for, because the planes differ.
std::string plane_role(const RoleTemplate& role, Grant::Where where) {
  if (where == Grant::Where::cluster)
    return is_for_clusters(role) ? role.name : role.name + "-of-cluster";
  return is_for_clusters(role) ? role.name + "-of-project" : role.name;
}

std::string in_projects(const RoleTemplate& role) {
  return role.name + "-in-projects";
}

std::string hashed(std::string_view prefix, std::initializer_list<std::string_view> of) {
  std::string text;
  for (std::string_view part : of) text.append(part).append("|");
  return joined(prefix, "", binding_hash(text));
}

Json json_of(const std::vector<PolicyRule>& rules) {
  Json out = Json::array();
  for (const PolicyRule& rule : rules) out.push_back(rule_json(rule));
  return out;
}

}  // namespace

std::vector<std::string> RbacPlan::keys(std::string_view place_id) const {
  std::vector<std::string> out;
  auto found = places_.find(place_id);
  if (found == places_.end()) return out;
  out.reserve(found->second.targets.size());
  for (const auto& [key, target] : found->second.targets) out.push_back(key);
  return out;
}

std::vector<std::string> RbacPlan::places() const {
  std::vector<std::string> out;
  for (const auto& [id, place] : places_) out.push_back(id);
  return out;
}

std::vector<std::string> RbacPlan::namespaces(std::string_view cluster) const {
  std::vector<std::string> out;
  auto found = places_.find(cluster);
  if (found == places_.end()) return out;
  for (const auto& [name, project] : found->second.project_of) out.push_back(name);
  return out;
}

const RbacPlan::Project* RbacPlan::project(std::string_view cluster, std::string_view name) const {
  auto found = projects_.find(joined(cluster, ":", name));
  return found == projects_.end() ? nullptr : &found->second;
}

bool RbacPlan::may_stand(const Grant& grant) const {
  if (grant.subject.kind == GrantSubject::Kind::none) return false;
  if (grant.where == Grant::Where::global) return model_.global_role(grant.role) != nullptr;
  if (!clusters_.count(grant.cluster)) return false;
  if (grant.where == Grant::Where::cluster) return true;
  const Project* of = project(grant.cluster, grant.project);
  return of && of->there;
}

RbacPlan::MadeList RbacPlan::made_by(const Grant& grant) const {
  MadeList out;
  if (!may_stand(grant)) return out;
  if (grant.where == Grant::Where::cluster) add_cluster_grant(grant, out);
  if (grant.where == Grant::Where::project) add_project_grant(grant, out);
  if (grant.where != Grant::Where::global) return out;
  out.push_back({std::string(kLocal),
                 rbac_key(RbacKind::cluster_binding, "", "cattle-globalrolebinding-" + grant.name),
                 {Source::binding, "cattle-globalrole-" + grant.role, true, grant.subject},
                 Mark::global});
  const bool everywhere = grant.role == "admin", elsewhere = grant.role == "restricted-admin";
  if (!everywhere && !elsewhere) return out;
  // Names of groups have slashes, which names of objects may not.
  std::string whom = grant.subject.kind == GrantSubject::Kind::user
                         ? grant.subject.name
                         : hashed("g-", {grant.subject.key()});
  auto at = [&](std::string_view cluster) {
    out.push_back({std::string(cluster),
                   rbac_key(RbacKind::cluster_binding, "", "globaladmin-" + whom),
                   {Source::binding, "cluster-admin", true, grant.subject},
                   Mark::owned});
  };
  if (everywhere) at(kLocal);
  for (const auto& [id, cluster] : clusters_)
    if (id != kLocal) at(id);
  return out;
}

void RbacPlan::add_cluster_grant(const Grant& grant, MadeList& out) const {
  auto closure = model_.closure(grant.role);
  if (closure.empty()) return;
  const std::string &cluster = grant.cluster, local(kLocal);
  bool owner = false;
  for (const auto& role : closure) owner = owner || owns(model_.rules_of(*role), "clusters");
  std::string membership = cluster + (owner ? "-clusterowner" : "-clustermember");
  out.push_back({local,
                 rbac_key(RbacKind::cluster_role, "", membership),
                 {owner ? Source::cluster_owner : Source::cluster_member, cluster, true, {}},
                 Mark::none});
  out.push_back(
      {local,
       rbac_key(RbacKind::cluster_binding, "", hashed("crb-", {membership, grant.subject.key()})),
       {Source::binding, membership, true, grant.subject},
       Mark::membership});
  for (const auto& role : closure) {
    const auto& rules = model_.rules_of(*role);
    if (!plane_rules(rules, Plane::cluster).empty()) {
      std::string name = plane_role(*role, grant.where);
      out.push_back({local,
                     rbac_key(RbacKind::role, cluster, name),
                     {Source::cluster_plane, role->name, true, {}},
                     Mark::none});
      out.push_back({local,
                     rbac_key(RbacKind::binding, cluster, grant.name + "-" + role->name),
                     {Source::binding, name, false, grant.subject},
                     Mark::owned});
    }
    if (!role->external)
      out.push_back({cluster,
                     rbac_key(RbacKind::cluster_role, "", role->name),
                     {Source::whole, role->name, true, {}},
                     Mark::none});
    out.push_back({cluster,
                   rbac_key(RbacKind::cluster_binding, "",
                            hashed("crb-", {grant.id(), role->name, grant.subject.key()})),
                   {Source::binding, role->name, true, grant.subject},
                   Mark::in_cluster});
  }
}

void RbacPlan::add_project_grant(const Grant& grant, MadeList& out) const {
  auto closure = model_.closure(grant.role);
  if (closure.empty()) return;
  const std::string &cluster = grant.cluster, &project = grant.project, local(kLocal);
  bool owner = false;
  for (const auto& role : closure) owner = owner || owns(model_.rules_of(*role), "projects");
  std::string membership = project + (owner ? "-projectowner" : "-projectmember");
  std::string member = cluster + "-clustermember";
  out.push_back({local,
                 rbac_key(RbacKind::role, cluster, membership),
                 {owner ? Source::project_owner : Source::project_member, project, true, {}},
                 Mark::none});
  out.push_back({local,
                 rbac_key(RbacKind::binding, cluster,
                          hashed("rb-", {cluster, membership, grant.subject.key()})),
                 {Source::binding, membership, false, grant.subject},
                 Mark::membership});
  out.push_back({local,
                 rbac_key(RbacKind::cluster_role, "", member),
                 {Source::cluster_member, cluster, true, {}},
                 Mark::none});
  out.push_back(
      {local,
       rbac_key(RbacKind::cluster_binding, "", hashed("crb-", {member, grant.subject.key()})),
       {Source::binding, member, true, grant.subject},
       Mark::membership});
  for (const auto& role : closure) {
    const auto& rules = model_.rules_of(*role);
    if (!plane_rules(rules, Plane::project).empty()) {
      out.push_back({local,
                     rbac_key(RbacKind::cluster_role, "", in_projects(*role)),
                     {Source::project_plane, role->name, true, {}},
                     Mark::none});
      out.push_back({local,
                     rbac_key(RbacKind::binding, project, grant.name + "-" + role->name),
                     {Source::binding, in_projects(*role), true, grant.subject},
                     Mark::owned});
    }
    if (plane_rules(rules, Plane::cluster_of_project).empty()) continue;
    std::string name = plane_role(*role, grant.where);
    out.push_back({local,
                   rbac_key(RbacKind::role, cluster, name),
                   {Source::cluster_of_project_plane, role->name, true, {}},
                   Mark::none});
    out.push_back(
        {local,
         rbac_key(RbacKind::binding, cluster, project + "-" + grant.name + "-" + role->name),
         {Source::binding, name, false, grant.subject},
         Mark::project_in_cluster});
  }
  add_project_everywhere(grant, closure, out);
}

// What lies in no namespace of the cluster.
void RbacPlan::add_project_everywhere(const Grant& grant,
                                      const std::vector<RoleTemplatePtr>& closure,
                                      MadeList& out) const {
  const Project* of = project(grant.cluster, grant.project);
  const bool has_namespaces = of && !of->namespaces.empty();
  auto give = [&](std::string name, Source source, const std::string& from) {
    out.push_back({grant.cluster,
                   rbac_key(RbacKind::cluster_role, "", name),
                   {source, from, true, {}},
                   Mark::none});
    std::string binding = hashed("crb-", {grant.id(), name, grant.subject.key()});
    out.push_back({grant.cluster,
                   rbac_key(RbacKind::cluster_binding, "", binding),
                   {Source::binding, std::move(name), true, grant.subject},
                   Mark::in_cluster});
  };
  bool creates = false;
  for (const auto& role : closure) {
    const auto& rules = model_.rules_of(*role);
    creates = creates || (!role->external && creates_namespaces(rules));
    if (!role->external && has_namespaces)
      out.push_back({grant.cluster,
                     rbac_key(RbacKind::cluster_role, "", role->name),
                     {Source::whole, role->name, true, {}},
                     Mark::none});
    if (!role->external && !promoted_rules(rules).empty())
      give(role->name + "-promoted", Source::promoted, role->name);
  }
  if (creates) give(std::string(kCreateNamespaces), Source::create_namespaces, "");
  // Without a namespace they would grant nothing.
  if (!has_namespaces) return;
  give(grant.project + "-namespaces-readonly", Source::namespaces_readonly, grant.project);
  if (creates) give(grant.project + "-namespaces-edit", Source::namespaces_edit, grant.project);
}

RbacPlan::MadeList RbacPlan::made_in(const Grant& grant, const std::string& part) const {
  MadeList out;
  if (!may_stand(grant)) return out;
  for (const auto& role : model_.closure(grant.role)) {
    if (grant.where == Grant::Where::project) {
      std::string name = hashed("rb-", {part, grant.id(), role->name, grant.subject.key()});
      out.push_back({grant.cluster,
                     rbac_key(RbacKind::binding, part, name),
                     {Source::binding, role->name, true, grant.subject},
                     Mark::in_cluster});
      continue;
    }
    if (plane_rules(model_.rules_of(*role), Plane::project).empty()) continue;
    out.push_back({std::string(kLocal),
                   rbac_key(RbacKind::cluster_role, "", in_projects(*role)),
                   {Source::project_plane, role->name, true, {}},
                   Mark::none});
    out.push_back({std::string(kLocal),
                   rbac_key(RbacKind::binding, part, grant.name + "-" + role->name),
                   {Source::binding, in_projects(*role), true, grant.subject},
                   Mark::cluster_in_project});
  }
  return out;
}

std::vector<PolicyRule> RbacPlan::rules(const Place& place, const Spec& spec) const {
  if (spec.source == Source::global_role) {
    auto role = model_.global_role(spec.of);
    return role ? *role->rules : std::vector<PolicyRule>();
  }
  switch (spec.source) {
    case Source::cluster_member:
      return {rule_on(kGrantGroup, "clusters", "get", {spec.of})};
    case Source::cluster_owner:
      return {rule_on(kGrantGroup, "clusters", "*", {spec.of})};
    case Source::project_member:
      return {rule_on(kGrantGroup, "projects", "get", {spec.of})};
    case Source::project_owner:
      return {rule_on(kGrantGroup, "projects", "*", {spec.of})};
    case Source::user_view:
      return {rule_on(kGrantGroup, "users", "get", {spec.of})};
    case Source::create_namespaces:
      return {rule_on("", "namespaces", "create", {})};
    case Source::namespaces_readonly:
    case Source::namespaces_edit: {
      const Project* of = project(place.id, spec.of);
      // A rule without names would be one for all of them.
      if (!of || of->namespaces.empty()) return {};
      std::vector<std::string> names(of->namespaces.begin(), of->namespaces.end());
      auto verb = spec.source == Source::namespaces_edit ? "*" : "get";
      return {rule_on("", "namespaces", verb, std::move(names))};
    }
    default:
      break;
  }
  auto role = model_.template_of(spec.of);
  if (!role) return {};
  const auto& all = model_.rules_of(*role);
  if (spec.source == Source::promoted) return promoted_rules(all);
  if (spec.source == Source::cluster_plane) return plane_rules(all, Plane::cluster);
  if (spec.source == Source::project_plane) return plane_rules(all, Plane::project);
  if (spec.source == Source::cluster_of_project_plane)
    return plane_rules(all, Plane::cluster_of_project);
  return place.id == kLocal ? without_planes(all) : all;
}

std::optional<RbacPlan::Owner> RbacPlan::owner_of(const Place&, const Target& target) const {
  const Spec& spec = target.spec->first;
  if (spec.source == Source::global_role) {
    auto role = model_.global_role(spec.of);
    if (role) return Owner{"GlobalRole", role->name, role->uid};
  }
  if (spec.source == Source::cluster_member || spec.source == Source::cluster_owner) {
    auto found = clusters_.find(spec.of);
    if (found != clusters_.end()) return Owner{"Cluster", found->first, found->second.uid};
  }
  if (spec.source == Source::project_member || spec.source == Source::project_owner) {
    auto cluster = read_rbac_key(*target.key).ns;
    if (const Project* of = project(cluster, spec.of)) return Owner{"Project", spec.of, of->uid};
  }
  if (spec.source == Source::user_view) {
    auto found = users_.find(spec.of);
    if (found != users_.end()) return Owner{"User", found->first, found->second};
  }
  return std::nullopt;
}

void RbacPlan::add_marks(const Target& target, Json& metadata) const {
  Json& labels = metadata["labels"];
  size_t marks = 0;
  for (const auto& [unit, mark] : target.causes) {
    if (mark == Mark::none || mark == Mark::owned) continue;
    if (mark == Mark::global) labels.set("authz.management.cattle.io/globalrolebinding", "true");
    if (mark == Mark::in_cluster)
      labels.set("authz.cluster.cattle.io/rtb-owner-updated", unit->family->label);
    if (marks >= kMarksMax) continue;
    ++marks;
    if (mark == Mark::membership) labels.set(unit->family->label, "membership-binding-owner");
    if (mark == Mark::project_in_cluster)
      labels.set(unit->family->label, "prtb-in-cluster-binding-owner");
    if (mark == Mark::cluster_in_project)
      labels.set(unit->family->label, "crtb-in-project-binding-owner");
  }
}

Json RbacPlan::wanted(std::string_view place_id, std::string_view key) const {
  const Target* found = target(place_id, key);
  if (!found) return {};
  const Place& place = places_.find(place_id)->second;
  const Spec& spec = found->spec->first;
  RbacKey named = read_rbac_key(key);
  Json metadata = Json::object({{"name", named.name}});
  if (!named.ns.empty()) metadata.set("namespace", named.ns);
  metadata["labels"] = Json::object({{"cattle.io/creator", "norman"}, {kMadeByLabel, kMadeBy}});
  if (spec.source == Source::global_role)
    metadata["labels"].set("authz.management.cattle.io/globalrole", "true");
  add_marks(*found, metadata);
  if (place.id == kLocal) {
    Json owners = Json::array();
    auto add = [&](const Owner& owner) {
      if (owner.uid.empty()) return;
      owners.push_back(Json::object({{"apiVersion", "management.cattle.io/v3"},
                                     {"kind", owner.kind},
                                     {"name", owner.name},
                                     {"uid", owner.uid}}));
    };
    if (auto owner = owner_of(place, *found)) add(*owner);
    for (const auto& [unit, mark] : found->causes)
      if ((mark == Mark::owned || mark == Mark::global) && owners.size() < kMarksMax)
        add(unit->family->owner);
    if (owners.size() > 0) metadata.set("ownerReferences", std::move(owners));
  }
  Json out = Json::object({{"apiVersion", "rbac.authorization.k8s.io/v1"},
                           {"kind", rbac_kind_name(named.kind)},
                           {"metadata", std::move(metadata)}});
  if (!is_rbac_binding(named.kind)) {
    out.set("rules", json_of(rules(place, spec)));
    return out;
  }
  out.set("roleRef", Json::object({{"apiGroup", kRbacGroup},
                                   {"kind", spec.cluster_role ? "ClusterRole" : "Role"},
                                   {"name", spec.of}}));
  out.set("subjects", Json::array({spec.subject.json()}));
  return out;
}

}  // namespace engine
