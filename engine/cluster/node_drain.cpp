#include "engine/cluster/node_drain.h"

#include <algorithm>

namespace engine {

namespace {

constexpr std::string_view kMirror = "kubernetes.io/config.mirror";

const Json* controller_of(const Json& pod) {
  const Json* owners = pod.at({"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return nullptr;
  for (const Json& owner : owners->as_array())
    if (owner.truth({"controller"})) return &owner;
  return nullptr;
}

bool has_local_data(const Json& pod) {
  const Json* volumes = pod.at({"spec", "volumes"});
  if (volumes == nullptr || !volumes->is_array()) return false;
  return std::any_of(volumes->as_array().begin(), volumes->as_array().end(),
                     [](const Json& volume) { return volume.find("emptyDir") != nullptr; });
}

// Kept by kubelets and by the cluster's components.
bool is_theirs(std::string_view key) {
  const size_t slash = key.find('/');
  std::string_view domain = key.substr(0, slash == key.npos ? 0 : slash);
  return domain.ends_with("kubernetes.io") || domain.ends_with("k8s.io") ||
         domain.ends_with("cattle.io");
}

constexpr std::string_view kWishes[] = {"desiredNodeUnschedulable", "metadataUpdate",
                                        "desiredNodeTaints", "updateTaintsFromAPI",
                                        "nodeDrainInput"};

void patch_maps(const Json& update, std::string_view what, Json& patch) {
  for (std::string_view verb : {"add", "delete"}) {
    const Json* keys = update.at({what, verb});
    if (keys == nullptr || !keys->is_object()) continue;
    for (const auto& [key, value] : keys->as_object())
      patch.make({"metadata", what}).set(key, verb == "add" ? value : Json());
  }
}

}  // namespace

DrainOptions DrainOptions::of(const Json* input) {
  DrainOptions out;
  if (input == nullptr || !input->is_object()) return out;
  out.force = input->truth({"force"}, out.force);
  out.ignore_daemon_sets = input->truth({"ignoreDaemonSets"}, out.ignore_daemon_sets);
  out.delete_local_data = input->truth({"deleteLocalData"}, out.delete_local_data);
  out.grace_seconds = input->integer({"gracePeriod"}, out.grace_seconds);
  out.timeout_seconds = input->integer({"timeout"}, out.timeout_seconds);
  return out;
}

DrainPlan plan_drain(const JsonArray& pods, const DrainOptions& options) {
  DrainPlan out;
  for (const Json& pod : pods) {
    DrainPlan::Pod one{std::string(pod.str({"metadata", "namespace"})),
                       std::string(pod.str({"metadata", "name"})),
                       std::string(pod.str({"metadata", "uid"}))};
    std::string_view phase = pod.str({"status", "phase"});
    const bool over = phase == "Succeeded" || phase == "Failed";
    if (!pod.str({"metadata", "annotations", kMirror}).empty()) continue;
    const Json* owner = controller_of(pod);
    if (owner != nullptr && owner->str("kind") == "DaemonSet" && !over) {
      if (!options.ignore_daemon_sets)
        out.refusals.push_back(one.key() + " is of a daemon set (ignoreDaemonSets is off)");
      continue;
    }
    if (owner == nullptr && !over && !options.force) {
      out.refusals.push_back(one.key() +
                             " has no controller that would make it again (force is off)");
      continue;
    }
    if (has_local_data(pod) && !over && !options.delete_local_data) {
      out.refusals.push_back(one.key() + " has local data (deleteLocalData is off)");
      continue;
    }
    out.pods.push_back(std::move(one));
  }
  return out;
}

Json wished_patch(const Json& management_node) {
  Json patch;
  const Json* spec = management_node.find("spec");
  if (spec == nullptr) return patch;
  if (const Json* update = spec->find("metadataUpdate"); update != nullptr && update->is_object()) {
    patch_maps(*update, "labels", patch);
    patch_maps(*update, "annotations", patch);
  }
  if (spec->truth({"updateTaintsFromAPI"})) {
    const Json* taints = spec->find("desiredNodeTaints");
    patch.make({"spec"}).set("taints", taints && taints->size() > 0 ? *taints : Json());
  }
  std::string_view wish = spec->str("desiredNodeUnschedulable");
  if (wish == "true" || wish == "drain") patch.make({"spec"}).set("unschedulable", true);
  if (wish == "false") patch.make({"spec"}).set("unschedulable", Json());
  return patch;
}

bool drop_wishes(Json& management_node, const Json& done_spec) {
  Json* spec = management_node.find("spec");
  if (spec == nullptr) return false;
  bool any = false;
  for (std::string_view wish : kWishes) {
    const Json* now = spec->find(wish);
    const Json* done = done_spec.find(wish);
    // Another wish may have come meanwhile.
    if (now == nullptr || done == nullptr || !(*now == *done)) continue;
    spec->erase(wish);
    any = true;
  }
  return any;
}

Json map_wish(const Json* now, const Json& wanted) {
  Json add = Json::object(), gone = Json::object();
  if (wanted.is_object())
    for (const auto& [key, value] : wanted.as_object())
      if (now == nullptr || now->find(key) == nullptr || !(*now->find(key) == value))
        add.set(key, value);
  if (now != nullptr && now->is_object())
    for (const auto& [key, value] : now->as_object())
      if (wanted.find(key) == nullptr && !is_theirs(key)) gone.set(key, true);
  if (add.size() + gone.size() == 0) return {};
  Json out = Json::object();
  if (add.size() > 0) out.set("add", std::move(add));
  if (gone.size() > 0) out.set("delete", std::move(gone));
  return out;
}

}  // namespace engine
