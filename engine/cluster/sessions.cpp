#include "engine/cluster/sessions.h"

namespace engine {
namespace {

std::string since_words(const std::optional<WallTime>& since) {
  return since ? " since " + to_rfc3339(*since) : "";
}

std::string lost_words(const ClusterLink& link) {
  std::string out;
  if (link.way == ClusterLink::Way::tunnel || link.way == ClusterLink::Way::none) {
    out = "Cluster agent is not connected";
  } else {
    out = "Cluster API does not answer";
  }
  if (link.heartbeat) {
    out += " since " + to_rfc3339(*link.heartbeat);
  } else {
    out += since_words(link.since);
  }
  if (!link.problem.empty()) out += ": " + link.problem;
  return out;
}

}  // namespace

bool is_connected(const ClusterLink& link, WallTime now) {
  if (link.way == ClusterLink::Way::local) return true;
  return link.open && link.heartbeat && now - *link.heartbeat < kHeartbeatFresh;
}

const Json* find_condition(const Json& object, std::string_view type) {
  const Json* conditions = object.at({"status", "conditions"});
  if (!conditions || !conditions->is_array()) return nullptr;
  for (const Json& condition : conditions->as_array()) {
    if (condition.str("type") == type) return &condition;
  }
  return nullptr;
}

bool condition_true(const Json& object, std::string_view type) {
  const Json* found = find_condition(object, type);
  return found && found->str("status") == "True";
}

bool set_condition(Json& object, const Condition& wanted, WallTime now) {
  Json& conditions = object.make({"status", "conditions"});
  if (!conditions.is_array()) conditions = Json::array();
  Json* found = nullptr;
  for (Json& condition : conditions.as_array()) {
    if (condition.str("type") == wanted.type) found = &condition;
  }
  if (found && found->str("status") == wanted.status && found->str("reason") == wanted.reason &&
      found->str("message") == wanted.message) {
    return false;
  }
  if (!found) {
    conditions.push_back(Json::object({{"type", wanted.type}}));
    found = &conditions.as_array().back();
  }
  const std::string time = to_rfc3339(now);
  if (found->str("status") != wanted.status) found->set("lastTransitionTime", time);
  found->set("status", wanted.status);
  found->set("lastUpdateTime", time);
  const auto put = [&](std::string_view key, const std::string& value) {
    if (value.empty()) {
      found->erase(key);
    } else {
      found->set(key, value);
    }
  };
  put("reason", wanted.reason);
  put("message", wanted.message);
  return true;
}

ClusterState cluster_state(const Json& cluster, const ClusterLink& link, WallTime now) {
  const auto message_of = [&](std::string_view type, std::string_view otherwise) {
    const Json* condition = find_condition(cluster, type);
    return std::string(condition ? condition->str("message", otherwise) : otherwise);
  };
  if (!cluster.str({"metadata", "deletionTimestamp"}).empty()) {
    return {"removing", "yes",
            message_of("Removed", "Removing the cluster since " +
                                      std::string(cluster.str({"metadata", "deletionTimestamp"})))};
  }
  if (link.way == ClusterLink::Way::local) return {"active", "no", ""};
  if (!link.open && !condition_true(cluster, "Pending")) {
    const std::string created(cluster.str({"metadata", "creationTimestamp"}));
    return {"pending", "yes",
            message_of("Pending",
                       "Waiting for an agent to connect, or a kubeconfig, since " + created)};
  }
  if (!condition_true(cluster, "Waiting")) {
    const std::string what = "Waiting for the cluster's API to answer" + since_words(link.since);
    return {"waiting", "yes", message_of("Waiting", what)};
  }
  if (!is_connected(link, now)) return {"unavailable", "error", lost_words(link)};
  const Json* ready = find_condition(cluster, "Ready");
  if (ready && ready->str("status") == "False" && ready->str("reason") != "Disconnected") {
    return {"unavailable", "error", std::string(ready->str("message"))};
  }
  return {"active", "no", ""};
}

void show_connection(Json& cluster, const ClusterLink& link, WallTime now) {
  if (link.way == ClusterLink::Way::local) return;
  if (!condition_true(cluster, "Pending") && !link.open) return;
  const bool connected = is_connected(link, now);
  const std::string words = connected ? "" : lost_words(link);
  set_condition(cluster,
                {"Connected", connected ? "True" : "False", connected ? "" : "Disconnected", words},
                now);
  if (!condition_true(cluster, "Waiting")) return;
  if (!connected) {
    set_condition(cluster, {"Ready", "False", "Disconnected", words}, now);
    return;
  }
  const Json* ready = find_condition(cluster, "Ready");
  if (ready && ready->str("reason") == "Disconnected") {
    set_condition(cluster, {"Ready", "True", "", ""}, now);
  }
}

uint64_t way_number(const ClusterLink& link, WallTime now) {
  uint64_t number = 0;
  const auto add = [&](uint64_t part) {
    number = (number ^ part) * 0x9e3779b97f4a7c15u;
    number ^= number >> 29;
  };
  const auto add_time = [&](const std::optional<WallTime>& at) {
    add(at ? static_cast<uint64_t>(at->time_since_epoch().count()) : 1);
  };
  const bool connected = is_connected(link, now);
  add(static_cast<uint64_t>(link.way) << 2 | static_cast<uint64_t>(link.open) << 1 |
      static_cast<uint64_t>(connected));
  add_time(link.since);
  if (connected) return number;
  add_time(link.heartbeat);
  add(std::hash<std::string>{}(link.problem));
  return number;
}

}  // namespace engine
