// project: lives in its cluster's namespace; its id is CLUSTER:p-xxxxx.
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

class ProjectType final : public Type {
 public:
  explicit ProjectType(TypeParts parts) : parts_(std::move(parts)) {}

  Result<Unit> before_create(const Call&, const Json&, Json& body, Place& place) const override {
    std::string cluster(body.str("clusterId"));
    auto kinds = parts_.registry.kinds().snapshot();
    if (!parts_.registry.get(*kinds->stored("management.cattle.io", "clusters"), "", cluster))
      return Status::field_error(422, "InvalidReference", "clusterId",
                                 "there is no cluster " + cluster);
    place.ns = cluster;
    place.generate_name = "p-";
    return Unit{};
  }

 private:
  TypeParts parts_;
};

}  // namespace

void register_project(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 project", std::make_unique<ProjectType>(parts));
}

}  // namespace engine
