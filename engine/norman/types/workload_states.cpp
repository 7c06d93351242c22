#include "engine/norman/types/workload_states.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "engine/cluster/sessions.h"

namespace engine {
namespace {

// Why a container waits when it will not get better by itself.
constexpr std::array<std::string_view, 7> kStuck = {
    "CrashLoopBackOff",     "ErrImagePull",      "ImagePullBackOff",           "InvalidImageName",
    "CreateContainerError", "RunContainerError", "CreateContainerConfigError",
};

State failed(std::string_view name, std::string_view message) {
  return {std::string(name), "error", std::string(message)};
}
State updating(std::string message) {
  return {"updating", "yes", std::move(message)};
}

bool is(const Json* condition, std::string_view status) {
  return condition && condition->str("status") == status;
}

// Both numbers as the status has them; what is not there is nothing yet.
State progress(int64_t wanted, int64_t updated, int64_t ready) {
  const std::string of = " of " + std::to_string(wanted);
  if (updated < wanted) return updating(std::to_string(updated) + of + " pods are up to date");
  if (ready < wanted) return updating(std::to_string(ready) + of + " pods are ready");
  return {};
}

State deployment(const Json& stored) {
  if (const Json* why = find_condition(stored, "ReplicaFailure"); is(why, "True"))
    return failed("error", why->str("message"));
  if (stored.truth({"spec", "paused"})) return {"paused", "no", ""};
  if (const Json* why = find_condition(stored, "Progressing"); is(why, "False"))
    return failed("error", why->str("message"));
  const int64_t wanted = stored.integer({"spec", "replicas"}, 1);
  if (const int64_t now = stored.integer({"status", "replicas"}); now > wanted)
    return updating(std::to_string(now - wanted) + " pods have still to go");
  return progress(wanted, stored.integer({"status", "updatedReplicas"}),
                  stored.integer({"status", "readyReplicas"}));
}

State daemon_set(const Json& stored) {
  const int64_t wanted = stored.integer({"status", "desiredNumberScheduled"});
  const bool by_hand = stored.str({"spec", "updateStrategy", "type"}) == "OnDelete";
  return progress(wanted, by_hand ? wanted : stored.integer({"status", "updatedNumberScheduled"}),
                  stored.integer({"status", "numberReady"}));
}

State stateful_set(const Json& stored) {
  const int64_t wanted = stored.integer({"spec", "replicas"}, 1);
  const bool by_hand = stored.str({"spec", "updateStrategy", "type"}) == "OnDelete";
  // Those below the partition are not to be updated.
  const int64_t kept = stored.integer({"spec", "updateStrategy", "rollingUpdate", "partition"});
  const bool same =
      stored.str({"status", "currentRevision"}) == stored.str({"status", "updateRevision"});
  const int64_t updated = stored.integer({"status", "updatedReplicas"}) + std::min(kept, wanted);
  return progress(wanted, by_hand || same ? wanted : updated,
                  stored.integer({"status", "readyReplicas"}));
}

State replicas(const Json& stored) {
  if (const Json* why = find_condition(stored, "ReplicaFailure"); is(why, "True"))
    return failed("error", why->str("message"));
  const int64_t wanted = stored.integer({"spec", "replicas"}, 1);
  return progress(wanted, wanted, stored.integer({"status", "readyReplicas"}));
}

State job(const Json& stored) {
  if (const Json* why = find_condition(stored, "Failed"); is(why, "True"))
    return failed("failed", why->str("message"));
  if (is(find_condition(stored, "Complete"), "True")) return {"succeeded", "no", ""};
  if (stored.truth({"spec", "suspend"})) return {"suspended", "no", ""};
  return {};
}

bool is_going(const Json& stored) {
  return !stored.str({"metadata", "deletionTimestamp"}).empty();
}

const Json* stuck_container(const Json& stored) {
  for (std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
    const Json* statuses = stored.at({"status", list});
    if (!statuses || !statuses->is_array()) continue;
    for (const Json& one : statuses->as_array()) {
      const std::string_view reason = one.str({"state", "waiting", "reason"});
      if (std::find(kStuck.begin(), kStuck.end(), reason) != kStuck.end()) return &one;
    }
  }
  return nullptr;
}

std::string reason_and_message(const Json& from) {
  std::string out(from.str("reason"));
  if (!out.empty() && !from.str("message").empty()) out += ": ";
  return out.append(from.str("message"));
}

}  // namespace

State workload_state(const Json& stored) {
  if (is_going(stored)) return state_of(stored);
  const std::string_view kind = stored.str("kind");
  if (kind == "CronJob")
    return stored.truth({"spec", "suspend"}) ? State{"suspended", "no", ""} : State{};
  if (kind == "Job") return job(stored);
  if (stored.integer({"status", "observedGeneration"}) <
          stored.integer({"metadata", "generation"}) &&
      !stored.truth({"spec", "paused"}))
    return updating("the cluster has not yet seen what was asked for");
  if (kind == "Deployment") return deployment(stored);
  if (kind == "DaemonSet") return daemon_set(stored);
  if (kind == "StatefulSet") return stateful_set(stored);
  return replicas(stored);
}

State pod_state(const Json& stored) {
  if (is_going(stored)) return state_of(stored);
  const std::string phase = lower(stored.str({"status", "phase"}, "Pending"));
  const Json* told = stored.find("status");
  const Json status = told ? *told : Json::object();
  if (phase == "failed") return failed(phase, reason_and_message(status));
  if (phase == "succeeded") return {phase, "no", ""};
  if (const Json* stuck = stuck_container(stored))
    return failed(phase == "running" ? "unavailable" : phase,
                  std::string(stuck->str("name")) + ": " +
                      reason_and_message(*stuck->at({"state", "waiting"})));
  if (phase == "unknown") return failed(phase, reason_and_message(status));
  if (phase != "running") {
    const Json* placed = find_condition(stored, "PodScheduled");
    return {phase, "yes", is(placed, "False") ? reason_and_message(*placed) : std::string()};
  }
  const Json* ready = find_condition(stored, "Ready");
  if (!is(ready, "False")) return {phase, "no", ""};
  return {"unavailable", "yes", std::string(ready->str("message"))};
}

}  // namespace engine
