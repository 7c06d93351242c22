// Node wishes: what users want of a node of a cluster is written on its management Node
// (spec.desiredNodeUnschedulable, nodeDrainInput, metadataUpdate, desiredNodeTaints) and carried
// out here over the cluster's way: cordon, uncordon, labels, annotations, taints, drain. A wish
// stays until it is fulfilled, refused or withdrawn, so that a restart goes on with it; how far a
// drain has come is in the condition Drained. What the node then is, its watch tells. Thread:
// making: one. Owns: nothing but references.
#pragma once

#include <memory>

#include "engine/controllers/cluster/cluster_parts.h"
#include "engine/controllers/controller_set.h"

namespace engine {

std::unique_ptr<ControllerModule> make_node_wishes(const ClusterParts& parts);

}  // namespace engine
