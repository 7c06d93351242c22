// apiService: what a cluster's API is made of.
#include "engine/norman/types/cluster_resource.h"

namespace engine {
namespace {

class ApiService final : public ClusterResource {
 public:
  ApiService()
      : ClusterResource(make_placed_kind("apiregistration.k8s.io", "v1", "APIService",
                                         "apiservices", Scope::cluster)) {}
  bool is_optional() const override { return true; }
  Status not_held(const SchemaView&) const override {
    return Status::other(404, "NotFound",
                         "the API of this cluster is served by one program: it has no apiServices, "
                         "and none can be registered");
  }
  // Available is what it says of itself.
  State state(const Call&, const Json& stored) const override {
    State out = state_of(stored);
    const Json* conditions = stored.at({"status", "conditions"});
    if (out.name != "active" || !conditions || !conditions->is_array()) return out;
    for (const Json& one : conditions->as_array())
      if (one.str("type") == "Available" && one.str("status") == "False")
        return {"unavailable", "error", std::string(one.str("message"))};
    return out;
  }
};

}  // namespace

void register_api_service(TypeSet& set, const TypeParts&) {
  set.add("/v3/cluster apiService", std::make_unique<ApiService>());
}

}  // namespace engine
