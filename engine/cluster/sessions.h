// ClusterSessions: what is known at this moment of the way to a cluster. It is asked when a cluster
// is read, so that "connected" is true to the second and nothing is written only because time
// passes. The functions below turn it into the conditions and the state that people see.
// Thread: any. Owns: nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/time.h"

namespace engine {

// Connected: a heartbeat was answered less than this ago.
inline constexpr std::chrono::seconds kHeartbeatFresh{15};

struct ClusterLink {
  enum class Way : uint8_t { none, tunnel, direct, local } way = Way::none;
  bool open = false;                  // a tunnel is there; a kubeconfig was handed over
  std::optional<WallTime> heartbeat;  // the last one that was answered
  std::optional<WallTime> since;      // when the way came, or went
  std::string problem;                // of the last attempt, empty when it went well
};

class ClusterSessions {
 public:
  virtual ~ClusterSessions() = default;
  virtual ClusterLink link(std::string_view cluster_id) const = 0;
};

bool is_connected(const ClusterLink& link, WallTime now);

struct ClusterState {
  std::string state;          // pending, waiting, active, unavailable, removing
  std::string transitioning;  // yes, no, error
  std::string message;        // what it waits for, and since when
};
// From the stored object and what is known now.
ClusterState cluster_state(const Json& cluster, const ClusterLink& link, WallTime now);

// The object as it is to be shown: conditions Connected and Ready as they are now. Call it on a
// copy when a cluster is read; nothing is stored.
void show_connection(Json& cluster, const ClusterLink& link, WallTime now);

// The same for two links that the functions above say the same of: a number to remember what was
// made of a link by.
uint64_t way_number(const ClusterLink& link, WallTime now);

// Conditions of a stored object.
const Json* find_condition(const Json& object, std::string_view type);
bool condition_true(const Json& object, std::string_view type);
struct Condition {
  std::string type, status, reason, message;
};
// True when something changed; the times move only with the status (lastTransitionTime) and with
// any change (lastUpdateTime).
bool set_condition(Json& object, const Condition& condition, WallTime now);

}  // namespace engine
