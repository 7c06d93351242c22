// Bootstrap: the objects that a Kubernetes API has from its first second: the namespaces of the
// system and the roles and bindings of upstream's RBAC bootstrap policy (bootstrap_policy.json). At
// each start what is missing comes back, as upstream's auto-update has it: rules and subjects are
// added and never taken away, and an object with the annotation
// rbac.authorization.kubernetes.io/autoupdate: "false" is left alone. Thread: the one that starts
// the process; writes run side by side on the Env's workers, so that they share the store's
// commits. Owns: nothing. Source: k8s.io/kubernetes pkg/registry/rbac/rest,
// pkg/registry/rbac/reconciliation.
#pragma once

#include "engine/cluster/client.h"

namespace engine {

// Makes what is missing of these, side by side; of what is there only labels, rules and subjects
// are added. Not to be called from a worker of the Env: it waits for them.
Result<Unit> ensure_objects(storage::Env& env, Client& client, const JsonArray& objects);

// All of them, as a store without them gets them.
JsonArray bootstrap_objects();

// Returns when everything is there; the first error otherwise.
Result<Unit> ensure_bootstrap_objects(storage::Env& env, Client& client);

}  // namespace engine
