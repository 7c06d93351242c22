// Workload targets: which pods a service has to select to stand for a workload, asked of the
// workload's cluster. Thread: any, stateless. Owns: nothing. Errors: 422 with the field that names
// workloads: InvalidReference for one that is not there or that the caller may not see,
// InvalidOption for several (a service selects by one set of labels) or one in another namespace.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/norman/conversation.h"

namespace engine {

struct TargetField {
  std::string field;  // targetWorkloadIds
  std::string ns;     // of the service
  TargetField(std::string_view name, std::string_view in) : field(name), ns(in) {}
};

// The labels, once the cluster has told.
void find_selector(Conversation& with, const TargetField& of,
                   const std::vector<std::string>& workloads, Conversation::Heard heard);

// An owner's reference to a stored object.
Json owner_of(const Json& object, std::string_view api_version, std::string_view kind);

}  // namespace engine
