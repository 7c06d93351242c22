#include "engine/norman/types/workload_targets.h"

#include "engine/norman/project_mappers.h"

namespace engine {
namespace {

std::string target_of(const WorkloadId& id) {
  const std::string version = id.api_version();
  return (version == "v1" ? "/api/" : "/apis/") + version + "/namespaces/" + id.ns + "/" +
         id.plural() + "/" + id.name;
}

}  // namespace

void find_selector(Conversation& with, const TargetField& of,
                   const std::vector<std::string>& workloads, Conversation::Heard heard) {
  auto refuse = [&](const char* code, std::string why) {
    heard(Status::field_error(422, code, of.field, std::move(why)));
  };
  if (workloads.size() != 1)
    return refuse("InvalidOption", "a service selects the pods of one workload, not of " +
                                       std::to_string(workloads.size()) +
                                       ": make a service for each");
  auto id = parse_workload_id(workloads[0]);
  if (!id)
    return refuse("InvalidReference",
                  workloads[0] + " is no workload: deployment:NAMESPACE:NAME is wanted");
  if (id->ns != of.ns)
    return refuse("InvalidOption",
                  workloads[0] + " is in another namespace than the service, " + of.ns);
  const Status missing = Status::field_error(422, "InvalidReference", of.field,
                                             "there is no workload " + workloads[0]);
  const bool plain = id->kind == "replicationcontroller";
  with.ask({.target = target_of(*id)},
           [missing, plain, heard = std::move(heard)](Result<Json> found) {
             if (!found && (found.error().code() == 404 || found.error().code() == 403))
               return heard(missing);
             if (!found) return heard(found.error());
             const Json* labels = plain ? found->at({"spec", "selector"})
                                        : found->at({"spec", "selector", "matchLabels"});
             if (!labels || labels->size() == 0) return heard(missing);
             heard(Json(*labels));
           });
}

Json owner_of(const Json& object, std::string_view api_version, std::string_view kind) {
  return Json::object({{"apiVersion", api_version},
                       {"kind", kind},
                       {"name", object.str({"metadata", "name"})},
                       {"uid", object.str({"metadata", "uid"})},
                       {"controller", true}});
}

}  // namespace engine
