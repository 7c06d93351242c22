#include "engine/controllers/management/rbac_content.h"

#include <algorithm>
#include <array>
#include <span>

#include "engine/base/digest.h"

namespace engine {
namespace {

struct Resource {
  std::string_view group, name;
};
constexpr std::string_view kManagement = "management.cattle.io";
constexpr std::string_view kProject = "project.cattle.io";

constexpr Resource kClusterPlane[] = {{kManagement, "catalogtemplates"},
                                      {kManagement, "catalogtemplateversions"},
                                      {kManagement, "clusteralertgroups"},
                                      {kManagement, "clusteralertrules"},
                                      {kManagement, "clustercatalogs"},
                                      {kManagement, "clusterloggings"},
                                      {kManagement, "clustermonitorgraphs"},
                                      {kManagement, "clusterregistrationtokens"},
                                      {kManagement, "clusterroletemplatebindings"},
                                      {kManagement, "clusterscans"},
                                      {kManagement, "etcdbackups"},
                                      {kManagement, "nodepools"},
                                      {kManagement, "nodes"},
                                      {kManagement, "notifiers"},
                                      {kManagement, "podsecuritypolicytemplateprojectbindings"},
                                      {kManagement, "projects"}};
constexpr Resource kClusterOfProjectPlane[] = {{kManagement, "catalogtemplates"},
                                               {kManagement, "catalogtemplateversions"},
                                               {kManagement, "clustercatalogs"},
                                               {kManagement, "notifiers"}};
constexpr Resource kProjectPlane[] = {{"", "secrets"},
                                      {kManagement, "catalogtemplates"},
                                      {kManagement, "catalogtemplateversions"},
                                      {kManagement, "projectalertgroups"},
                                      {kManagement, "projectalertrules"},
                                      {kManagement, "projectcatalogs"},
                                      {kManagement, "projectloggings"},
                                      {kManagement, "projectmonitorgraphs"},
                                      {kManagement, "projectroletemplatebindings"},
                                      {kProject, "apprevisions"},
                                      {kProject, "apps"},
                                      {kProject, "pipelineexecutions"},
                                      {kProject, "pipelines"},
                                      {kProject, "pipelinesettings"},
                                      {kProject, "sourcecodeproviderconfigs"}};
struct Global {
  Resource resource;
  std::string_view only;  // the one name that it is given for; empty: all
};
constexpr Global kPromoted[] = {{{"", "nodes"}, ""},
                                {{"", "persistentvolumes"}, ""},
                                {{"apiregistration.k8s.io", "apiservices"}, ""},
                                {{"catalog.cattle.io", "clusterrepos"}, ""},
                                {{kManagement, "clusters"}, "local"},
                                {{"storage.k8s.io", "storageclasses"}, ""},
                                {{"ui.cattle.io", "navlinks"}, ""}};

std::span<const Resource> resources_of(Plane plane) {
  if (plane == Plane::cluster) return kClusterPlane;
  if (plane == Plane::project) return kProjectPlane;
  return kClusterOfProjectPlane;
}

bool has(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}
bool has_or_all(const std::vector<std::string>& list, std::string_view value) {
  return has(list, "*") || has(list, value);
}

void unite(std::vector<std::string>& verbs, const std::vector<std::string>& more) {
  for (const std::string& verb : more)
    if (!has(verbs, verb)) verbs.push_back(verb);
  if (has(verbs, "*")) verbs = {"*"};
}

// What the rules say of one resource: one rule for all names, one for each list of names.
void say_of(std::vector<PolicyRule>& out, const std::vector<PolicyRule>& rules, Resource resource) {
  const size_t first = out.size();
  for (const PolicyRule& rule : rules) {
    if (!has_or_all(rule.groups, resource.group) || !has_or_all(rule.resources, resource.name))
      continue;
    auto same = std::find_if(out.begin() + static_cast<ptrdiff_t>(first), out.end(),
                             [&](const PolicyRule& one) { return one.names == rule.names; });
    if (same == out.end()) {
      out.push_back(
          {{}, {std::string(resource.group)}, {std::string(resource.name)}, rule.names, {}});
      same = out.end() - 1;
    }
    unite(same->verbs, rule.verbs);
  }
}

bool in_a_plane(std::string_view group, std::string_view name) {
  for (auto plane :
       {std::span<const Resource>(kClusterPlane), std::span<const Resource>(kProjectPlane)})
    for (const Resource& one : plane)
      if (one.group == group && one.name == name && !group.empty()) return true;
  return false;
}

constexpr std::string_view kOwnerMarks[] = {
    "membership-binding-owner", "prtb-in-cluster-binding-owner", "crtb-in-project-binding-owner"};
constexpr std::string_view kOwnerKeys[] = {"authz.cluster.cattle.io/rtb-owner-updated",
                                           "authz.management.cattle.io/globalrole",
                                           "authz.management.cattle.io/globalrolebinding"};

// What counts of an object, as lines in one order.
std::string essence(const Json& object) {
  std::vector<std::string> lines;
  if (const Json* labels = object.at({"metadata", "labels"}); labels && labels->is_object())
    for (const auto& [key, value] : labels->as_object())
      if (is_rbac_label_of_ours(key, value)) lines.push_back("l" + key + "=" + dump(value));
  if (const Json* owners = object.at({"metadata", "ownerReferences"}); owners && owners->is_array())
    for (const Json& owner : owners->as_array())
      lines.push_back("o" + std::string(owner.str("kind")) + "/" + std::string(owner.str("name")) +
                      "/" + std::string(owner.str("uid")));
  if (const Json* subjects = object.find("subjects"); subjects && subjects->is_array())
    for (const Json& one : subjects->as_array())
      lines.push_back("s" + std::string(one.str("kind")) + "/" + std::string(one.str("namespace")) +
                      "/" + std::string(one.str("name")));
  lines.push_back("r" + std::string(object.str({"roleRef", "kind"})) + "/" +
                  std::string(object.str({"roleRef", "name"})));
  for (const PolicyRule& rule : PolicyRule::parse_all(object.find("rules")))
    lines.push_back("p" + dump(rule_json(rule)));
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const std::string& line : lines) out.append(line).append("\n");
  return out;
}

}  // namespace

bool is_rbac_label_of_ours(std::string_view key, const Json& value) {
  if (key == kMadeByLabel) return true;
  if (std::find(std::begin(kOwnerKeys), std::end(kOwnerKeys), key) != std::end(kOwnerKeys))
    return true;
  return value.is_string() && std::find(std::begin(kOwnerMarks), std::end(kOwnerMarks),
                                        value.as_string()) != std::end(kOwnerMarks);
}

std::string rbac_key(RbacKind kind, std::string_view ns, std::string_view name) {
  std::string out(1, static_cast<char>(kind));
  return out.append(ns).append("/").append(name);
}

RbacKey read_rbac_key(std::string_view key) {
  size_t slash = key.find('/');
  return {static_cast<RbacKind>(key[0]), key.substr(1, slash - 1), key.substr(slash + 1)};
}

std::string_view rbac_plural(RbacKind kind) {
  switch (kind) {
    case RbacKind::role:
      return "roles";
    case RbacKind::cluster_role:
      return "clusterroles";
    case RbacKind::binding:
      return "rolebindings";
    case RbacKind::cluster_binding:
      break;
  }
  return "clusterrolebindings";
}

std::string_view rbac_kind_name(RbacKind kind) {
  switch (kind) {
    case RbacKind::role:
      return "Role";
    case RbacKind::cluster_role:
      return "ClusterRole";
    case RbacKind::binding:
      return "RoleBinding";
    case RbacKind::cluster_binding:
      break;
  }
  return "ClusterRoleBinding";
}

bool is_rbac_binding(RbacKind kind) {
  return kind == RbacKind::binding || kind == RbacKind::cluster_binding;
}

std::vector<PolicyRule> plane_rules(const std::vector<PolicyRule>& rules, Plane plane) {
  std::vector<PolicyRule> out;
  for (const Resource& resource : resources_of(plane)) say_of(out, rules, resource);
  return out;
}

std::vector<PolicyRule> promoted_rules(const std::vector<PolicyRule>& rules) {
  std::vector<PolicyRule> out;
  for (const Global& global : kPromoted) {
    std::vector<PolicyRule> said;
    say_of(said, rules, global.resource);
    for (PolicyRule& rule : said) {
      if (!global.only.empty()) {
        const std::string only(global.only);
        if (!rule.names.empty() && !has(rule.names, only)) continue;
        rule.names = {only};
      }
      out.push_back(std::move(rule));
    }
  }
  return out;
}

std::vector<PolicyRule> without_planes(const std::vector<PolicyRule>& rules) {
  std::vector<PolicyRule> out;
  for (PolicyRule rule : rules) {
    if (rule.urls.empty()) {
      std::erase_if(rule.resources, [&](const std::string& resource) {
        return std::all_of(rule.groups.begin(), rule.groups.end(),
                           [&](const std::string& group) { return in_a_plane(group, resource); });
      });
      if (rule.resources.empty()) continue;
    }
    out.push_back(std::move(rule));
  }
  return out;
}

bool creates_namespaces(const std::vector<PolicyRule>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const PolicyRule& rule) {
    return rule.names.empty() && has_or_all(rule.groups, "") &&
           has_or_all(rule.resources, "namespaces") && has_or_all(rule.verbs, "create");
  });
}

bool owns(const std::vector<PolicyRule>& rules, std::string_view resource) {
  return std::any_of(rules.begin(), rules.end(), [&](const PolicyRule& rule) {
    return rule.names.empty() && has_or_all(rule.groups, kManagement) &&
           has_or_all(rule.resources, resource) && has_or_all(rule.verbs, "own");
  });
}

PolicyRule rule_on(std::string_view group, std::string_view resource, std::string_view verb,
                   std::vector<std::string> names) {
  return {{std::string(verb)}, {std::string(group)}, {std::string(resource)}, std::move(names), {}};
}

std::string binding_hash(std::string_view text) {
  static constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyz234567";
  auto digest = sha256(text);
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (size_t at = 0; out.size() < 10; ++at) {
    bits = (bits << 8) | digest[at];
    for (held += 8; held >= 5 && out.size() < 10; held -= 5)
      out += kLetters[(bits >> (held - 5)) & 31];
  }
  return out;
}

std::string grant_label(const Grant& grant) {
  constexpr size_t kMax = 63;
  std::string out = grant.ns + "_" + grant.name;
  if (out.size() <= kMax) return out;
  std::string hash = binding_hash(out);
  return out.substr(0, kMax - hash.size() - 1) + "-" + hash;
}

bool same_rbac(const Json& wanted, const Json& there) {
  return essence(wanted) == essence(there);
}

uint64_t rbac_digest(const Json& object) {
  auto digest = sha256(essence(object));
  uint64_t out = 0;
  for (size_t at = 0; at < 8; ++at) out = (out << 8) | digest[at];
  return out;
}

bool is_made_by_us(const Json& object) {
  return object.str({"metadata", "labels", kMadeByLabel}) == kMadeBy;
}

}  // namespace engine
