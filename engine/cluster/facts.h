// ClusterFacts: what a cluster says of itself (version, nodes, components, what its pods ask for),
// gathered through a Transport step by step, and how it is written onto the Cluster object and the
// management Node objects. What only changes because time passes (heartbeats of nodes) is left out,
// so that a quiet cluster causes no writes.
// Thread: gather: any, the callback on another; the rest are pure. Owns: nothing.
#pragma once

#include <functional>
#include <map>
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

struct ClusterFacts {
  std::string problem;  // why the API could not be asked; empty: the rest is true
  Json version;         // as /version answers
  bool has_nodes = false;
  std::vector<Json> nodes;  // core v1 Nodes
  Json components;          // [{name, conditions}], null when the cluster does not tell
  bool has_pods = false;
  std::map<std::string, PodSums, std::less<>> pods_by_node;
  PodSums pods;
};

struct FactsWanted {
  bool nodes = false;  // nodes and components; the version always
  bool pods = false;
};
using FactsDone = std::function<void(ClusterFacts)>;
void gather_facts(std::shared_ptr<Transport> transport, FactsWanted wanted, FactsDone done);

// One pod's part.
void add_pod(const Json& pod, ClusterFacts& facts);

// Onto the Cluster's status. The caller compares and writes only a difference.
void write_facts(Json& cluster, const ClusterFacts& facts, const ClusterWays::Address& address,
                 WallTime now);
// The management Node for one node of the cluster, onto `object` (what is there already, or null).
void write_node(Json& object, std::string_view cluster_id, const Json& node, const PodSums* pods);
// The management Node's name, the same for the same node each time.
std::string node_object_name(std::string_view node_name);

}  // namespace engine
