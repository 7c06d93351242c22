#include "engine/norman/types/workload_parts.h"

#include <algorithm>

#include "engine/base/base64.h"
#include "engine/base/text.h"
#include "engine/norman/types/workload_kinds.h"

namespace engine {
namespace {

// Of objects whose contents are of no interest here.
constexpr std::string_view kMetadataOnly =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
constexpr std::string_view kSecretType = "kubernetes.io/dockerconfigjson";
constexpr std::string_view kDefaultRegistry = "index.docker.io";

std::string ns_of(const Json& object) {
  return std::string(object.str({"metadata", "namespace"}));
}

bool has(const Json* list, std::string_view word) {
  if (!list || !list->is_array()) return false;
  return std::any_of(list->as_array().begin(), list->as_array().end(), [&](const Json& one) {
    return one.is_string() && (one.as_string() == word || one.as_string() == "*");
  });
}

bool is_allowed_by(const Json& rule, std::string_view verb, std::string_view group,
                   std::string_view plural, std::string_view name) {
  const Json* names = rule.find("resourceNames");
  const bool any = !names || names->size() == 0;
  return has(rule.find("verbs"), verb) && has(rule.find("apiGroups"), group) &&
         has(rule.find("resources"), plural) && (any || has(names, name));
}

void each_item(const Json& list, const std::function<void(const Json&)>& visit) {
  const Json* items = list.find("items");
  if (!items || !items->is_array()) return;
  for (const Json& item : items->as_array()) visit(item);
}

// One thing to ask for, and where its answer goes.
struct Wanted {
  ClusterQuestion question;
  std::function<void(PodBeside&, const Json&)> take;
};

void want_rules(const std::string& ns, std::vector<Wanted>& out) {
  Json review = Json::object({{"apiVersion", "authorization.k8s.io/v1"},
                              {"kind", "SelfSubjectRulesReview"},
                              {"spec", Json::object({{"namespace", ns}})}});
  out.push_back({{.method = "POST",
                  .target = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
                  .body = dump(review)},
                 [ns](PodBeside& beside, const Json& answer) {
                   if (const Json* status = answer.find("status")) beside.rules[ns] = *status;
                 }});
}

void want_list(const std::string& ns, std::string_view api, std::string_view plural,
               JsonArray EndpointParts::*into, std::vector<Wanted>& out) {
  out.push_back({{.target = std::string(api) + "/namespaces/" + percent_escaped(ns) + "/" +
                            std::string(plural)},
                 [into](PodBeside& beside, const Json& answer) {
                   each_item(answer,
                             [&](const Json& item) { (beside.parts.*into).push_back(item); });
                   if (into == &EndpointParts::services) beside.knows_endpoints = true;
                 }});
}

void want_owners(const std::string& ns, std::string_view api, std::string_view plural,
                 std::string_view kind, std::vector<Wanted>& out) {
  out.push_back({{.target = std::string(api) + "/namespaces/" + percent_escaped(ns) + "/" +
                            std::string(plural),
                  .accept = std::string(kMetadataOnly)},
                 [ns, kind = std::string(kind)](PodBeside& beside, const Json& answer) {
                   each_item(answer, [&](const Json& item) {
                     const Json* owner = controller_of(item);
                     if (owner && workload_kind_of(*owner))
                       beside.owners[workload_id(kind, ns, item.str({"metadata", "name"}))] =
                           workload_id(owner->str("kind"), ns, owner->str("name"));
                   });
                 }});
}

std::vector<Wanted> wanted_for(const JsonArray& objects, PodNeeds needs) {
  std::set<std::string> all, with_ports, with_sets, with_jobs;
  for (const Json& object : objects) {
    const std::string ns = ns_of(object);
    all.insert(ns);
    const Json* pod = pod_template(object);
    if (pod && pod->find("spec") && takes_host_ports(*pod->find("spec"))) with_ports.insert(ns);
    const Json* owner = controller_of(object);
    if (owner && owner->str("kind") == "ReplicaSet") with_sets.insert(ns);
    if (owner && owner->str("kind") == "Job") with_jobs.insert(ns);
  }
  std::vector<Wanted> out;
  for (const std::string& ns : all) {
    want_rules(ns, out);
    if (!needs.endpoints) continue;
    want_list(ns, "/api/v1", "services", &EndpointParts::services, out);
    want_list(ns, "/apis/networking.k8s.io/v1", "ingresses", &EndpointParts::ingresses, out);
    if (with_ports.count(ns) > 0) want_list(ns, "/api/v1", "pods", &EndpointParts::pods, out);
  }
  if (!needs.owners) return out;
  for (const std::string& ns : with_sets)
    want_owners(ns, "/apis/apps/v1", "replicasets", "ReplicaSet", out);
  for (const std::string& ns : with_jobs) want_owners(ns, "/apis/batch/v1", "jobs", "Job", out);
  return out;
}

// What stands before the first slash, where it names a host.
std::string registry_of(std::string_view image) {
  const size_t slash = image.find('/');
  const std::string_view first = slash == image.npos ? std::string_view() : image.substr(0, slash);
  const bool host = first.find_first_of(".:") != first.npos || first == "localhost";
  return !host || first == "docker.io" ? std::string(kDefaultRegistry) : std::string(first);
}

std::string host_of(std::string_view registry) {
  for (std::string_view scheme : {"https://", "http://"})
    if (registry.starts_with(scheme)) registry.remove_prefix(scheme.size());
  return std::string(registry.substr(0, registry.find('/')));
}

std::set<std::string> registries_of(const Json& pod_spec) {
  std::set<std::string> out;
  for (std::string_view list : {"containers", "initContainers"}) {
    const Json* containers = pod_spec.find(list);
    if (!containers || !containers->is_array()) continue;
    for (const Json& one : containers->as_array())
      if (!one.str("image").empty()) out.insert(registry_of(one.str("image")));
  }
  return out;
}

bool serves_one(const Json& secret, const std::set<std::string>& registries) {
  auto text = base64_decode(secret.str({"data", ".dockerconfigjson"}));
  auto config = text ? parse_json(*text) : Result<Json>(Json());
  const Json* auths = config ? config->find("auths") : nullptr;
  if (!auths || !auths->is_object()) return false;
  return std::any_of(auths->as_object().begin(), auths->as_object().end(),
                     [&](const auto& one) { return registries.count(host_of(one.first)) > 0; });
}

bool names_secret(const Json& list, std::string_view name) {
  return list.is_array() && std::any_of(list.as_array().begin(), list.as_array().end(),
                                        [&](const Json& one) { return one.str("name") == name; });
}

std::string number_text(const Json& port, std::string_view field) {
  return std::to_string(port.integer({field}));
}

// 80tcp01: the container's port, protocol, source port and a digit for the kind of service.
std::string port_name(const Json& port, std::string_view protocol) {
  const std::string_view kind = port.str("kind");
  const char digit = kind == "NodePort"       ? '1'
                     : kind == "ClusterIP"    ? '2'
                     : kind == "LoadBalancer" ? '3'
                                              : '0';
  return number_text(port, "containerPort") + std::string(protocol) +
         number_text(port, "sourcePort") + digit;
}

Result<Unit> complete_port(const std::string& workload, std::set<std::string>& used, Json& port) {
  if (port.str("protocol").empty()) port.set("protocol", "TCP");
  if (port.str("kind").empty())
    port.set("kind", port.integer({"hostPort"}) != 0 ? "HostPort" : "ClusterIP");
  if (port.str("kind") == "HostPort" && port.integer({"sourcePort"}) == 0)
    port.set("sourcePort", port.integer({"hostPort"}));
  const std::string protocol = lower(port.str("protocol"));
  std::string name(port.str("name"));
  if (name.empty() || name.starts_with(number_text(port, "containerPort") + protocol))
    name = port_name(port, protocol);
  if (!used.insert(name).second)
    return Status::field_error(422, "InvalidOption", "ports",
                               "two ports of a container are alike: kind " +
                                   std::string(port.str("kind")) + ", container port " +
                                   number_text(port, "containerPort") + ", " + protocol);
  port.set("name", name);
  const std::string dns = lower(port.str("dnsName"));
  // One that was made of the name before is made anew: the kind may be another now.
  if (dns.empty() || dns == workload || dns.starts_with(workload + "-"))
    port.set("dnsName",
             port.str("kind") == "ClusterIP" ? workload : workload + "-" + lower(port.str("kind")));
  return Unit{};
}

}  // namespace

bool PodBeside::may(std::string_view ns, std::string_view verb, std::string_view group,
                    std::string_view plural, std::string_view name) const {
  auto found = rules.find(ns);
  if (found == rules.end() || found->second.truth({"incomplete"})) return true;
  const Json* list = found->second.find("resourceRules");
  if (!list || !list->is_array()) return false;
  return std::any_of(list->as_array().begin(), list->as_array().end(), [&](const Json& rule) {
    return is_allowed_by(rule, verb, group, plural, name);
  });
}

// Whatever the caller may not read is left out: the object is shown without it.
void ask_beside(Conversation& conversation, const std::shared_ptr<const JsonArray>& objects,
                PodNeeds needs, Done done) {
  const Call& call = conversation.call();
  auto beside = std::make_shared<PodBeside>();
  beside->nodes = node_places(call.norman, call.context.substr(0, call.context.find(':')));
  auto wanted = std::make_shared<std::vector<Wanted>>(wanted_for(*objects, needs));
  std::vector<ClusterQuestion> questions;
  for (Wanted& one : *wanted) questions.push_back(std::move(one.question));
  ask_all(
      conversation, std::move(questions),
      [beside, wanted](size_t at, const Result<Json>& answer) {
        if (answer) (*wanted)[at].take(*beside, *answer);
      },
      [beside, &call, done = std::move(done)] {
        call.beside = beside;
        done(Unit{});
      });
}

const PodBeside* beside_of(const Call& call) {
  return dynamic_cast<const PodBeside*>(call.beside.get());
}

Result<Unit> resolve_node(const Call& call, Json& pod_spec) {
  const std::string id(pod_spec.str("nodeName"));
  if (id.find(':') == std::string::npos) {
    if (id.empty()) pod_spec.erase("nodeName");
    return Unit{};
  }
  const NodePlaces nodes = node_places(call.norman, call.context.substr(0, call.context.find(':')));
  for (const auto& [name, node] : nodes.by_name) {
    if (node.id != id) continue;
    pod_spec.set("nodeName", name);
    return Unit{};
  }
  return Status::field_error(422, "InvalidReference", "nodeId", "there is no node \"" + id + "\"");
}

Result<Unit> complete_ports(std::string_view name, Json& body) {
  Json* containers = body.find("containers");
  if (!containers || !containers->is_array()) return Unit{};
  const std::string workload = lower(name);
  for (Json& container : containers->as_array()) {
    Json* ports = container.find("ports");
    if (!ports || !ports->is_array()) continue;
    std::set<std::string> used;
    for (Json& port : ports->as_array()) TRY(complete_port(workload, used, port));
  }
  return Unit{};
}

void shout_capabilities(Json& object) {
  Json* containers = object.find("containers");
  if (!containers || !containers->is_array()) return;
  for (Json& container : containers->as_array())
    for (std::string_view field : {"capAdd", "capDrop"}) {
      Json* list = container.find(field);
      if (!list || !list->is_array()) continue;
      for (Json& one : list->as_array()) {
        if (!one.is_string()) continue;
        std::string& text = one.as_string();
        std::transform(text.begin(), text.end(), text.begin(),
                       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      }
    }
}

void drop_unstored(Json& stored) {
  Json out = Json::object();
  for (std::string_view field : {"apiVersion", "kind", "metadata", "spec", "status"})
    if (Json* found = stored.find(field)) out.set(field, std::move(*found));
  stored = std::move(out);
}

void add_pull_secrets(Conversation& conversation, const std::shared_ptr<Json>& stored,
                      Json& (*pod_spec)(Json&), Done done) {
  auto registries = std::make_shared<std::set<std::string>>(registries_of(pod_spec(*stored)));
  if (registries->empty()) return done(Unit{});
  conversation.ask(
      {.target = "/api/v1/namespaces/" + percent_escaped(ns_of(*stored)) +
                 "/secrets?fieldSelector=" + percent_escaped("type=" + std::string(kSecretType))},
      [stored, registries, pod_spec, done = std::move(done)](const Result<Json>& heard) {
        // Who may not read secrets names those that are needed.
        if (!heard) return done(Unit{});
        Json& list = pod_spec(*stored)["imagePullSecrets"];
        each_item(*heard, [&](const Json& secret) {
          const std::string_view name = secret.str({"metadata", "name"});
          if (serves_one(secret, *registries) && !names_secret(list, name))
            list.push_back(Json::object({{"name", name}}));
        });
        if (list.is_null()) pod_spec(*stored).erase("imagePullSecrets");
        done(Unit{});
      });
}

}  // namespace engine
