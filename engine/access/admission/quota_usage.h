// Quota usage: what an object counts for in ResourceQuotas: pods by what they ask for, claims by
// their storage, services by their ports, everything by number; which quotas it falls under by
// their scopes. Thread: any, stateless. Owns: nothing. Source: k8s.io/kubernetes
// pkg/quota/v1/evaluator/core, k8s.io/apiserver pkg/quota/v1/generic.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/quantity.h"
#include "engine/kinds/kind.h"

namespace engine {

// Whether quotas may count objects of this kind at all.
bool is_quota_counted(const Kind& kind);
// Whether this kind's objects count for the resource that a quota names.
bool counts_for(const Kind& kind, std::string_view resource);
// Those of a quota's status.hard (or spec.hard) that do, sorted.
std::vector<std::string> resources_counted(const Kind& kind, const Json* hard);
// The kinds that the resources of `hard` are counted of.
std::vector<KindPtr> kinds_counted(const KindSnapshot& kinds, const Json* hard);

Amounts usage_of(const Kind& kind, const Json& object);
// Whether every scope of the quota takes the object.
bool in_quota_scopes(const Kind& kind, const Json& quota, const Json& object);
// Quotas on cpu and memory want every container to name them: what is missing, or nothing.
std::string missing_for_quota(const Kind& kind, const std::vector<std::string>& resources,
                              const Json& object);
bool has_active_deadline(const Json& pod);

}  // namespace engine
