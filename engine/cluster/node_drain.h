// NodeDrain: which pods of a node are to be evicted and which stay, by the words that users know of
// kubectl drain; and the merge patch that carries out what is wished of a node. Pure. Thread: any.
// Owns: nothing. Source: k8s.io/kubectl pkg/drain.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.h"

namespace engine {

struct DrainOptions {
  bool force = false, ignore_daemon_sets = true, delete_local_data = false;
  int64_t grace_seconds = -1;  // below 0: the pod's own
  int64_t timeout_seconds = 120;
  static DrainOptions of(const Json* input);  // a nodeDrainInput; null: the defaults
};

struct DrainPlan {
  struct Pod {
    std::string ns, name, uid;
    std::string key() const { return ns + "/" + name; }
  };
  std::vector<Pod> pods;
  std::vector<std::string> refusals;  // why the node cannot be drained with these options
};
// `pods`: those on the node. A pod that is ending already is waited for, not evicted again.
DrainPlan plan_drain(const JsonArray& pods, const DrainOptions& options);

// What a management Node's spec wishes of the node, as a merge patch on it; null: nothing.
Json wished_patch(const Json& management_node);
// A wish that was carried out, taken off; true when there was anything.
bool drop_wishes(Json& management_node, const Json& done_spec);
// Labels (or annotations) as they are to be against what they are: {add: {...}, delete: {...}};
// null when nothing changes. What the cluster's own components keep is not taken away.
Json map_wish(const Json* now, const Json& wanted);

}  // namespace engine
