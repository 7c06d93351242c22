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

void PodSecurityPlan::concern(const std::string& id, const Cluster& cluster,
                              const std::string& project) {
  auto found = cluster.namespaces_of.find(project);
  if (found == cluster.namespaces_of.end()) return;
  for (const std::string& ns : found->second) concerned_.push_back({id, ns});
}

void PodSecurityPlan::put_cluster(const std::string& id, const Json* object) {
  Cluster& cluster = clusters_[id];
  Asked asked{object ? asked_levels(*object) : PodSecurityLevels(), false};
  if (cluster.asked == asked) return;
  cluster.asked = std::move(asked);
  for (const auto& [project, namespaces] : cluster.namespaces_of) concern(id, cluster, project);
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
  if (project == cluster->second.projects.end()) return cluster->second.asked.levels;
  PodSecurityLevels out = project->second.levels;
  if (project->second.system) return out;
  for (std::string_view mode : kModes) {
    if (out.count(std::string(mode))) continue;
    for (const auto& [name, value] : cluster->second.asked.levels)
      if (name.starts_with(mode)) out[name] = value;
  }
  return out;
}

std::vector<PodSecurityPlan::Concerned> PodSecurityPlan::take_concerned() {
  return std::exchange(concerned_, {});
}

}  // namespace engine
