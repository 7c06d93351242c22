// Mappers of what lies in clusters (services, autoscalers, secrets, claims): those of the facts'
// chains that work on values. Thread: any, stateless. Owns: nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace engine {

// SetValue, CrossVersionObjectToWorkload, MergeListByIndexMapper; others do nothing.
void run_project_mapper_to_api(const Json& mapper, Json& data);
void run_project_mapper_to_stored(const Json& mapper, Json& data);

// KIND:NAMESPACE:NAME of the API as what an autoscaler or a service means; nullopt for a text that
// is none.
struct WorkloadId {
  std::string kind, ns, name;       // deployment
  std::string object_kind() const;  // Deployment
  std::string api_version() const;  // apps/v1
  std::string plural() const;       // deployments
};
std::optional<WorkloadId> parse_workload_id(std::string_view id);

}  // namespace engine
