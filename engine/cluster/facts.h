// ClusterFacts: what a cluster says of itself (version, nodes, components, what its pods ask for),
// gathered through a Transport step by step, and how it is written onto the Cluster object and the
// management Node objects. What only changes because time passes (heartbeats of nodes) is left out,
// so that a quiet cluster causes no writes.
// Thread: gather: any, the callback on another; the rest are pure. Owns: nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/quantity.h"
#include "engine/cluster/sessions.h"
#include "engine/cluster/transport.h"
#include "engine/cluster/ways.h"

namespace engine {

struct PodSums {
  Amounts requests, limits;
  int64_t pods = 0;
};

// Of all nodes of a cluster, kept by their watch (node_table.h).
struct NodeTotals {
  bool nodes_known = false, pods_known = false;
  int64_t nodes = 0;
  Amounts capacity, allocatable;
  PodSums pods;
};

struct ClusterFacts {
  std::string problem;  // why the API could not be asked; empty: the rest is true
  Json version;         // as /version answers
  Json components;      // [{name, conditions}], null when the cluster does not tell
};

// Whether components are asked for too; the version always is.
enum class FactsWanted : uint8_t { version, components };
using FactsDone = std::function<void(ClusterFacts)>;
void gather_facts(std::shared_ptr<Transport> transport, FactsWanted wanted, FactsDone done);

// Onto the Cluster's status. The caller compares and writes only a difference.
void write_facts(Json& cluster, const ClusterFacts& facts, const ClusterWays::Address& address,
                 WallTime now);
// What its nodes have and its pods ask for, likewise.
void write_totals(Json& cluster, const NodeTotals& totals);
// A node without what changes only because time passes, and without the long list of images.
Json quiet_node(const Json& node);
// The management Node for one node of the cluster, onto `object` (what is there already, or null):
// `node` null leaves what is known of it, `pods` null what they ask for.
struct NodeWrite {
  std::string_view cluster_id, object_name;
  const Json* node;
  const PodSums* pods;
};
void write_node(Json& object, const NodeWrite& write);
// A management Node's name, the same for the same word each time.
std::string node_object_name(std::string_view word);

}  // namespace engine
