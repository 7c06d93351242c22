// Types whose kinds a cluster has only where their CustomResourceDefinitions are installed.
#include "engine/norman/types/cluster_resource.h"

namespace engine {
namespace {

class OfCrd final : public ClusterResource {
 public:
  explicit OfCrd(KindPtr there) : ClusterResource(std::move(there)) {}
  bool is_optional() const override { return true; }
  Status not_held(const SchemaView& schema) const override {
    return Status::other(404, "NotFound",
                         "this cluster has no " + schema.plural() +
                             ": the CustomResourceDefinition " + there().plural + "." +
                             there().group + " is not installed in it");
  }
};

struct Row {
  const char *schema, *group, *version, *kind, *plural;
};
constexpr const char* kMonitoring = "monitoring.coreos.com";
constexpr const char* kIstio = "networking.istio.io";
constexpr Row kRows[] = {
    {"serviceMonitor", kMonitoring, "v1", "ServiceMonitor", "servicemonitors"},
    {"prometheusRule", kMonitoring, "v1", "PrometheusRule", "prometheusrules"},
    {"prometheus", kMonitoring, "v1", "Prometheus", "prometheuses"},
    {"alertmanager", kMonitoring, "v1", "Alertmanager", "alertmanagers"},
    {"destinationRule", kIstio, "v1alpha3", "DestinationRule", "destinationrules"},
    {"virtualService", kIstio, "v1alpha3", "VirtualService", "virtualservices"},
    {"gateway", kIstio, "v1alpha3", "Gateway", "gateways"}};

}  // namespace

void register_of_crds(TypeSet& set, const TypeParts&) {
  for (const Row& row : kRows)
    set.add("/v3/project " + std::string(row.schema),
            std::make_unique<OfCrd>(
                make_placed_kind(row.group, row.version, row.kind, row.plural, Scope::namespaced)));
}

}  // namespace engine
