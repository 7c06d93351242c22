#include "engine/kinds/strategy.h"

#include <algorithm>
#include <array>

#include "engine/base/names.h"

namespace engine {

namespace {

using namespace std::string_view_literals;

// Built-in resources whose strategy upstream counts generations, as group/plural.
constexpr std::array kCounted = {
    "/pods"sv,
    "/podtemplates"sv,
    "/replicationcontrollers"sv,
    "admissionregistration.k8s.io/mutatingadmissionpolicies"sv,
    "admissionregistration.k8s.io/mutatingadmissionpolicybindings"sv,
    "admissionregistration.k8s.io/mutatingwebhookconfigurations"sv,
    "admissionregistration.k8s.io/validatingadmissionpolicies"sv,
    "admissionregistration.k8s.io/validatingadmissionpolicybindings"sv,
    "admissionregistration.k8s.io/validatingwebhookconfigurations"sv,
    "apiextensions.k8s.io/customresourcedefinitions"sv,
    "apps/daemonsets"sv,
    "apps/deployments"sv,
    "apps/replicasets"sv,
    "apps/statefulsets"sv,
    "batch/cronjobs"sv,
    "batch/jobs"sv,
    "discovery.k8s.io/endpointslices"sv,
    "flowcontrol.apiserver.k8s.io/flowschemas"sv,
    "flowcontrol.apiserver.k8s.io/prioritylevelconfigurations"sv,
    "networking.k8s.io/ingressclasses"sv,
    "networking.k8s.io/ingresses"sv,
    "networking.k8s.io/networkpolicies"sv,
    "policy/poddisruptionbudgets"sv,
    "resource.k8s.io/deviceclasses"sv,
    "resource.k8s.io/devicetaintrules"sv,
    "resource.k8s.io/resourceslices"sv,
    "scheduling.k8s.io/priorityclasses"sv,
};

// Built-in resources that upstream never updates without a resourceVersion.
constexpr std::array kConditional = {
    "admissionregistration.k8s.io/mutatingadmissionpolicies"sv,
    "admissionregistration.k8s.io/mutatingadmissionpolicybindings"sv,
    "admissionregistration.k8s.io/mutatingwebhookconfigurations"sv,
    "admissionregistration.k8s.io/validatingadmissionpolicies"sv,
    "admissionregistration.k8s.io/validatingadmissionpolicybindings"sv,
    "admissionregistration.k8s.io/validatingwebhookconfigurations"sv,
    "apiextensions.k8s.io/customresourcedefinitions"sv,
    "apiregistration.k8s.io/apiservices"sv,
    "certificates.k8s.io/clustertrustbundles"sv,
    "certificates.k8s.io/podcertificaterequests"sv,
    "coordination.k8s.io/leasecandidates"sv,
    "coordination.k8s.io/leases"sv,
    "internal.apiserver.k8s.io/storageversions"sv,
    "node.k8s.io/runtimeclasses"sv,
    "policy/poddisruptionbudgets"sv,
    "resource.k8s.io/resourcepoolstatusrequests"sv,
    "storage.k8s.io/csidrivers"sv,
    "storage.k8s.io/csinodes"sv,
    "storage.k8s.io/csistoragecapacities"sv,
    "storage.k8s.io/volumeattachments"sv,
    "storage.k8s.io/volumeattributesclasses"sv,
    "storagemigration.k8s.io/storageversionmigrations"sv,
};

std::string place(const Kind& kind) {
  return kind.group + "/" + kind.plural;
}

template <class Table>
bool listed(const Table& table, const Kind& kind) {
  std::string name = place(kind);
  return std::binary_search(table.begin(), table.end(), std::string_view(name));
}

}  // namespace

bool is_custom(const Kind& kind) {
  if (!kind.crd_name.empty()) return true;
  std::string_view group = kind.group;
  return group.find('.') != group.npos && !group.ends_with(".k8s.io");
}

std::vector<std::string> Strategy::check_name(std::string_view name, NameUse use) const {
  if (use == NameUse::whole || !name.ends_with('-')) return check_dns1123_subdomain(name);
  // What will follow the dash makes the end acceptable.
  return check_dns1123_subdomain(std::string(name.substr(0, name.size() - 1)) + "a");
}

bool Strategy::unconditional_update(const Kind& kind) const {
  return !is_custom(kind) && !listed(kConditional, kind);
}

bool Strategy::counts_generation(const Kind& kind) const {
  return is_custom(kind) || listed(kCounted, kind);
}

bool Strategy::status_on_create(const Kind& kind) const {
  return kind.group.empty() && kind.plural == "nodes";
}

void StrategySet::add(std::string group, std::string plural, std::unique_ptr<Strategy> strategy) {
  strategies_[std::move(group) + "/" + plural] = std::move(strategy);
}

const Strategy& StrategySet::of(const Kind& kind) const {
  static const Strategy plain;
  auto found = strategies_.find(place(kind));
  return found == strategies_.end() ? plain : *found->second;
}

}  // namespace engine
