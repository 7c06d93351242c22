// What the types of workloads and pods have in common below /v3/project: what they ask the cluster
// for to show themselves, and whose rights decide what is offered. Thread: any. Owns: nothing.
#pragma once

#include <set>

#include "engine/norman/types/public_endpoints.h"

namespace engine {

// Of one request.
struct PodBeside final : Beside {
  NodePlaces nodes;
  EndpointParts parts;
  bool knows_endpoints = false;  // services and ingresses could be read
  // What controls that which controls pods: "replicaset:ns:name" to "deployment:ns:name".
  std::map<std::string, std::string, std::less<>> owners;
  // Rules that the caller has in a namespace, as a SelfSubjectRulesReview says them.
  std::map<std::string, Json, std::less<>> rules;

  // Without an answer about it: the cluster will decide.
  bool may(std::string_view ns, std::string_view verb, std::string_view group,
           std::string_view plural, std::string_view name) const;
};

// Asks for what the objects need.
struct PodNeeds {
  bool endpoints = false;  // services and ingresses, and pods where they take ports of nodes
  bool owners = false;     // the owners of replica sets and jobs that own pods
};
void ask_beside(Conversation& conversation, const std::shared_ptr<const JsonArray>& objects,
                PodNeeds needs, Done done);
const PodBeside* beside_of(const Call& call);

// The name of a node that a client named by its id; 422 for none such.
Result<Unit> resolve_node(const Call& call, Json& pod_spec);

// What clients may say of a pod's containers that the cluster would not take: ports get names,
// kinds of capabilities large letters. `name`: the workload's.
Result<Unit> complete_ports(std::string_view name, Json& body);
void shout_capabilities(Json& object);
// Only what belongs to a stored object.
void drop_unstored(Json& stored);

// Adds to the secrets for pulling images those of the namespace that are of the images' registries.
void add_pull_secrets(Conversation& conversation, const std::shared_ptr<Json>& stored,
                      Json& (*pod_spec)(Json&), Done done);

}  // namespace engine
