#include "engine/norman/project_mappers.h"

#include <algorithm>

#include "engine/base/text.h"

namespace engine {
namespace {

struct WorkloadKind {
  std::string_view id, kind, api_version;
};
constexpr WorkloadKind kWorkloads[] = {{"deployment", "Deployment", "apps/v1"},
                                       {"statefulset", "StatefulSet", "apps/v1"},
                                       {"daemonset", "DaemonSet", "apps/v1"},
                                       {"replicaset", "ReplicaSet", "apps/v1"},
                                       {"job", "Job", "batch/v1"},
                                       {"cronjob", "CronJob", "batch/v1"},
                                       {"replicationcontroller", "ReplicationController", "v1"}};

const WorkloadKind* workload(std::string_view id) {
  for (const WorkloadKind& one : kWorkloads)
    if (one.id == id) return &one;
  return nullptr;
}

// A value that stands for another: of headless services None for null, of secrets the short name
// of a type.
void set_value(Json& data, std::string_view field, const Json& from, const Json& to) {
  const Json* value = data.find(field);
  if (value && *value == from) data.set(field, Json(to));
}

Json value_of(const Json& mapper, std::string_view key) {
  const Json* found = mapper.find(key);
  return found ? *found : Json();
}

void workload_to_api(std::string_view field, Json& data) {
  const Json* found = data.find(field);
  if (!found || !found->is_object()) return;
  data.set(field, lower(found->str("kind")) + ":" + std::string(data.str("namespaceId")) + ":" +
                      std::string(found->str("name")));
}

void workload_to_stored(std::string_view field, Json& data) {
  const Json* found = data.find(field);
  if (!found || !found->is_string()) return;
  auto id = parse_workload_id(found->as_string());
  if (!id) return;
  data.set(field, Json::object({{"kind", id->object_kind()},
                                {"apiVersion", id->api_version()},
                                {"name", id->name}}));
}

// What is seen of each metric stands with what is asked of it: in the member that is named by the
// metric's type.
void merge_by_index(const Json& mapper, Json& data) {
  Json *from = data.find(mapper.str("From")), *to = data.find(mapper.str("To"));
  if (from && to && from->is_array() && to->is_array()) {
    const size_t count = std::min(from->size(), to->size());
    for (size_t i = 0; i < count; i++) {
      const Json& seen = from->as_array()[i];
      const Json* current = seen.at({lower(seen.str("type")), "current"});
      if (current) to->as_array()[i].set("current", Json(*current));
    }
  }
  data.erase(mapper.str("From"));
}

}  // namespace

std::string WorkloadId::object_kind() const {
  return std::string(workload(kind)->kind);
}
std::string WorkloadId::api_version() const {
  return std::string(workload(kind)->api_version);
}
std::string WorkloadId::plural() const {
  return kind + "s";
}

std::optional<WorkloadId> parse_workload_id(std::string_view id) {
  const size_t first = id.find(':');
  const size_t second = first == id.npos ? id.npos : id.find(':', first + 1);
  if (second == id.npos || !workload(lower(id.substr(0, first)))) return std::nullopt;
  WorkloadId out{lower(id.substr(0, first)), std::string(id.substr(first + 1, second - first - 1)),
                 std::string(id.substr(second + 1))};
  if (out.ns.empty() || out.name.empty()) return std::nullopt;
  return out;
}

void run_project_mapper_to_api(const Json& mapper, Json& data) {
  std::string_view name = mapper.str("mapper");
  if (name == "SetValue")
    set_value(data, mapper.str("Field"), value_of(mapper, "IfEq"), value_of(mapper, "Value"));
  if (name == "CrossVersionObjectToWorkload") workload_to_api(mapper.str("Field"), data);
  if (name == "MergeListByIndexMapper") merge_by_index(mapper, data);
}

void run_project_mapper_to_stored(const Json& mapper, Json& data) {
  std::string_view name = mapper.str("mapper");
  if (name == "SetValue")
    set_value(data, mapper.str("Field"), value_of(mapper, "Value"), value_of(mapper, "IfEq"));
  if (name == "CrossVersionObjectToWorkload") workload_to_stored(mapper.str("Field"), data);
}

}  // namespace engine
