#include "engine/norman/types/workload_kinds.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"

namespace engine {
namespace {

// In the order in which a body's configuration decides what it is.
constexpr std::array<WorkloadKind, 7> kKinds = {{
    {"deployment", "apps", "Deployment", "deployments"},
    {"daemonSet", "apps", "DaemonSet", "daemonsets"},
    {"statefulSet", "apps", "StatefulSet", "statefulsets"},
    {"replicaSet", "apps", "ReplicaSet", "replicasets"},
    {"replicationController", "", "ReplicationController", "replicationcontrollers"},
    {"cronJob", "batch", "CronJob", "cronjobs"},
    {"job", "batch", "Job", "jobs"},
}};

bool is_cron(const Json& stored) {
  return stored.str("kind") == "CronJob";
}

}  // namespace

std::span<const WorkloadKind> workload_kinds() {
  return kKinds;
}

const WorkloadKind* workload_kind(std::string_view schema) {
  const std::string wanted = lower(schema);
  auto found = std::find_if(kKinds.begin(), kKinds.end(),
                            [&](const WorkloadKind& one) { return lower(one.schema) == wanted; });
  return found == kKinds.end() ? nullptr : &*found;
}

const WorkloadKind* workload_kind_of(const Json& stored) {
  const std::string_view kind = stored.str("kind");
  auto found = std::find_if(kKinds.begin(), kKinds.end(),
                            [&](const WorkloadKind& one) { return one.kind == kind; });
  return found == kKinds.end() ? nullptr : &*found;
}

std::string workload_id(std::string_view kind, std::string_view ns, std::string_view name) {
  return lower(kind) + ":" + std::string(ns) + ":" + std::string(name);
}

std::string workload_id(const Json& stored) {
  return workload_id(stored.str("kind"), stored.str({"metadata", "namespace"}),
                     stored.str({"metadata", "name"}));
}

const Json* pod_template(const Json& stored) {
  return is_cron(stored) ? stored.at({"spec", "jobTemplate", "spec", "template"})
                         : stored.at({"spec", "template"});
}

Json& pod_template(Json& stored) {
  return is_cron(stored) ? stored.make({"spec", "jobTemplate", "spec", "template"})
                         : stored.make({"spec", "template"});
}

const Json* selector_labels(const Json& stored) {
  const Json* selector = is_cron(stored) ? stored.at({"spec", "jobTemplate", "spec", "selector"})
                                         : stored.at({"spec", "selector"});
  if (!selector || !selector->is_object()) return nullptr;
  return stored.str("kind") == "ReplicationController" ? selector : selector->find("matchLabels");
}

const Json* controller_of(const Json& stored) {
  const Json* owners = stored.at({"metadata", "ownerReferences"});
  if (!owners || !owners->is_array()) return nullptr;
  for (const Json& owner : owners->as_array())
    if (owner.truth({"controller"})) return &owner;
  return nullptr;
}

bool matches_labels(const Json* selector, const Json* labels) {
  if (!selector || !selector->is_object() || selector->size() == 0 || !labels) return false;
  for (const auto& [key, value] : selector->as_object()) {
    const Json* found = labels->find(key);
    if (!found || !(*found == value)) return false;
  }
  return true;
}

}  // namespace engine
