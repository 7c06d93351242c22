// configMap: nothing beyond where it lies.
#include "engine/norman/types/cluster_resource.h"

namespace engine {

void register_config_map(TypeSet& set, const TypeParts&) {
  set.add("/v3/project configMap", std::make_unique<ClusterResource>(make_placed_kind(
                                       "", "v1", "ConfigMap", "configmaps", Scope::namespaced)));
}

}  // namespace engine
