// Public endpoints: where from outside of a cluster one comes to a service, an ingress or the pods
// of a workload. They are worked out when they are read, from services, ingresses, pods and the
// addresses of nodes: nothing of it is written to users' objects, and nothing watches for it. What
// an older server left in the annotation field.cattle.io/publicEndpoints is shown where the parts
// cannot be read. Thread: any. Owns: nothing.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/norman/norman.h"

namespace engine {

// The nodes of a cluster as this server mirrors them.
struct NodePlaces {
  struct Node {
    std::string id;  // c-1:machine-1
    std::string address;
  };
  std::map<std::string, Node, std::less<>> by_name;
  std::string first_address;  // the lowest of the nodes that are ready (workers, where they say so)

  const Node* find(std::string_view name) const {
    auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : &found->second;
  }
};
NodePlaces node_places(const Norman& norman, std::string_view cluster);

// Each is a list of publicEndpoint as the API has them.
JsonArray service_endpoints(const Json& service, const NodePlaces& nodes);
JsonArray ingress_endpoints(const Json& ingress);
JsonArray pod_endpoints(const Json& pod, const NodePlaces& nodes);
// Of a workload, from what lies in its namespace: its services and pods, and the ingresses before
// these services.
struct EndpointParts {
  JsonArray services, ingresses, pods;
};
JsonArray workload_endpoints(const Json& workload, const EndpointParts& parts,
                             const NodePlaces& nodes);
// Whether its pods take ports of their nodes: then they have to be looked at.
bool takes_host_ports(const Json& pod_spec);

}  // namespace engine
