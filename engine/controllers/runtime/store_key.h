// StoreKey: a key of the store taken apart, and small helpers by which controllers find kinds and
// go over all objects of one. Thread: any. Owns: nothing; views point into the key.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/cluster/client.h"

namespace engine {

struct StoreKey {
  KindPtr kind;  // as stored
  std::string_view ns, name;
};
// None for keys of no kind that is known now.
std::optional<StoreKey> read_store_key(const KindSnapshot& kinds, std::string_view key);
// The last part of a key: the name, or ns/name.
std::string_view after_prefix(std::string_view key, std::string_view prefix);

// The version that is stored of each resource that is stored at all.
std::vector<KindPtr> stored_kinds(const KindSnapshot& kinds);
// Null when there is no such resource.
KindPtr stored_kind(Client& client, std::string_view group, std::string_view plural);

// Calls back with every object, newest state; false from it stops. Pages, so that nothing is held.
Result<Unit> for_each_object(Client& client, const Kind& kind, std::string_view ns,
                             const std::function<Result<bool>(const Object&)>& visit);

// A condition as Kubernetes has them (the management kinds also keep lastUpdateTime:
// engine/cluster/sessions.h). The condition of that type set to these; true when anything changed
// (then with the new time).
struct KubernetesCondition {
  std::string_view type, status, reason, message;
};
bool set_kubernetes_condition(Json& conditions, const KubernetesCondition& condition,
                              storage::WallTime now);
// A condition's status: True, False, Unknown; empty when it is not there.
std::string_view condition_status(const Json& object, std::string_view type);

}  // namespace engine
