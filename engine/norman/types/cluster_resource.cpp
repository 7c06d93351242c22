#include "engine/norman/types/cluster_resource.h"

namespace engine {

Result<Unit> ClusterResource::before_create(const Call&, const Json&, Json& body,
                                            Place& place) const {
  if (body.str("name").empty()) return Status::field_error(422, "MissingRequired", "name", "");
  if (there_->namespaced() && place.ns.empty())
    return Status::field_error(422, "MissingRequired", "namespaceId", "");
  return Unit{};
}

void ClusterResource::decorate(const Call& call, const Json&, Look& look) const {
  if (call.context.find(':') != std::string::npos) look.object->set("projectId", call.context);
}

}  // namespace engine
