#include "engine/access/grant_model.h"

#include <algorithm>

namespace engine {
namespace {

constexpr std::string_view kLocalPrincipal = "local://";

RuleList parse_rules(const Json& object) {
  return std::make_shared<const std::vector<PolicyRule>>(
      PolicyRule::parse_all(object.find("rules")));
}

std::string role_key(Grant::Where where, std::string_view role) {
  return (where == Grant::Where::global ? "g/" : "t/") + std::string(role);
}

std::string place_key(std::string_view cluster, std::string_view project) {
  return std::string(cluster) + ":" + std::string(project);
}

Json list_of(const std::vector<std::string>& values) {
  Json out = Json::array();
  for (const std::string& value : values) out.push_back(value);
  return out;
}

template <class Map>
const GrantModel::Grants& find_in(const Map& map, const std::string& key) {
  static const GrantModel::Grants kNone;
  auto found = map.find(key);
  return found == map.end() ? kNone : found->second;
}

}  // namespace

std::string GrantSubject::key() const {
  switch (kind) {
    case Kind::user:
      return "u:" + name;
    case Kind::group:
      return "g:" + name;
    case Kind::account:
      return "u:system:serviceaccount:" + ns + ":" + name;
    case Kind::none:
      break;
  }
  return {};
}

Json GrantSubject::json() const {
  if (kind == Kind::account)
    return Json::object({{"kind", "ServiceAccount"}, {"name", name}, {"namespace", ns}});
  return Json::object({{"apiGroup", "rbac.authorization.k8s.io"},
                       {"kind", kind == Kind::group ? "Group" : "User"},
                       {"name", name}});
}

GrantSubject GrantSubject::of(const Json& binding) {
  if (auto user = binding.str("userName"); !user.empty())
    return {Kind::user, {}, std::string(user)};
  for (std::string_view field : {"groupPrincipalName", "groupName"})
    if (auto group = binding.str(field); !group.empty())
      return {Kind::group, {}, std::string(group)};
  auto principal = binding.str("userPrincipalName");
  if (principal.starts_with(kLocalPrincipal))
    return {Kind::user, {}, std::string(principal.substr(kLocalPrincipal.size()))};
  auto account = binding.str("serviceAccount");
  if (size_t colon = account.find(':'); colon != account.npos)
    return {Kind::account, std::string(account.substr(0, colon)),
            std::string(account.substr(colon + 1))};
  return {};
}

std::string Grant::id_of(Where where, std::string_view ns, std::string_view name) {
  static constexpr std::string_view kPrefix[] = {"grb/", "crtb/", "prtb/"};
  return std::string(kPrefix[static_cast<size_t>(where)]).append(ns).append("/").append(name);
}

std::string_view grant_plural(Grant::Where where) {
  if (where == Grant::Where::global) return "globalrolebindings";
  return where == Grant::Where::cluster ? "clusterroletemplatebindings"
                                        : "projectroletemplatebindings";
}

RoleTemplatePtr GrantModel::put_template(std::string_view name, const Json* object) {
  RoleTemplatePtr before = template_of(name);
  if (before)
    for (const std::string& parent : before->inherits)
      if (auto heirs = heirs_.find(parent); heirs != heirs_.end()) {
        heirs->second.erase(before->name);
        if (heirs->second.empty()) heirs_.erase(heirs);
      }
  if (!object) {
    if (before) templates_.erase(before->name);
    return before;
  }
  auto role = std::make_shared<RoleTemplate>();
  role->name = name;
  role->shown = object->str("displayName", name);
  role->uid = object->str({"metadata", "uid"});
  role->context = object->str("context");
  role->external = object->truth({"external"});
  role->locked = object->truth({"locked"});
  role->hidden = object->truth({"hidden"});
  role->builtin = object->truth({"builtin"});
  role->administrative = object->truth({"administrative"});
  role->cluster_creator = object->truth({"clusterCreatorDefault"});
  role->project_creator = object->truth({"projectCreatorDefault"});
  if (const Json* names = object->find("roleTemplateNames"); names && names->is_array())
    for (const Json& parent : names->as_array())
      if (parent.is_string()) role->inherits.push_back(parent.as_string());
  role->rules = parse_rules(*object);
  for (const std::string& parent : role->inherits) heirs_[parent].insert(role->name);
  templates_[role->name] = std::move(role);
  return before;
}

GlobalRolePtr GrantModel::put_global_role(std::string_view name, const Json* object) {
  GlobalRolePtr before = global_role(name);
  if (!object) {
    if (before) global_roles_.erase(before->name);
    return before;
  }
  auto role = std::make_shared<GlobalRole>();
  role->name = name;
  role->shown = object->str("displayName", name);
  role->uid = object->str({"metadata", "uid"});
  role->builtin = object->truth({"builtin"});
  role->new_user = object->truth({"newUserDefault"});
  role->rules = parse_rules(*object);
  global_roles_[role->name] = std::move(role);
  return before;
}

void GrantModel::put_external(std::string_view name, RuleList rules) {
  if (rules)
    externals_[std::string(name)] = std::move(rules);
  else if (auto found = externals_.find(name); found != externals_.end())
    externals_.erase(found);
}

GrantPtr GrantModel::put_grant(Grant::Where where, std::string_view ns, std::string_view name,
                               const Json* object) {
  std::string id = Grant::id_of(where, ns, name);
  GrantPtr before = grant(id);
  if (before) {
    index(before, false);
    grants_.erase(id);
  }
  if (!object) return before;
  auto made = std::make_shared<Grant>();
  made->where = where;
  made->ns = ns;
  made->name = name;
  made->uid = object->str({"metadata", "uid"});
  made->subject = GrantSubject::of(*object);
  if (where == Grant::Where::global) {
    made->role = object->str("globalRoleName");
  } else {
    made->role = object->str("roleTemplateName");
    if (where == Grant::Where::cluster) {
      made->cluster = object->str("clusterName");
    } else {
      auto project = object->str("projectName");
      size_t colon = project.find(':');
      if (colon != project.npos) {
        made->cluster = project.substr(0, colon);
        made->project = project.substr(colon + 1);
      }
    }
  }
  // A binding speaks for the place that it lies in and for no other: who may write there may not
  // grant elsewhere.
  const std::string& lies_in = where == Grant::Where::cluster ? made->cluster : made->project;
  if (where != Grant::Where::global && lies_in != made->ns) made->subject = {};
  grants_[std::move(id)] = made;
  index(made, true);
  return before;
}

void GrantModel::index(const GrantPtr& grant, bool in) {
  auto put = [&](Index& index, const std::string& key) {
    if (in) {
      index[key][grant->id()] = grant;
      return;
    }
    auto found = index.find(key);
    if (found == index.end()) return;
    found->second.erase(grant->id());
    if (found->second.empty()) index.erase(found);
  };
  put(by_role_, role_key(grant->where, grant->role));
  put(by_subject_, grant->subject.key());
  if (grant->where != Grant::Where::global)
    put(by_place_, place_key(grant->cluster, grant->project));
}

RoleTemplatePtr GrantModel::template_of(std::string_view name) const {
  auto found = templates_.find(name);
  return found == templates_.end() ? nullptr : found->second;
}

GlobalRolePtr GrantModel::global_role(std::string_view name) const {
  auto found = global_roles_.find(name);
  return found == global_roles_.end() ? nullptr : found->second;
}

GrantPtr GrantModel::grant(std::string_view id) const {
  auto found = grants_.find(id);
  return found == grants_.end() ? nullptr : found->second;
}

std::vector<RoleTemplatePtr> GrantModel::closure(std::string_view name) const {
  std::vector<RoleTemplatePtr> out;
  if (auto first = template_of(name)) out.push_back(std::move(first));
  for (size_t at = 0; at < out.size(); ++at) {
    for (const std::string& parent : out[at]->inherits) {
      auto next = template_of(parent);
      if (next && std::find(out.begin(), out.end(), next) == out.end())
        out.push_back(std::move(next));
    }
  }
  return out;
}

const std::vector<PolicyRule>& GrantModel::rules_of(const RoleTemplate& role) const {
  static const std::vector<PolicyRule> kNone;
  if (!role.external) return *role.rules;
  auto found = externals_.find(role.name);
  return found == externals_.end() ? kNone : *found->second;
}

const std::set<std::string>& GrantModel::heirs_of_one(std::string_view name) const {
  static const std::set<std::string> kNobody;
  auto found = heirs_.find(name);
  return found == heirs_.end() ? kNobody : found->second;
}

std::set<std::string> GrantModel::heirs(std::string_view name) const {
  std::set<std::string> out{std::string(name)};
  std::vector<std::string> next{std::string(name)};
  while (!next.empty()) {
    std::string one = std::move(next.back());
    next.pop_back();
    for (const std::string& heir : heirs_of_one(one))
      if (out.insert(heir).second) next.push_back(heir);
  }
  return out;
}

const GrantModel::Grants& GrantModel::by_role(Grant::Where where, std::string_view role) const {
  return find_in(by_role_, role_key(where, role));
}
const GrantModel::Grants& GrantModel::by_subject(std::string_view key) const {
  return find_in(by_subject_, std::string(key));
}
const GrantModel::Grants& GrantModel::in_cluster(std::string_view cluster) const {
  return find_in(by_place_, place_key(cluster, ""));
}
const GrantModel::Grants& GrantModel::in_project(std::string_view cluster,
                                                 std::string_view project) const {
  return find_in(by_place_, place_key(cluster, project));
}

void GrantModel::clear(Part part) {
  if (part == Part::global_roles) global_roles_.clear();
  if (part == Part::externals) externals_.clear();
  if (part == Part::templates) {
    templates_.clear();
    heirs_.clear();
  }
  for (auto [of, where] : {std::pair{Part::global_grants, Grant::Where::global},
                           std::pair{Part::cluster_grants, Grant::Where::cluster},
                           std::pair{Part::project_grants, Grant::Where::project}}) {
    if (part != of) continue;
    for (auto at = grants_.begin(); at != grants_.end();) {
      GrantPtr one = at->second;
      if (one->where != where) {
        ++at;
        continue;
      }
      index(one, false);
      at = grants_.erase(at);
    }
  }
}

Json rule_json(const PolicyRule& rule) {
  Json out = Json::object();
  if (!rule.groups.empty() || !rule.resources.empty()) {
    out.set("apiGroups", list_of(rule.groups));
    out.set("resources", list_of(rule.resources));
  }
  if (!rule.names.empty()) out.set("resourceNames", list_of(rule.names));
  if (!rule.urls.empty()) out.set("nonResourceURLs", list_of(rule.urls));
  out.set("verbs", list_of(rule.verbs));
  return out;
}

}  // namespace engine
