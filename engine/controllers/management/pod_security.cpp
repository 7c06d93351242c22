#include "engine/controllers/management/pod_security.h"

#include <algorithm>
#include "engine/access/admission/project_limits.h"

namespace engine {
namespace {

constexpr std::string_view kAsked = "pod-security.management.cattle.io/";
constexpr std::string_view kLabel = "pod-security.kubernetes.io/";
constexpr std::string_view kKept = "pod-security.management.cattle.io/kept";
constexpr std::string_view kModes[] = {"enforce", "audit", "warn"};

bool is_level(std::string_view text) {
  return text == "privileged" || text == "baseline" || text == "restricted";
}

bool is_version(std::string_view text) {
  if (text == "latest") return true;
  if (!text.starts_with("v1.") || text.size() == 3 || text.size() > 6) return false;
  return text.find_first_not_of("0123456789", 3) == text.npos;
}

std::vector<std::string> kept_of(const Json& ns) {
  std::vector<std::string> out;
  std::string_view text = ns.str({"metadata", "annotations", kKept});
  while (!text.empty()) {
    size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) out.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

}  // namespace

PodSecurityLevels asked_levels(const Json& object) {
  PodSecurityLevels out;
  const Json* annotations = object.at({"metadata", "annotations"});
  if (!annotations) return out;
  for (std::string_view mode : kModes) {
    std::string name(mode), key = std::string(kAsked) + name;
    auto level = annotations->str(key), version = annotations->str(key + "-version");
    if (!is_level(level)) continue;
    out[name] = level;
    if (is_version(version)) out[name + "-version"] = version;
  }
  return out;
}

std::optional<Json> pod_security_patch(const Json& ns, const PodSecurityLevels& wanted) {
  Json labels = Json::object();
  std::string kept;
  for (const auto& [mode, value] : wanted) {
    std::string label = std::string(kLabel) + mode;
    if (ns.str({"metadata", "labels", label}) != value) labels.set(label, value);
    kept += (kept.empty() ? "" : ",") + mode;
  }
  for (const std::string& mode : kept_of(ns))
    if (!wanted.count(mode)) labels.set(std::string(kLabel) + mode, Json());
  if (labels.size() == 0 && ns.str({"metadata", "annotations", kKept}) == kept) return std::nullopt;
  Json annotations = Json::object({{kKept, kept.empty() ? Json() : Json(kept)}});
  return Json::object({{"metadata", Json::object({{"labels", std::move(labels)},
                                                  {"annotations", std::move(annotations)}})}});
}

Json pod_security_part(const Json& ns) {
  Json out = Json::object();
  Json& metadata = out["metadata"] = Json::object({{"name", ns.str({"metadata", "name"})}});
  if (const Json* labels = ns.at({"metadata", "labels"}); labels && labels->is_object())
    for (const auto& [key, value] : labels->as_object())
      if (key.starts_with(kLabel)) metadata["labels"].set(key, value);
  if (auto kept = ns.str({"metadata", "annotations", kKept}); !kept.empty())
    metadata["annotations"].set(kKept, kept);
  return out;
}

void PodSecurityPlan::concern(const std::string& id, const Cluster& cluster,
                              const std::string& project) {
  auto found = cluster.namespaces_of.find(project);
  if (found == cluster.namespaces_of.end()) return;
  for (const std::string& ns : found->second) concerned_.push_back({id, ns});
}

std::string level_of_template(const Json& object) {
  const Json empty = Json::object();
  const Json* found = object.find("spec");
  const Json& spec = found && found->is_object() ? *found : empty;
  auto has = [&](std::string_view list, std::string_view value) {
    const Json* values = spec.find(list);
    if (!values || !values->is_array()) return false;
    return std::any_of(values->as_array().begin(), values->as_array().end(), [&](const Json& one) {
      return one.is_string() && one.as_string() == value;
    });
  };
  // What the baseline forbids.
  for (std::string_view name : {"privileged", "hostPID", "hostIPC", "hostNetwork"})
    if (spec.truth({name})) return "privileged";
  if (has("allowedCapabilities", "*") || has("volumes", "*") || has("volumes", "hostPath"))
    return "privileged";
  const Json* escalation = spec.find("allowPrivilegeEscalation");
  const bool forbids = escalation && escalation->is_bool() && !escalation->as_bool();
  return forbids && has("requiredDropCapabilities", "ALL") ? "restricted" : "baseline";
}

void PodSecurityPlan::concern_all(const std::string& id, const Cluster& cluster) {
  for (const auto& [project, namespaces] : cluster.namespaces_of) concern(id, cluster, project);
}

void PodSecurityPlan::put_template(const std::string& name, const Json* object) {
  std::string level = object ? level_of_template(*object) : std::string();
  auto found = levels_.find(name);
  if (level == (found == levels_.end() ? std::string() : found->second)) return;
  if (level.empty())
    levels_.erase(found);
  else
    levels_[name] = std::move(level);
  for (const auto& [id, cluster] : clusters_) {
    if (cluster.asked.policy == name) concern_all(id, cluster);
    for (const auto& [project, bindings] : cluster.policies)
      for (const auto& [binding, policy] : bindings)
        if (policy == name) concern(id, cluster, project);
  }
}

void PodSecurityPlan::put_template_binding(const std::string& name, const Json* object) {
  if (auto before = targets_.find(name); before != targets_.end()) {
    auto [id, project] = before->second;
    targets_.erase(before);
    auto& policies = clusters_[id].policies;
    policies[project].erase(name);
    if (policies[project].empty()) policies.erase(project);
    concern(id, clusters_[id], project);
  }
  if (!object) return;
  const std::string target(object->str("targetProjectId"));
  const size_t colon = target.find(':');
  if (colon == target.npos) return;
  const std::string id = target.substr(0, colon), project = target.substr(colon + 1);
  targets_[name] = {id, project};
  clusters_[id].policies[project][name] = object->str("podSecurityPolicyTemplateId");
  concern(id, clusters_[id], project);
}

void PodSecurityPlan::add_policy(const std::string& policy, PodSecurityLevels& levels) const {
  auto level = levels_.find(policy);
  if (level != levels_.end()) levels.emplace("enforce", level->second);
}

void PodSecurityPlan::put_cluster(const std::string& id, const Json* object) {
  Cluster& cluster = clusters_[id];
  Asked asked;
  if (object) {
    asked.levels = asked_levels(*object);
    asked.policy = object->str({"spec", "defaultPodSecurityPolicyTemplateName"});
  }
  if (cluster.asked == asked) return;
  cluster.asked = std::move(asked);
  concern_all(id, cluster);
}

void PodSecurityPlan::put_project(const std::string& id, const std::string& name,
                                  const Json* object) {
  Cluster& cluster = clusters_[id];
  Asked asked;
  if (object) {
    asked.levels = asked_levels(*object);
    asked.system = object->str({"metadata", "labels", kSystemProjectLabel}) == "true";
  }
  auto found = cluster.projects.find(name);
  const bool plain = asked == Asked();
  if (found == cluster.projects.end() ? plain : found->second == asked) return;
  if (plain)
    cluster.projects.erase(found);
  else
    cluster.projects[name] = std::move(asked);
  concern(id, cluster, name);
}

void PodSecurityPlan::put_namespace(const std::string& id, const std::string& ns,
                                    const std::string& project) {
  Cluster& cluster = clusters_[id];
  auto found = cluster.project_of.find(ns);
  const std::string before = found == cluster.project_of.end() ? std::string() : found->second;
  if (before == project) return;
  if (!before.empty()) {
    auto& left = cluster.namespaces_of[before];
    left.erase(ns);
    if (left.empty()) cluster.namespaces_of.erase(before);
  }
  if (project.empty()) {
    cluster.project_of.erase(ns);
  } else {
    cluster.project_of[ns] = project;
    cluster.namespaces_of[project].insert(ns);
  }
  concerned_.push_back({id, ns});
}

PodSecurityLevels PodSecurityPlan::wanted(const std::string& id, const std::string& ns) const {
  auto cluster = clusters_.find(id);
  if (cluster == clusters_.end()) return {};
  auto in = cluster->second.project_of.find(ns);
  if (in == cluster->second.project_of.end()) return {};
  auto project = cluster->second.projects.find(in->second);
  const bool said = project != cluster->second.projects.end();
  PodSecurityLevels out = said ? project->second.levels : PodSecurityLevels();
  if (auto policies = cluster->second.policies.find(in->second);
      policies != cluster->second.policies.end())
    add_policy(policies->second.begin()->second, out);
  if (said && project->second.system) return out;
  PodSecurityLevels all = cluster->second.asked.levels;
  add_policy(cluster->second.asked.policy, all);
  const PodSecurityLevels own = out;
  for (const auto& [name, value] : all)
    if (!own.count(name.substr(0, name.find('-')))) out[name] = value;
  return out;
}

std::vector<PodSecurityPlan::Concerned> PodSecurityPlan::take_concerned() {
  return std::exchange(concerned_, {});
}

}  // namespace engine
