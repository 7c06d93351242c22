#include <algorithm>
#include <set>
#include <vector>

#include "engine/api/table_cells.h"

namespace engine {

namespace {

template <class List>
std::string joined(const List& parts, std::string_view between) {
  std::string out;
  bool first = true;
  for (const std::string& part : parts) {
    if (!first) out += between;
    first = false;
    out += part;
  }
  return out;
}

// The first few, and how many more there are.
std::string some_of(const std::vector<std::string>& all) {
  constexpr size_t kShown = 3;
  std::vector<std::string> shown(all.begin(), all.begin() + std::min(all.size(), kShown));
  if (shown.empty()) return "<unset>";
  std::string out = joined(shown, ",");
  if (all.size() > kShown) out += " + " + std::to_string(all.size() - kShown) + " more...";
  return out;
}

Json cell_node_status(const CellInput& in) {
  std::string out = "Unknown";
  for (const Json& c : list_at(in.object, ".status.conditions")) {
    if (c.str("type") == "Ready") out = c.str("status") == "True" ? "Ready" : "NotReady";
  }
  if (in.object.truth({"spec", "unschedulable"})) out += ",SchedulingDisabled";
  return Json(out);
}

Json cell_node_roles(const CellInput& in) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::set<std::string> roles;
  const Json* labels = at_path(in.object, ".metadata.labels");
  if (labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->as_object()) {
      if (key.starts_with(kPrefix) && key.size() > kPrefix.size())
        roles.insert(key.substr(kPrefix.size()));
      if (key == "kubernetes.io/role" && !text_of(&value).empty()) roles.insert(text_of(&value));
    }
  }
  return Json(roles.empty() ? "<none>" : joined(roles, ","));
}

Json cell_node_address(const CellInput& in) {
  for (const Json& address : list_at(in.object, ".status.addresses")) {
    if (address.str("type") == in.arguments[0]) return Json(address.str("address"));
  }
  return Json("<none>");
}

Json cell_node_kernel(const CellInput& in) {
  std::string out(in.object.str({"status", "nodeInfo", "kernelVersion"}, "<unknown>"));
  std::string_view arch = in.object.str({"status", "nodeInfo", "architecture"});
  return Json(arch.empty() ? out : out + " (" + std::string(arch) + ")");
}

std::string first_seen(const CellInput& in) {
  const Json* first = at_path(in.object, ".firstTimestamp");
  return age_of(first != nullptr ? first : at_path(in.object, ".eventTime"), in.now);
}

Json cell_event_first_seen(const CellInput& in) {
  return Json(first_seen(in));
}

Json cell_event_last_seen(const CellInput& in) {
  if (at_path(in.object, ".series") != nullptr) {
    return Json(age_of(at_path(in.object, ".series.lastObservedTime"), in.now));
  }
  const Json* last = at_path(in.object, ".lastTimestamp");
  return Json(last == nullptr ? first_seen(in) : age_of(last, in.now));
}

Json cell_event_count(const CellInput& in) {
  if (at_path(in.object, ".series") != nullptr) return Json(in.object.integer({"series", "count"}));
  return Json(std::max<int64_t>(1, in.object.integer({"count"})));
}

Json cell_event_object(const CellInput& in) {
  std::string out = lower_case(in.object.str({"involvedObject", "kind"}));
  std::string_view name = in.object.str({"involvedObject", "name"});
  return Json(name.empty() ? out : out + "/" + std::string(name));
}

Json cell_event_source(const CellInput& in) {
  std::string_view component = in.object.str({"source", "component"});
  if (component.empty()) component = in.object.str("reportingComponent");
  std::string_view host = in.object.str({"source", "host"});
  if (host.empty()) host = in.object.str("reportingInstance");
  return Json(host.empty() ? std::string(component)
                           : std::string(component) + ", " + std::string(host));
}

Json cell_role_ref(const CellInput& in) {
  return Json(std::string(in.object.str({"roleRef", "kind"})) + "/" +
              std::string(in.object.str({"roleRef", "name"})));
}

Json cell_subjects(const CellInput& in) {
  std::vector<std::string> out;
  for (const Json& s : list_at(in.object, ".subjects")) {
    if (s.str("kind") != in.arguments[0]) continue;
    std::string name(s.str("name"));
    out.push_back(in.arguments[0] == "ServiceAccount" ? std::string(s.str("namespace")) + "/" + name
                                                      : name);
  }
  return Json(joined(out, ", "));
}

std::string ingress_points(const Json& object, const char* path) {
  std::set<std::string> out;
  for (const Json& point : list_at(object, path)) {
    std::string_view at = point.str("ip");
    if (at.empty()) at = point.str("hostname");
    if (!at.empty()) out.emplace(at);
  }
  return joined(out, ",");
}

Json cell_service_ip(const CellInput& in) {
  const Json* first = at_path(in.object, ".spec.clusterIPs[0]");
  if (first == nullptr) first = at_path(in.object, ".spec.clusterIP");
  std::string out = text_of(first);
  return Json(out.empty() ? "<none>" : out);
}

Json cell_service_external(const CellInput& in) {
  std::string_view type = in.object.str({"spec", "type"}, "ClusterIP");
  if (type == "ExternalName") return Json(in.object.str({"spec", "externalName"}));
  std::vector<std::string> own;
  if (type == "LoadBalancer") {
    std::string points = ingress_points(in.object, ".status.loadBalancer.ingress");
    if (!points.empty()) own.push_back(points);
  }
  for (const Json& ip : list_at(in.object, ".spec.externalIPs")) own.push_back(text_of(&ip));
  if (own.empty()) return Json(type == "LoadBalancer" ? "<pending>" : "<none>");
  return Json(joined(own, ","));
}

Json cell_service_ports(const CellInput& in) {
  std::vector<std::string> out;
  for (const Json& port : list_at(in.object, ".spec.ports")) {
    std::string text = std::to_string(port.integer({"port"}));
    if (int64_t node = port.integer({"nodePort"})) text += ":" + std::to_string(node);
    out.push_back(text + "/" + std::string(port.str("protocol", "TCP")));
  }
  return Json(out.empty() ? "<none>" : joined(out, ","));
}

Json cell_ingress_hosts(const CellInput& in) {
  std::vector<std::string> shown;
  const JsonArray& rules = list_at(in.object, ".spec.rules");
  bool more = false;
  for (const Json& rule : rules) {
    if (shown.size() == 3) more = true;
    if (!more && !rule.str("host").empty()) shown.emplace_back(rule.str("host"));
  }
  if (shown.empty()) return Json("*");
  std::string out = joined(shown, ",");
  return Json(more ? out + " + " + std::to_string(rules.size() - 3) + " more..." : out);
}

Json cell_ingress_address(const CellInput& in) {
  return Json(ingress_points(in.object, ".status.loadBalancer.ingress"));
}

Json cell_ingress_ports(const CellInput& in) {
  return Json(list_at(in.object, ".spec.tls").empty() ? "80" : "80, 443");
}

Json cell_ingress_class_parameters(const CellInput& in) {
  const Json* p = at_path(in.object, ".spec.parameters");
  if (p == nullptr) return Json("<none>");
  std::string out(p->str("kind"));
  if (!p->str("apiGroup").empty()) out += "." + std::string(p->str("apiGroup"));
  return Json(out + "/" + std::string(p->str("name")));
}

Json cell_endpoints(const CellInput& in) {
  std::vector<std::string> all;
  const JsonArray& subsets = list_at(in.object, ".subsets");
  for (const Json& subset : subsets) {
    const JsonArray& ports = list_at(subset, ".ports");
    for (size_t p = 0; p < std::max<size_t>(1, ports.size()); p++) {
      for (const Json& address : list_at(subset, ".addresses")) {
        std::string ip(address.str("ip"));
        if (ports.empty()) {
          all.push_back(ip);
          continue;
        }
        if (ip.find(':') != std::string::npos) ip = "[" + ip + "]";
        all.push_back(ip + ":" + std::to_string(ports[p].integer({"port"})));
      }
    }
  }
  if (subsets.empty()) return Json("<none>");
  return Json(all.empty() ? "" : some_of(all));
}

Json cell_slice_ports(const CellInput& in) {
  std::vector<std::string> all;
  for (const Json& port : list_at(in.object, ".ports")) {
    const Json* number = at_path(port, ".port");
    const Json* name = at_path(port, ".name");
    all.push_back(number != nullptr ? text_of(number) : name != nullptr ? text_of(name) : "*");
  }
  return Json(some_of(all));
}

Json cell_slice_endpoints(const CellInput& in) {
  std::vector<std::string> all;
  for (const Json& endpoint : list_at(in.object, ".endpoints")) {
    for (const Json& address : list_at(endpoint, ".addresses")) all.push_back(text_of(&address));
  }
  return Json(some_of(all));
}

std::string modes_text(const Json& object, std::string_view path) {
  const JsonArray& modes = list_at(object, path);
  struct Short {
    const char* mode;
    const char* text;
  };
  std::string out;
  for (const Short& s : {Short{"ReadWriteOnce", "RWO"}, Short{"ReadOnlyMany", "ROX"},
                         Short{"ReadWriteMany", "RWX"}, Short{"ReadWriteOncePod", "RWOP"}}) {
    if (std::find(modes.begin(), modes.end(), Json(s.mode)) != modes.end()) {
      out += (out.empty() ? "" : ",") + std::string(s.text);
    }
  }
  return out;
}

Json cell_access_modes(const CellInput& in) {
  return Json(modes_text(in.object, in.arguments[0]));
}

Json phase_of(const Json& object) {
  bool leaving = object.at({"metadata", "deletionTimestamp"}) != nullptr;
  return Json(leaving ? "Terminating" : object.str({"status", "phase"}));
}

Json cell_phase(const CellInput& in) {
  return phase_of(in.object);
}

Json cell_pv_claim(const CellInput& in) {
  const Json* claim = at_path(in.object, ".spec.claimRef");
  if (claim == nullptr) return Json("");
  return Json(std::string(claim->str("namespace")) + "/" + std::string(claim->str("name")));
}

// The annotation came before the field and still counts.
Json cell_storage_class(const CellInput& in) {
  std::string_view old =
      in.object.str({"metadata", "annotations", "volume.beta.kubernetes.io/storage-class"});
  return Json(old.empty() ? in.object.str({"spec", "storageClassName"}) : old);
}

bool is_bound(const Json& claim) {
  return !claim.str({"spec", "volumeName"}).empty();
}

Json cell_pvc_capacity(const CellInput& in) {
  if (!is_bound(in.object)) return Json("");
  return Json(text_of(at_path(in.object, ".status.capacity.storage")));
}

Json cell_pvc_modes(const CellInput& in) {
  return Json(is_bound(in.object) ? modes_text(in.object, ".status.accessModes") : "");
}

Json cell_quota(const CellInput& in) {
  bool limits = in.arguments[0] == "limits";
  const Json* hard = at_path(in.object, ".status.hard");
  std::set<std::string> parts;
  if (hard == nullptr || !hard->is_object()) return Json("");
  for (const auto& [name, value] : hard->as_object()) {
    if (name.starts_with("limits.") != limits) continue;
    const Json* used = in.object.at({"status", "used", name});
    parts.insert(name + ": " + (used == nullptr ? "0" : text_of(used)) + "/" + text_of(&value));
  }
  return Json(joined(parts, ", "));
}

Json cell_csr_condition(const CellInput& in) {
  bool approved = false, denied = false, failed = false;
  for (const Json& c : list_at(in.object, ".status.conditions")) {
    approved = approved || c.str("type") == "Approved";
    denied = denied || c.str("type") == "Denied";
    failed = failed || c.str("type") == "Failed";
  }
  std::string out = denied ? "Denied" : approved ? "Approved" : "Pending";
  if (failed) out += ",Failed";
  if (!in.object.str({"status", "certificate"}).empty()) out += ",Issued";
  return Json(out);
}

Json cell_csr_duration(const CellInput& in) {
  const Json* seconds = at_path(in.object, ".spec.expirationSeconds");
  if (seconds == nullptr || !seconds->is_int()) return Json("<none>");
  return Json(human_duration(std::chrono::seconds(seconds->as_int())));
}

Json cell_csi_audiences(const CellInput& in) {
  if (at_path(in.object, ".spec.tokenRequests") == nullptr) return Json("<unset>");
  std::vector<std::string> out;
  for (const Json& r : list_at(in.object, ".spec.tokenRequests"))
    out.emplace_back(r.str("audience"));
  return Json(joined(out, ","));
}

Json cell_ip_parent(const CellInput& in) {
  const Json* ref = at_path(in.object, ".spec.parentRef");
  if (ref == nullptr) return Json("<none>");
  std::string out = lower_case(ref->str("resource"));
  if (!ref->str("group").empty()) out += "." + lower_case(ref->str("group"));
  if (!ref->str("namespace").empty()) out += "/" + std::string(ref->str("namespace"));
  return Json(out + "/" + std::string(ref->str("name")));
}

constexpr NamedCell kCluster[] = {{"node_status", cell_node_status},
                                  {"node_roles", cell_node_roles},
                                  {"node_address", cell_node_address},
                                  {"node_kernel", cell_node_kernel},
                                  {"event_first_seen", cell_event_first_seen},
                                  {"event_last_seen", cell_event_last_seen},
                                  {"event_count", cell_event_count},
                                  {"event_object", cell_event_object},
                                  {"event_source", cell_event_source},
                                  {"role_ref", cell_role_ref},
                                  {"subjects", cell_subjects},
                                  {"service_ip", cell_service_ip},
                                  {"service_external", cell_service_external},
                                  {"service_ports", cell_service_ports},
                                  {"ingress_hosts", cell_ingress_hosts},
                                  {"ingress_address", cell_ingress_address},
                                  {"ingress_ports", cell_ingress_ports},
                                  {"ingress_class_parameters", cell_ingress_class_parameters},
                                  {"endpoints", cell_endpoints},
                                  {"slice_ports", cell_slice_ports},
                                  {"slice_endpoints", cell_slice_endpoints},
                                  {"access_modes", cell_access_modes},
                                  {"pv_status", cell_phase},
                                  {"pvc_status", cell_phase},
                                  {"pv_claim", cell_pv_claim},
                                  {"storage_class", cell_storage_class},
                                  {"pvc_capacity", cell_pvc_capacity},
                                  {"pvc_modes", cell_pvc_modes},
                                  {"quota", cell_quota},
                                  {"csr_condition", cell_csr_condition},
                                  {"csr_duration", cell_csr_duration},
                                  {"csi_audiences", cell_csi_audiences},
                                  {"ip_parent", cell_ip_parent}};

}  // namespace

std::span<const NamedCell> cluster_cells() {
  return kCluster;
}

}  // namespace engine
