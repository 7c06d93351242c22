#include "engine/norman/types/public_endpoints.h"

#include <algorithm>
#include <set>

#include "engine/base/text.h"
#include "engine/norman/types/workload_kinds.h"
#include "engine/watch/object_scan.h"

namespace engine {
namespace {

constexpr std::string_view kTargets = "field.cattle.io/targetWorkloadIds";
constexpr std::string_view kWorker = "node-role.kubernetes.io/worker";

std::string place_of(const Json& object) {
  return std::string(object.str({"metadata", "namespace"})) + ":" +
         std::string(object.str({"metadata", "name"}));
}
bool is_going(const Json& object) {
  return !object.str({"metadata", "deletionTimestamp"}).empty();
}

void each(const Json* list, const std::function<void(const Json&)>& visit) {
  if (!list || !list->is_array()) return;
  for (const Json& item : list->as_array()) visit(item);
}

JsonArray balancer_addresses(const Json& object) {
  JsonArray out;
  each(object.at({"status", "loadBalancer", "ingress"}), [&](const Json& one) {
    const std::string_view host = one.str("hostname");
    out.emplace_back(host.empty() ? one.str("ip") : host);
  });
  return out;
}

Json endpoint(JsonArray addresses, int64_t port, std::string_view protocol) {
  return Json::object({{"addresses", std::move(addresses)},
                       {"port", port},
                       {"protocol", protocol.empty() ? std::string_view("TCP") : protocol},
                       {"allNodes", false}});
}

bool is_before(const Json& service, const Json& workload) {
  if (matches_labels(service.at({"spec", "selector"}), selector_labels(workload))) return true;
  auto ids = parse_json(service.str({"metadata", "annotations", kTargets}));
  if (!ids || !ids->is_array()) return false;
  const std::string own = workload_id(workload);
  return std::any_of(ids->as_array().begin(), ids->as_array().end(), [&](const Json& id) {
    return id.is_string() && lower(id.as_string()) == own;
  });
}

std::string address_in(std::string_view addresses) {
  std::string inside, outside;
  scan_items(addresses, [&](std::string_view one) {
    const std::string type = scan_text(scan(one, {"type"}));
    if (type == "InternalIP") inside = scan_text(scan(one, {"address"}));
    if (type == "ExternalIP") outside = scan_text(scan(one, {"address"}));
    return true;
  });
  return outside.empty() ? inside : outside;
}

bool is_ready(std::string_view conditions) {
  bool out = false;
  scan_items(conditions, [&](std::string_view one) {
    if (scan_text(scan(one, {"type"})) != "Ready") return true;
    out = scan_text(scan(one, {"status"})) == "True";
    return false;
  });
  return out;
}

}  // namespace

NodePlaces node_places(const Norman& norman, std::string_view cluster) {
  NodePlaces out;
  const auto& parts = norman.parts();
  KindPtr kind = parts.registry.kinds().snapshot()->stored("management.cattle.io", "nodes");
  auto listed = parts.dispatcher.list(*kind, cluster, nullptr, "", 0);
  if (!listed) return out;
  std::string any;  // where no node says that it is a worker
  auto lowest = [](std::string& found, const std::string& address) {
    if (!address.empty() && (found.empty() || address < found)) found = address;
  };
  for (const auto& cached : listed->objects) {
    const std::string_view bytes = *cached->bytes;
    const std::string name = scan_text(scan(bytes, {"status", "nodeName"}));
    if (name.empty()) continue;
    std::string address = address_in(scan(bytes, {"status", "internalNodeStatus", "addresses"}));
    if (is_ready(scan(bytes, {"status", "internalNodeStatus", "conditions"}))) {
      lowest(any, address);
      if (scan_text(scan(bytes, {"status", "nodeLabels", kWorker})) == "true")
        lowest(out.first_address, address);
    }
    out.by_name[name] = {std::string(cluster) + ":" + cached->name, std::move(address)};
  }
  if (out.first_address.empty()) out.first_address = any;
  return out;
}

JsonArray service_endpoints(const Json& service, const NodePlaces& nodes) {
  JsonArray out;
  const std::string_view type = service.str({"spec", "type"});
  if (is_going(service) || (type != "NodePort" && type != "LoadBalancer")) return out;
  const bool on_nodes = type == "NodePort";
  JsonArray addresses = on_nodes ? JsonArray() : balancer_addresses(service);
  if (on_nodes && !nodes.first_address.empty()) addresses.emplace_back(nodes.first_address);
  if (!on_nodes && addresses.empty()) return out;
  each(service.at({"spec", "ports"}), [&](const Json& port) {
    const int64_t number = port.integer({on_nodes ? "nodePort" : "port"});
    if (number == 0) return;
    Json one = endpoint(addresses, number, port.str("protocol"));
    one.set("allNodes", on_nodes);
    one.set("serviceId", place_of(service));
    out.push_back(std::move(one));
  });
  return out;
}

JsonArray ingress_endpoints(const Json& ingress) {
  JsonArray out;
  const JsonArray addresses = balancer_addresses(ingress);
  if (addresses.empty() || is_going(ingress)) return out;
  std::set<std::string, std::less<>> secured;
  each(ingress.at({"spec", "tls"}), [&](const Json& tls) {
    each(tls.find("hosts"), [&](const Json& host) {
      if (host.is_string()) secured.insert(host.as_string());
    });
  });
  const std::string ns(ingress.str({"metadata", "namespace"}));
  each(ingress.at({"spec", "rules"}), [&](const Json& rule) {
    const std::string host(rule.str("host"));
    each(rule.at({"http", "paths"}), [&](const Json& path) {
      const std::string service(path.str({"backend", "service", "name"}));
      if (service.empty()) return;
      const bool tls = secured.count(host) > 0;
      for (auto [port, protocol] : {std::pair{80, "HTTP"}, std::pair{443, "HTTPS"}}) {
        if (port == 80 ? tls : !tls && !host.empty()) continue;
        Json one = endpoint(addresses, port, protocol);
        one.set("hostname", host);
        one.set("path", path.str("path"));
        one.set("serviceId", ns + ":" + service);
        one.set("ingressId", place_of(ingress));
        out.push_back(std::move(one));
      }
    });
  });
  return out;
}

bool takes_host_ports(const Json& pod_spec) {
  bool out = false;
  each(pod_spec.find("containers"), [&](const Json& container) {
    each(container.find("ports"),
         [&](const Json& port) { out |= port.integer({"hostPort"}) != 0; });
  });
  return out;
}

JsonArray pod_endpoints(const Json& pod, const NodePlaces& nodes) {
  JsonArray out;
  const NodePlaces::Node* node = nodes.find(pod.str({"spec", "nodeName"}));
  if (!node || is_going(pod) || pod.str({"status", "phase"}) != "Running") return out;
  each(pod.at({"spec", "containers"}), [&](const Json& container) {
    each(container.find("ports"), [&](const Json& port) {
      const int64_t number = port.integer({"hostPort"});
      if (number == 0) return;
      const std::string_view own = port.str("hostIP");
      Json one = endpoint({Json(own.empty() ? std::string_view(node->address) : own)}, number,
                          port.str("protocol"));
      one.set("nodeId", node->id);
      one.set("podId", place_of(pod));
      out.push_back(std::move(one));
    });
  });
  return out;
}

JsonArray workload_endpoints(const Json& workload, const EndpointParts& parts,
                             const NodePlaces& nodes) {
  JsonArray out;
  auto add = [&](JsonArray more) {
    out.insert(out.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  };
  const std::string_view ns = workload.str({"metadata", "namespace"});
  auto here = [&](const Json& object) { return object.str({"metadata", "namespace"}) == ns; };
  std::set<std::string> before;
  for (const Json& service : parts.services) {
    if (!here(service) || !is_before(service, workload)) continue;
    before.insert(place_of(service));
    add(service_endpoints(service, nodes));
  }
  for (const Json& ingress : parts.ingresses)
    if (here(ingress))
      for (Json& one : ingress_endpoints(ingress))
        if (before.count(std::string(one.str("serviceId"))) > 0) out.push_back(std::move(one));
  for (const Json& pod : parts.pods)
    if (here(pod) && matches_labels(selector_labels(workload), pod.at({"metadata", "labels"})))
      add(pod_endpoints(pod, nodes));
  return out;
}

}  // namespace engine
