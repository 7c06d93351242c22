// The mappers of workloads and pods: ports with what kind of service stands before them,
// environment variables, init containers, probes, what a container is doing, and (in
// scheduling_mapper.cpp) on which nodes pods may run. Both ways; what they do not know of a stored
// object they leave to the caller, who lays differences over it. Thread: any. Owns: nothing.
#pragma once

#include "engine/base/json.h"

namespace engine {

enum class MapWay : uint8_t { to_api, to_stored };

// Whether a mapper of the facts is one of these.
bool is_workload_mapper(std::string_view name);
// Runs it; other names do nothing.
void run_workload_mapper(MapWay way, std::string_view name, Json& data);

// nodeSelector and affinity of a pod as scheduling.node {requireAll, requireAny, preferred} of
// expressions like "key = value && other in (a, b)", and back.
void map_scheduling(MapWay way, Json& pod);

// The public endpoints of an annotation name services, nodes, ingresses and pods; the API's refer
// to them.
void map_public_endpoints(MapWay way, Json& endpoints);

}  // namespace engine
