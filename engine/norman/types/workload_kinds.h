// WorkloadKinds: the kinds of workloads and where in each the pods' template lies. Thread: any.
// Owns: nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace engine {

inline constexpr std::string_view kSelectorLabel = "workload.user.cattle.io/workloadselector";

struct WorkloadKind {
  std::string_view schema;  // deployment; its configuration is the field deploymentConfig
  std::string_view group, kind, plural;
};
std::span<const WorkloadKind> workload_kinds();
// By its schema, without regard to case; or of a stored object. Null: none.
const WorkloadKind* workload_kind(std::string_view schema);
const WorkloadKind* workload_kind_of(const Json& stored);

// deployment:ns:name, as clients know it.
std::string workload_id(std::string_view kind, std::string_view ns, std::string_view name);
std::string workload_id(const Json& stored);

const Json* pod_template(const Json& stored);
// Made where it is not there.
Json& pod_template(Json& stored);
// The labels that its pods have in common; null: it says none.
const Json* selector_labels(const Json& stored);
// The owner that controls an object; null: none.
const Json* controller_of(const Json& stored);
// Whether the labels are among those.
bool matches_labels(const Json* selector, const Json* labels);

}  // namespace engine
