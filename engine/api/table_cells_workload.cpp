#include <algorithm>
#include <optional>
#include <vector>

#include "engine/api/table_cells.h"

namespace engine {

namespace {

const Json* condition(const Json& object, std::string_view type) {
  for (const Json& c : list_at(object, ".status.conditions")) {
    if (c.str("type") == type) return &c;
  }
  return nullptr;
}

bool condition_true(const Json& object, std::string_view type) {
  const Json* found = condition(object, type);
  return found != nullptr && found->str("status") == "True";
}

// What the READY, STATUS and RESTARTS columns of a pod say; the order of the rules is upstream's.
class PodSummary {
 public:
  explicit PodSummary(const Json& pod) : pod_(pod), reason_(pod.str({"status", "phase"})) {
    if (!pod.str({"status", "reason"}).empty()) reason_ = pod.str({"status", "reason"});
    for (const Json& c : list_at(pod, ".status.conditions")) {
      if (c.str("type") == "PodScheduled" && c.str("reason") == "SchedulingGated") {
        reason_ = "SchedulingGated";
      }
    }
    total_ = static_cast<int64_t>(list_at(pod, ".spec.containers").size());
    for (const Json& c : list_at(pod, ".spec.initContainers")) total_ += keeps_running(c) ? 1 : 0;
    bool initializing = init_containers();
    if (!initializing || condition_true(pod, "Initialized")) containers();
    if (pod.at({"metadata", "deletionTimestamp"}) == nullptr) return;
    std::string_view phase = pod.str({"status", "phase"});
    if (pod.str({"status", "reason"}) == "NodeLost") {
      reason_ = "Unknown";
    } else if (phase != "Succeeded" && phase != "Failed") {
      reason_ = "Terminating";
    }
  }

  std::string ready() const { return std::to_string(ready_) + "/" + std::to_string(total_); }
  const std::string& reason() const { return reason_; }
  std::string restarts(WallTime now) const {
    std::string out = std::to_string(restarts_);
    if (restarts_ == 0 || !last_restart_) return out;
    return out + " (" + human_duration(now - *last_restart_) + " ago)";
  }

 private:
  static bool keeps_running(const Json& init_container) {
    return init_container.str("restartPolicy") == "Always";
  }

  bool keeps_running_named(std::string_view name) const {
    for (const Json& c : list_at(pod_, ".spec.initContainers")) {
      if (c.str("name") == name) return keeps_running(c);
    }
    return false;
  }

  static void note(std::optional<WallTime>& latest, const Json& status) {
    auto time = parse_rfc3339(status.str({"lastState", "terminated", "finishedAt"}));
    if (time && (!latest || *latest < *time)) latest = time;
  }

  static std::string ended(const Json& terminated, const std::string& prefix) {
    if (!terminated.str("reason").empty()) return prefix + std::string(terminated.str("reason"));
    if (int64_t signal = terminated.integer({"signal"}))
      return prefix + "Signal:" + std::to_string(signal);
    return prefix + "ExitCode:" + std::to_string(terminated.integer({"exitCode"}));
  }

  // True when the pod is still in its init containers.
  bool init_containers() {
    size_t i = 0;
    for (const Json& c : list_at(pod_, ".status.initContainerStatuses")) {
      size_t at = i++;
      bool stays = keeps_running_named(c.str("name"));
      restarts_ += c.integer({"restartCount"});
      note(last_restart_, c);
      if (stays) {
        staying_restarts_ += c.integer({"restartCount"});
        note(last_staying_restart_, c);
      }
      const Json* terminated = at_path(c, ".state.terminated");
      if (terminated != nullptr && terminated->integer({"exitCode"}) == 0) continue;
      if (stays && c.truth({"started"})) {
        if (c.truth({"ready"})) ready_++;
        continue;
      }
      std::string_view waiting = c.str({"state", "waiting", "reason"});
      if (terminated != nullptr) {
        reason_ = ended(*terminated, "Init:");
      } else if (!waiting.empty() && waiting != "PodInitializing") {
        reason_ = "Init:" + std::string(waiting);
      } else {
        reason_ = "Init:" + std::to_string(at) + "/" +
                  std::to_string(list_at(pod_, ".spec.initContainers").size());
      }
      return true;
    }
    return false;
  }

  void containers() {
    restarts_ = staying_restarts_;
    last_restart_ = last_staying_restart_;
    bool running = false;
    std::string error;
    const JsonArray& statuses = list_at(pod_, ".status.containerStatuses");
    for (auto at = statuses.rbegin(); at != statuses.rend(); ++at) {
      const Json& c = *at;
      restarts_ += c.integer({"restartCount"});
      note(last_restart_, c);
      std::string_view waiting = c.str({"state", "waiting", "reason"});
      const Json* terminated = at_path(c, ".state.terminated");
      if (!waiting.empty()) {
        reason_ = waiting;
      } else if (terminated != nullptr) {
        reason_ = ended(*terminated, "");
        if (terminated->integer({"exitCode"}) != 0) error = reason_;
      } else if (c.truth({"ready"}) && at_path(c, ".state.running") != nullptr) {
        running = true;
        ready_++;
      }
    }
    if (reason_ != "Completed") return;
    if (running && condition_true(pod_, "Ready")) {
      reason_ = "Running";
    } else if (!error.empty()) {
      reason_ = error;
    } else if (running) {
      reason_ = "NotReady";
    }
  }

  const Json& pod_;
  std::string reason_;
  int64_t total_ = 0;
  int64_t ready_ = 0;
  int64_t restarts_ = 0;
  int64_t staying_restarts_ = 0;
  std::optional<WallTime> last_restart_;
  std::optional<WallTime> last_staying_restart_;
};

Json cell_pod_ready(const CellInput& in) {
  return Json(PodSummary(in.object).ready());
}
Json cell_pod_status(const CellInput& in) {
  return Json(PodSummary(in.object).reason());
}
Json cell_pod_restarts(const CellInput& in) {
  return Json(PodSummary(in.object).restarts(in.now));
}

Json cell_pod_gates(const CellInput& in) {
  const JsonArray& gates = list_at(in.object, ".spec.readinessGates");
  if (gates.empty()) return Json("<none>");
  auto open = std::count_if(gates.begin(), gates.end(), [&](const Json& gate) {
    return condition_true(in.object, gate.str("conditionType"));
  });
  return Json(std::to_string(open) + "/" + std::to_string(gates.size()));
}

Json cell_job_status(const CellInput& in) {
  if (condition_true(in.object, "Complete")) return Json("Complete");
  if (condition_true(in.object, "Failed")) return Json("Failed");
  if (in.object.at({"metadata", "deletionTimestamp"}) != nullptr) return Json("Terminating");
  for (const char* type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
    if (condition_true(in.object, type)) return Json(type);
  }
  return Json("Running");
}

Json cell_job_completions(const CellInput& in) {
  std::string done = std::to_string(in.object.integer({"status", "succeeded"})) + "/";
  if (const Json* wanted = at_path(in.object, ".spec.completions"))
    return Json(done + dump(*wanted));
  int64_t parallelism = in.object.integer({"spec", "parallelism"});
  return Json(done + "1" + (parallelism > 1 ? " of " + std::to_string(parallelism) : ""));
}

Json cell_job_duration(const CellInput& in) {
  auto start = parse_rfc3339(in.object.str({"status", "startTime"}));
  if (!start) return Json("");
  auto end = parse_rfc3339(in.object.str({"status", "completionTime"}));
  return Json(human_duration(end.value_or(in.now) - *start));
}

Json cell_controller_ref(const CellInput& in) {
  for (const Json& owner : list_at(in.object, ".metadata.ownerReferences")) {
    if (!owner.truth({"controller"})) continue;
    std::string_view version = owner.str("apiVersion");
    size_t slash = version.find('/');
    std::string group =
        slash == std::string_view::npos ? "" : "." + std::string(version.substr(0, slash));
    return Json(lower_case(owner.str("kind")) + group + "/" + std::string(owner.str("name")));
  }
  return Json("<none>");
}

Json cell_hpa_reference(const CellInput& in) {
  return Json(std::string(in.object.str({"spec", "scaleTargetRef", "kind"})) + "/" +
              std::string(in.object.str({"spec", "scaleTargetRef", "name"})));
}

// One metric as "cpu: 12%/80%" or "5/10 (avg)".
std::string metric_text(const Json& spec, const Json* status) {
  struct Source {
    const char* type;
    const char* key;
    bool named;
  };
  for (const Source& s : {Source{"External", "external", false}, Source{"Pods", "pods", false},
                          Source{"Object", "object", false}, Source{"Resource", "resource", true},
                          Source{"ContainerResource", "containerResource", true}}) {
    if (spec.str("type") != s.type) continue;
    auto now = [&](const char* key) {
      const Json* found = status == nullptr ? nullptr : status->at({s.key, "current", key});
      return found == nullptr ? std::string("<unknown>") : text_of(found);
    };
    std::string name = s.named ? std::string(spec.str({s.key, "name"})) + ": " : "";
    if (const Json* average = spec.at({s.key, "target", "averageValue"})) {
      bool say = spec.str("type") == "External" || spec.str("type") == "Object";
      return name + now("averageValue") + "/" + text_of(average) + (say ? " (avg)" : "");
    }
    if (!s.named) return now("value") + "/" + text_of(spec.at({s.key, "target", "value"}));
    const Json* wanted = spec.at({s.key, "target", "averageUtilization"});
    std::string current = now("averageUtilization");
    if (current != "<unknown>") current += "%";
    return name + current + "/" + (wanted == nullptr ? "<auto>" : text_of(wanted) + "%");
  }
  return "<unknown type>";
}

Json cell_hpa_targets(const CellInput& in) {
  constexpr size_t kShown = 2;
  const JsonArray& specs = list_at(in.object, ".spec.metrics");
  const JsonArray& statuses = list_at(in.object, ".status.currentMetrics");
  if (specs.empty()) return Json("<none>");
  std::string out;
  for (size_t i = 0; i < std::min(specs.size(), kShown); i++) {
    out +=
        (i == 0 ? "" : ", ") + metric_text(specs[i], i < statuses.size() ? &statuses[i] : nullptr);
  }
  if (specs.size() > kShown) out += " + " + std::to_string(specs.size() - kShown) + " more...";
  return Json(out);
}

Json cell_claim_state(const CellInput& in) {
  bool deleted = in.object.at({"metadata", "deletionTimestamp"}) != nullptr;
  std::string out = deleted ? "deleted" : "";
  auto add = [&](const char* word) { out += (out.empty() ? "" : ",") + std::string(word); };
  if (at_path(in.object, ".status.allocation") == nullptr) {
    if (!deleted) add("pending");
    return Json(out);
  }
  add("allocated");
  if (!list_at(in.object, ".status.reservedFor").empty()) add("reserved");
  return Json(out);
}

constexpr NamedCell kWorkload[] = {
    {"pod_ready", cell_pod_ready},         {"pod_status", cell_pod_status},
    {"pod_restarts", cell_pod_restarts},   {"pod_gates", cell_pod_gates},
    {"job_status", cell_job_status},       {"job_completions", cell_job_completions},
    {"job_duration", cell_job_duration},   {"controller_ref", cell_controller_ref},
    {"hpa_reference", cell_hpa_reference}, {"hpa_targets", cell_hpa_targets},
    {"claim_state", cell_claim_state}};

}  // namespace

std::span<const NamedCell> workload_cells() {
  return kWorkload;
}

}  // namespace engine
