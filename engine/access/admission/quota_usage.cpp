#include "engine/access/admission/quota_usage.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "engine/kinds/core/pod_amounts.h"

namespace engine {

namespace {

constexpr std::string_view kCount = "count/";
constexpr std::string_view kRequests = "requests.";
constexpr std::string_view kLimits = "limits.";
constexpr std::string_view kHugePages = "hugepages-";
constexpr std::string_view kDeviceClass = "deviceclass.resource.kubernetes.io/";
constexpr std::string_view kByStorageClass = ".storageclass.storage.k8s.io/";

constexpr std::array<std::string_view, 10> kOfPods = {
    "cpu",          "memory",          "ephemeral-storage",
    "requests.cpu", "requests.memory", "requests.ephemeral-storage",
    "limits.cpu",   "limits.memory",   "limits.ephemeral-storage",
    "pods"};
constexpr std::array<std::string_view, 3> kComputed = {"cpu", "memory", "ephemeral-storage"};
// Upstream: a quota on these demands them of every container; not to be added to.
constexpr std::array<std::string_view, 6> kDemanded = {
    "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"};
constexpr std::array<std::string_view, 3> kOfServices = {"services", "services.nodeports",
                                                         "services.loadbalancers"};
constexpr std::array<std::string_view, 2> kOfClaims = {"persistentvolumeclaims",
                                                       "requests.storage"};
// Counted by their plain name too.
constexpr std::array<std::string_view, 4> kPlainNames = {"configmaps", "resourcequotas",
                                                         "replicationcontrollers", "secrets"};

template <size_t N>
bool has(const std::array<std::string_view, N>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

enum class Evaluator : uint8_t { number, pods, services, claims };
Evaluator evaluator_of(const Kind& kind) {
  if (!kind.group.empty()) return Evaluator::number;
  if (kind.plural == "pods") return Evaluator::pods;
  if (kind.plural == "services") return Evaluator::services;
  if (kind.plural == "persistentvolumeclaims") return Evaluator::claims;
  return Evaluator::number;
}

std::string count_name(const Kind& kind) {
  std::string out = std::string(kCount) + kind.plural;
  if (!kind.group.empty()) out += "." + kind.group;
  return out;
}

bool is_extended(std::string_view name) {
  if (name.starts_with(kDeviceClass)) return true;
  return name.find('/') != name.npos && name.find("kubernetes.io/") == name.npos &&
         !name.starts_with(kRequests);
}

bool counts_for_pods(std::string_view name) {
  if (has(kOfPods, name) || name.starts_with(kHugePages)) return true;
  if (!name.starts_with(kRequests)) return false;
  name.remove_prefix(kRequests.size());
  return name.starts_with(kHugePages) || is_extended(name);
}

// What requests and limits count for: of a pod, or to see what a container names.
Amounts compute(const Amounts& requests, const Amounts& limits) {
  Amounts out;
  out.set("pods", {1000, false});
  for (std::string_view name : kComputed) {
    if (const Quantity* quantity = requests.find(name)) {
      out.set(name, *quantity);
      out.set(std::string(kRequests) + std::string(name), *quantity);
    }
    if (const Quantity* quantity = limits.find(name))
      out.set(std::string(kLimits) + std::string(name), *quantity);
  }
  for (const auto& [name, quantity] : requests.all()) {
    if (name.starts_with(kHugePages)) out.set(name, quantity);
    if (name.starts_with(kHugePages) || is_extended(name))
      out.set(std::string(kRequests) + name, quantity);
  }
  return out;
}

bool is_over(const Json& pod) {
  std::string_view phase = pod.str({"status", "phase"});
  return phase == "Failed" || phase == "Succeeded";
}

Amounts usage_of_pod(const Json& pod) {
  if (is_over(pod)) return {};
  return compute(pod_amounts(pod, "requests", PodOverhead::counted),
                 pod_amounts(pod, "limits", PodOverhead::counted));
}

Amounts usage_of_service(const Json& service) {
  Amounts out;
  int64_t ports = 0, numbered = 0;
  if (const Json* list = service.at({"spec", "ports"}); list != nullptr && list->is_array())
    for (const Json& port : list->as_array()) {
      ports++;
      if (port.integer({"nodePort"}) != 0) numbered++;
    }
  std::string_view type = service.str({"spec", "type"});
  const bool balanced = type == "LoadBalancer";
  if (balanced && !service.truth({"spec", "allocateLoadBalancerNodePorts"}, true)) ports = numbered;
  out.set("services", {1000, false});
  out.set("services.loadbalancers", {balanced ? 1000 : 0, false});
  out.set("services.nodeports", {balanced || type == "NodePort" ? ports * 1000 : 0, false});
  return out;
}

std::string_view storage_class_of(const Json& claim) {
  std::string_view old =
      claim.str({"metadata", "annotations", "volume.beta.kubernetes.io/storage-class"});
  return old.empty() ? claim.str({"spec", "storageClassName"}) : old;
}

Amounts usage_of_claim(const Json& claim) {
  Amounts out;
  std::string by_class(storage_class_of(claim));
  if (!by_class.empty()) by_class += kByStorageClass;
  auto add = [&](std::string_view name, Quantity quantity) {
    out.set(name, quantity);
    if (!by_class.empty()) out.set(by_class + std::string(name), quantity);
  };
  add("persistentvolumeclaims", {1000, false});
  std::optional<Quantity> storage;
  for (const Json* found : {claim.at({"spec", "resources", "requests", "storage"}),
                            claim.at({"status", "allocatedResources", "storage"})}) {
    if (found == nullptr) continue;
    auto quantity = quantity_of(*found);
    if (quantity && (!storage || *storage < *quantity)) storage = quantity;
  }
  if (storage) add("requests.storage", {storage->value() * 1000, storage->binary});
  return out;
}

// ---- scopes

bool names_amount(const Json& container) {
  for (std::string_view what : {"requests", "limits"})
    for (std::string_view name : {"cpu", "memory"})
      if (const Json* found = container.at({"resources", what, name}))
        if (auto quantity = quantity_of(*found); quantity && quantity->milli > 0) return true;
  return false;
}

bool names_any(const Json* containers) {
  return containers != nullptr && containers->is_array() &&
         std::any_of(containers->as_array().begin(), containers->as_array().end(), names_amount);
}

bool is_best_effort(const Json& pod) {
  const Json* spec = pod.find("spec");
  return spec == nullptr || (!names_any(spec->find("containers")) &&
                             !names_any(spec->find("initContainers")) && !names_amount(*spec));
}

bool crosses(const Json* terms, bool weighted) {
  if (terms == nullptr || !terms->is_array()) return false;
  for (const Json& item : terms->as_array()) {
    const Json* term = weighted ? item.find("podAffinityTerm") : &item;
    if (term == nullptr) continue;
    const Json* namespaces = term->find("namespaces");
    if ((namespaces != nullptr && namespaces->size() > 0) || term->find("namespaceSelector"))
      return true;
  }
  return false;
}

bool has_cross_namespace_affinity(const Json& pod) {
  for (std::string_view which : {"podAffinity", "podAntiAffinity"}) {
    if (crosses(
            pod.at({"spec", "affinity", which, "requiredDuringSchedulingIgnoredDuringExecution"}),
            false) ||
        crosses(
            pod.at({"spec", "affinity", which, "preferredDuringSchedulingIgnoredDuringExecution"}),
            true))
      return true;
  }
  return false;
}

// A scope selector's requirement on one value, empty for none.
bool meets(const Json& requirement, std::string_view value) {
  std::string_view op = requirement.str("operator", "Exists");
  if (op == "Exists") return !value.empty();
  if (op == "DoesNotExist") return value.empty();
  const Json* values = requirement.find("values");
  const bool listed = values != nullptr && values->is_array() && !value.empty() &&
                      std::find(values->as_array().begin(), values->as_array().end(),
                                Json(value)) != values->as_array().end();
  return op == "In" ? listed : !listed;
}

bool pod_in_scope(std::string_view scope, const Json& requirement, const Json& pod) {
  if (scope == "Terminating") return has_active_deadline(pod);
  if (scope == "NotTerminating") return !has_active_deadline(pod);
  if (scope == "BestEffort") return is_best_effort(pod);
  if (scope == "NotBestEffort") return !is_best_effort(pod);
  if (scope == "PriorityClass") return meets(requirement, pod.str({"spec", "priorityClassName"}));
  if (scope == "CrossNamespacePodAffinity") return has_cross_namespace_affinity(pod);
  return false;
}

bool claim_in_scope(std::string_view scope, const Json& requirement, const Json& claim) {
  if (scope != "VolumeAttributesClass") return false;
  std::set<std::string_view> names;
  for (std::string_view name :
       {claim.str({"spec", "volumeAttributesClassName"}),
        claim.str({"status", "currentVolumeAttributesClassName"}),
        claim.str({"status", "modifyVolumeStatus", "targetVolumeAttributesClassName"})})
    if (!name.empty()) names.insert(name);
  if (names.empty()) return meets(requirement, "");
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return meets(requirement, name); });
}

}  // namespace

bool has_active_deadline(const Json& pod) {
  return pod.integer({"spec", "activeDeadlineSeconds"}, -1) >= 0;
}

bool is_quota_counted(const Kind& kind) {
  if (!kind.namespaced() || !kind.stored) return false;
  return kind.plural != "events" || (!kind.group.empty() && kind.group != "events.k8s.io");
}

bool counts_for(const Kind& kind, std::string_view resource) {
  if (resource.starts_with(kCount)) return resource == count_name(kind);
  switch (evaluator_of(kind)) {
    case Evaluator::pods:
      return counts_for_pods(resource);
    case Evaluator::services:
      return has(kOfServices, resource);
    case Evaluator::claims: {
      size_t by_class = resource.find(kByStorageClass);
      if (by_class != resource.npos) resource.remove_prefix(by_class + kByStorageClass.size());
      return has(kOfClaims, resource);
    }
    case Evaluator::number:
      break;
  }
  return kind.group.empty() && kind.plural == resource && has(kPlainNames, resource);
}

std::vector<std::string> resources_counted(const Kind& kind, const Json* hard) {
  std::vector<std::string> out;
  if (hard == nullptr || !hard->is_object()) return out;
  for (const auto& [name, value] : hard->as_object())
    if (counts_for(kind, name)) out.push_back(name);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<KindPtr> kinds_counted(const KindSnapshot& kinds, const Json* hard) {
  std::vector<KindPtr> out;
  std::set<std::pair<std::string, std::string>> seen;
  if (hard == nullptr || !hard->is_object()) return out;
  auto add = [&](std::string_view group, std::string_view plural) {
    KindPtr kind = kinds.stored(group, plural);
    if (kind != nullptr && is_quota_counted(*kind) &&
        seen.insert({kind->group, kind->plural}).second)
      out.push_back(std::move(kind));
  };
  for (const auto& [resource, value] : hard->as_object()) {
    if (resource.starts_with(kCount)) {
      std::string_view named = std::string_view(resource).substr(kCount.size());
      size_t dot = named.find('.');
      add(dot == named.npos ? "" : named.substr(dot + 1), named.substr(0, dot));
      continue;
    }
    for (std::string_view plural : {"pods", "services", "persistentvolumeclaims", "configmaps",
                                    "resourcequotas", "replicationcontrollers", "secrets"}) {
      KindPtr kind = kinds.stored("", plural);
      if (kind != nullptr && counts_for(*kind, resource)) add("", plural);
    }
  }
  return out;
}

Amounts usage_of(const Kind& kind, const Json& object) {
  Amounts out;
  switch (evaluator_of(kind)) {
    case Evaluator::pods:
      out = usage_of_pod(object);
      break;
    case Evaluator::services:
      out = usage_of_service(object);
      break;
    case Evaluator::claims:
      out = usage_of_claim(object);
      break;
    case Evaluator::number:
      if (kind.group.empty() && has(kPlainNames, kind.plural)) out.set(kind.plural, {1000, false});
      break;
  }
  out.set(count_name(kind), {1000, false});
  return out;
}

bool in_quota_scopes(const Kind& kind, const Json& quota, const Json& object) {
  const Evaluator evaluator = evaluator_of(kind);
  auto takes = [&](std::string_view scope, const Json& requirement) {
    if (evaluator == Evaluator::pods) return pod_in_scope(scope, requirement, object);
    return evaluator == Evaluator::claims && claim_in_scope(scope, requirement, object);
  };
  if (const Json* scopes = quota.at({"spec", "scopes"}); scopes != nullptr && scopes->is_array())
    for (const Json& scope : scopes->as_array())
      if (!scope.is_string() || !takes(scope.as_string(), Json::object())) return false;
  const Json* list = quota.at({"spec", "scopeSelector", "matchExpressions"});
  if (list != nullptr && list->is_array())
    for (const Json& one : list->as_array())
      if (!takes(one.str("scopeName"), one)) return false;
  return true;
}

std::string missing_for_quota(const Kind& kind, const std::vector<std::string>& resources,
                              const Json& object) {
  if (evaluator_of(kind) != Evaluator::pods) return {};
  if (const Json* own = object.at({"spec", "resources"}); own != nullptr && own->size() > 0)
    return {};
  std::map<std::string, std::set<std::string>> missing;
  for (std::string_view list : {"containers", "initContainers"}) {
    const Json* containers = object.at({"spec", list});
    if (containers == nullptr || !containers->is_array()) continue;
    for (const Json& container : containers->as_array()) {
      Amounts requests, limits;
      requests.add(container.at({"resources", "requests"}));
      limits.add(container.at({"resources", "limits"}));
      const Amounts named = compute(requests, limits);
      for (const std::string& resource : resources)
        if (has(kDemanded, resource) && named.find(resource) == nullptr)
          missing[resource].emplace(container.str("name"));
    }
  }
  std::string out;
  for (const auto& [resource, names] : missing) {
    out += (out.empty() ? "must specify " : "; ") + resource + " for: ";
    bool first = true;
    for (const std::string& name : names) {
      out += (first ? "" : ",") + name;
      first = false;
    }
  }
  return out;
}

}  // namespace engine
