// The services that stand before a workload made through the management API: one of the workload's
// name for its pods, and one for each other kind of port (NodePort, LoadBalancer). They are made
// and changed with the workload, by the server, and go with it, whose they are by owner reference.
// A service of that name that is somebody else's stays as it is. Thread: any. Owns: nothing.
#pragma once

#include "engine/norman/conversation.h"

namespace engine {

// As they are to be; none for jobs, for what a controller made, and for what came by another way.
JsonArray services_of(const Json& workload);

struct ServiceChanges {
  JsonArray create, update;         // whole objects
  std::vector<std::string> remove;  // names
};
// `there`: the services of the workload's namespace.
ServiceChanges service_changes(const Json& workload, const JsonArray& there);

// Asks the cluster for them and brings them about.
void keep_services(Conversation& conversation, const Json& workload, Done done);

}  // namespace engine
