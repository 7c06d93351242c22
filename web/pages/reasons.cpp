#include "web/pages/reasons.h"

#include "web/pages/app.h"

namespace web {
namespace {
constexpr size_t kAsked = 8;

std::string container_reason(const Json& pod, const Json& status) {
  const std::string name(status.str("name"));
  const Json* waiting = status.at({"state", "waiting"});
  const Json* last = status.at({"lastState", "terminated"});
  if (last == nullptr) last = status.at({"state", "terminated"});
  if (last != nullptr) {
    std::string out =
        "Container " + name + " exits with " + std::to_string(last->integer({"exitCode"}));
    const std::string_view why = last->str("reason");
    if (!why.empty() && why != "Error") out += " (" + std::string(why) + ")";
    if (why == "OOMKilled") {
      const Json* containers = pod.at({"spec", "containers"});
      if (containers != nullptr && containers->is_array()) {
        for (const Json& c : containers->as_array()) {
          const std::string_view limit = c.str({"resources", "limits", "memory"});
          if (c.str("name") == name && !limit.empty())
            out += " at its limit of " + std::string(limit);
        }
      }
    }
    return out;
  }
  if (waiting == nullptr) return {};
  std::string words(waiting->str("message"));
  if (words.empty()) words = waiting->str("reason");
  if (waiting->str("reason") == "ContainerCreating") return {};
  return "Container " + name + ": " + words;
}

}  // namespace

std::string pod_reason(const Json& pod) {
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    const Json* statuses = pod.at({"status", list});
    if (statuses == nullptr || !statuses->is_array()) continue;
    for (const Json& s : statuses->as_array()) {
      if (s.truth({"ready"})) continue;
      const std::string words = container_reason(pod, s);
      if (!words.empty()) return words;
    }
  }
  const Json* conditions = pod.at({"status", "conditions"});
  if (conditions != nullptr && conditions->is_array()) {
    for (const Json& c : conditions->as_array()) {
      if (c.str("type") == "PodScheduled" && c.str("status") == "False")
        return std::string(c.str("message"));
    }
  }
  return std::string(pod.str({"status", "message"}));
}

void Reasons::look(App& app, const std::string& base, const TableList& list,
                   const std::vector<uint32_t>& order,
                   const std::function<bool(const TableRow&)>& in_trouble) {
  if (seen_ == list.version()) return;
  seen_ = list.version();
  size_t asked = 0;
  for (size_t i = 0; i < order.size() && i < 200 && asked < kAsked; i++) {
    const TableRow& row = list.rows()[order[i]];
    if (!in_trouble(row)) {
      if (known_.erase(std::string(row.uid())) > 0) version_++;
      continue;
    }
    asked++;
    Known& k = known_[std::string(row.uid())];
    if (k.cells == row.blob) continue;
    k.cells = row.blob;
    app.api.get(base + list.kind().object_path(row.ns(), row.name()),
                alive_.guard([this, uid = std::string(row.uid())](Result<Json> pod) {
                  const auto it = known_.find(uid);
                  if (!pod || it == known_.end()) return;
                  std::string words = pod_reason(*pod);
                  if (words == it->second.words) return;
                  it->second.words = std::move(words);
                  version_++;
                }));
  }
}

std::string_view Reasons::of(std::string_view uid) const {
  const auto it = known_.find(uid);
  return it == known_.end() ? std::string_view() : std::string_view(it->second.words);
}

}  // namespace web
