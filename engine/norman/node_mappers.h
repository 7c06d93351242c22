// The mappers that only the node type uses: addresses, operating system facts, lists merged or
// turned into maps. One way, stored to API: nodes are written by the server alone. Thread: any.
// Owns: nothing.
#pragma once

#include "engine/base/json.h"

namespace engine {

// Runs NodeAddressMapper, OSInfo, NodeAddressAnnotationMapper, SliceToMap or SliceMerge; leaves the
// object alone for any other name.
void run_node_mapper(const Json& mapper, Json& data);

}  // namespace engine
