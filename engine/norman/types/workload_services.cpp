#include "engine/norman/types/workload_services.h"

#include <algorithm>
#include <map>

#include "engine/base/names.h"
#include "engine/base/text.h"
#include "engine/norman/types/workload_kinds.h"

namespace engine {
namespace {

constexpr std::string_view kPorts = "field.cattle.io/ports";
constexpr std::string_view kCreator = "field.cattle.io/creatorId";
constexpr std::string_view kTargets = "field.cattle.io/targetWorkloadIds";
constexpr std::string_view kNoTargets = "workload.cattle.io/targetWorkloadIdNoop";
constexpr std::string_view kPortBased = "workload.cattle.io/workloadPortBased";
constexpr std::string_view kClusterIp = "ClusterIP";
// A service needs a port; this one answers nobody.
constexpr int64_t kNoPort = 42;

std::string ns_of(const Json& object) {
  return std::string(object.str({"metadata", "namespace"}));
}
std::string_view name_of(const Json& object) {
  return object.str({"metadata", "name"});
}

Json port_of(std::string_view name, int64_t port, int64_t target, std::string_view protocol) {
  return Json::object({{"name", name},
                       {"port", port},
                       {"targetPort", target},
                       {"protocol", protocol.empty() ? std::string_view("TCP") : protocol}});
}

// By type and name.
using Ports = std::map<std::pair<std::string, std::string>, JsonArray>;

// What ports say of the service before them lies in an annotation of the template.
void annotated_ports(const Json& workload, const Json& lists, Ports& out) {
  if (!lists.is_array()) return;
  for (const Json& list : lists.as_array()) {
    if (!list.is_array()) continue;
    for (const Json& one : list.as_array()) {
      const std::string kind(one.str("kind"));
      if (kind.empty() || kind == "HostPort") continue;
      const int64_t target = one.integer({"containerPort"}), source = one.integer({"sourcePort"});
      const bool on_nodes = kind == "NodePort";
      Json port = port_of(one.str("name"), on_nodes || source == 0 ? target : source, target,
                          one.str("protocol"));
      if (on_nodes && source != 0) port.set("nodePort", source);
      std::string name = lower(one.str("dnsName"));
      if (name.empty()) name = name_of(workload);
      out[{kind, name}].push_back(std::move(port));
    }
  }
}

void container_ports(const Json& workload, Ports& out) {
  JsonArray& ports = out[{std::string(kClusterIp), std::string(name_of(workload))}];
  const Json* containers = pod_template(workload)->at({"spec", "containers"});
  if (!containers || !containers->is_array()) return;
  for (const Json& container : containers->as_array()) {
    const Json* list = container.find("ports");
    if (!list || !list->is_array()) continue;
    for (const Json& one : list->as_array()) {
      const int64_t port = one.integer({"containerPort"});
      std::string name(one.str("name"));
      if (name.empty()) name = std::to_string(port);
      ports.push_back(port_of(name + "-" + std::string(container.str("name")), port, port,
                              one.str("protocol")));
    }
  }
}

Json service(const Json& workload, std::string_view type, std::string_view name, JsonArray ports) {
  const WorkloadKind& kind = *workload_kind_of(workload);
  Json owner = Json::object({{"apiVersion", kind.group.empty() ? "v1" : "apps/v1"},
                             {"kind", kind.kind},
                             {"name", name_of(workload)},
                             {"uid", workload.str({"metadata", "uid"})},
                             {"controller", true}});
  Json out = Json::object({{"apiVersion", "v1"}, {"kind", "Service"}});
  Json& metadata = out["metadata"];
  metadata = Json::object({{"name", name}, {"namespace", ns_of(workload)}});
  metadata["annotations"] =
      Json::object({{kTargets, dump(Json(JsonArray{Json(workload_id(workload))}))},
                    {kNoTargets, "true"},
                    {kPortBased, "true"}});
  metadata["ownerReferences"].push_back(std::move(owner));
  Json& spec = out["spec"];
  spec.set("type", type);
  if (ports.empty()) {
    ports.push_back(port_of("default", kNoPort, kNoPort, "TCP"));
    spec.set("clusterIP", "None");
  }
  spec.set("ports", std::move(ports));
  spec.set("selector", Json(*selector_labels(workload)));
  return out;
}

bool is_served(const Json& workload) {
  const WorkloadKind* kind = workload_kind_of(workload);
  if (!kind || kind->group == "batch" || controller_of(workload)) return false;
  if (workload.str({"metadata", "annotations", kCreator}).empty()) return false;
  return pod_template(workload) && selector_labels(workload) &&
         check_dns1035_label(name_of(workload)).empty();
}

bool is_owned(const Json& service, const Json& workload) {
  const Json* owners = service.at({"metadata", "ownerReferences"});
  if (!owners || !owners->is_array()) return false;
  return std::any_of(owners->as_array().begin(), owners->as_array().end(), [&](const Json& one) {
    return one.str("uid") == workload.str({"metadata", "uid"});
  });
}

const Json* port_named(const Json& ports, std::string_view name) {
  if (!ports.is_array()) return nullptr;
  for (const Json& one : ports.as_array())
    if (one.str("name") == name) return &one;
  return nullptr;
}

// Whether what a service says is what is wanted, but for what the cluster chose itself.
bool is_as_wanted(const Json& have, const Json& wanted) {
  const Json *ports = have.at({"spec", "ports"}), *want = wanted.at({"spec", "ports"});
  if (!ports || ports->size() != want->size()) return false;
  for (const Json& one : want->as_array()) {
    const Json* same = port_named(*ports, one.str("name"));
    if (!same) return false;
    for (const auto& [field, value] : one.as_object())
      if (const Json* found = same->find(field); !found || !(*found == value)) return false;
  }
  const Json* selector = have.at({"spec", "selector"});
  return selector && *selector == *wanted.at({"spec", "selector"});
}

// A node's port that nobody chose stays the one that the cluster chose.
Json changed(const Json& have, const Json& wanted) {
  Json out = have;
  Json ports = *wanted.at({"spec", "ports"});
  const Json* old = have.at({"spec", "ports"});
  for (Json& one : ports.as_array()) {
    const Json* same = old ? port_named(*old, one.str("name")) : nullptr;
    const Json* chosen = same ? same->find("nodePort") : nullptr;
    if (chosen && !one.find("nodePort")) one.set("nodePort", Json(*chosen));
  }
  out["spec"].set("ports", std::move(ports));
  out["spec"].set("selector", Json(*wanted.at({"spec", "selector"})));
  return out;
}

bool is_headless(const Json& service) {
  return service.str({"spec", "clusterIP"}) == "None";
}

struct Errand {
  std::string ns;
  std::vector<ClusterQuestion> questions;
};

void run(Conversation& conversation, const std::shared_ptr<Errand>& errand, size_t at, Done done) {
  if (at == errand->questions.size()) return done(Unit{});
  ClusterQuestion question = errand->questions[at];
  const bool removes = question.method == "DELETE";
  conversation.ask(std::move(question), [&conversation, errand, at, removes,
                                         done = std::move(done)](const Result<Json>& heard) {
    const bool gone = removes && !heard && heard.error().code() == 404;
    if (!heard && !gone) return done(heard.error());
    run(conversation, errand, at + 1, done);
  });
}

std::string target(const std::string& ns, std::string_view name) {
  std::string out = "/api/v1/namespaces/" + percent_escaped(ns) + "/services";
  return name.empty() ? out : out + "/" + percent_escaped(name);
}

}  // namespace

JsonArray services_of(const Json& workload) {
  if (!is_served(workload)) return {};
  Ports ports;
  auto lists = parse_json(pod_template(workload)->str({"metadata", "annotations", kPorts}));
  if (lists) annotated_ports(workload, *lists, ports);
  const bool named = std::any_of(ports.begin(), ports.end(),
                                 [](const auto& one) { return one.first.first == kClusterIp; });
  if (!named) container_ports(workload, ports);
  JsonArray out;
  for (auto& [place, list] : ports)
    out.push_back(service(workload, place.first, place.second, std::move(list)));
  return out;
}

ServiceChanges service_changes(const Json& workload, const JsonArray& there) {
  ServiceChanges out;
  const JsonArray wanted = services_of(workload);
  if (wanted.empty()) return out;
  auto named = [](const JsonArray& list, std::string_view name) -> const Json* {
    for (const Json& one : list)
      if (name_of(one) == name) return &one;
    return nullptr;
  };
  for (const Json& want : wanted) {
    const Json* have = named(there, name_of(want));
    if (!have) {
      out.create.push_back(want);
    } else if (!is_owned(*have, workload)) {
      continue;
    } else if (have->str({"spec", "type"}) != want.str({"spec", "type"}) ||
               is_headless(*have) != is_headless(want)) {
      // What a service is cannot be changed.
      out.remove.emplace_back(name_of(*have));
      out.create.push_back(want);
    } else if (!is_as_wanted(*have, want)) {
      out.update.push_back(changed(*have, want));
    }
  }
  for (const Json& have : there)
    if (is_owned(have, workload) && !have.str({"metadata", "annotations", kPortBased}).empty() &&
        !named(wanted, name_of(have)))
      out.remove.emplace_back(name_of(have));
  return out;
}

void keep_services(Conversation& conversation, const Json& workload, Done done) {
  if (services_of(workload).empty()) return done(Unit{});
  const std::string ns = ns_of(workload);
  auto kept = std::make_shared<const Json>(workload);
  using As = ClusterQuestion::As;
  conversation.ask(
      {.target = target(ns, ""), .as = As::server},
      [&conversation, kept, ns, done = std::move(done)](const Result<Json>& heard) {
        if (!heard) return done(heard.error());
        const Json* items = heard->find("items");
        const JsonArray there = items && items->is_array() ? items->as_array() : JsonArray();
        ServiceChanges changes = service_changes(*kept, there);
        auto errand = std::make_shared<Errand>();
        for (const std::string& name : changes.remove)
          errand->questions.push_back(
              {.method = "DELETE", .target = target(ns, name), .as = As::server});
        for (const Json& one : changes.create)
          errand->questions.push_back(
              {.method = "POST", .target = target(ns, ""), .body = dump(one), .as = As::server});
        for (Json& one : changes.update) {
          one.set("apiVersion", "v1");
          one.set("kind", "Service");
          errand->questions.push_back({.method = "PUT",
                                       .target = target(ns, name_of(one)),
                                       .body = dump(one),
                                       .as = As::server});
        }
        run(conversation, errand, 0, done);
      });
}

}  // namespace engine
