#include "engine/norman/workload_mappers.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>

namespace engine {
namespace {

constexpr std::string_view kPorts = "field.cattle.io/ports";
constexpr std::string_view kEndpoints = "field.cattle.io/publicEndpoints";
constexpr std::string_view kCreator = "field.cattle.io/creatorId";
constexpr std::string_view kHostPort = "HostPort";

void each(Json* list, const std::function<void(Json&)>& visit) {
  if (!list || !list->is_array()) return;
  for (Json& item : list->as_array())
    if (item.is_object()) visit(item);
}
void each(const Json* list, const std::function<void(const Json&)>& visit) {
  if (!list || !list->is_array()) return;
  for (const Json& item : list->as_array())
    if (item.is_object()) visit(item);
}

// The member as an object, or list, whatever stood there.
Json& object_in(Json& data, std::string_view name) {
  Json& member = data[name];
  if (!member.is_object()) member = Json::object();
  return member;
}
Json& list_in(Json& data, std::string_view name) {
  Json& member = data[name];
  if (!member.is_array()) member = Json(JsonArray{});
  return member;
}

Json copy_of(const Json* value) {
  return value ? Json(*value) : Json();
}

void set_if(Json& to, std::string_view name, Json value) {
  if (!value.is_null()) to.set(name, std::move(value));
}

// --- ports: what the stored port does not know stands in an annotation of the pod's template, a
// list for each container.

const Json* annotated(const Json& lists, size_t container, const Json& port) {
  if (!lists.is_array() || container >= lists.size()) return nullptr;
  const Json& ports = lists.as_array()[container];
  if (!ports.is_array()) return nullptr;
  for (const Json& one : ports.as_array())
    if (one.str("name") == port.str("name") &&
        one.integer({"containerPort"}) == port.integer({"containerPort"}))
      return &one;
  return nullptr;
}

void ports_to_api(Json& data) {
  Json lists;
  if (Json* annotations = data.find("annotations")) {
    if (auto parsed = parse_json(annotations->str(kPorts))) lists = std::move(*parsed);
    annotations->erase(kPorts);
  }
  size_t at = 0;
  each(data.find("containers"), [&](Json& container) {
    each(container.find("ports"), [&](Json& port) {
      if (const Json* known = annotated(lists, at, port)) {
        for (std::string_view field : {"kind", "sourcePort", "dnsName"})
          set_if(port, field, copy_of(known->find(field)));
      } else if (const int64_t host = port.integer({"hostPort"}); host != 0) {
        port.set("sourcePort", host);
        port.set("kind", kHostPort);
      } else {
        port.set("kind", "ClusterIP");
      }
    });
    at++;
  });
}

// The same port has the same text, however a client wrote it: another text would be another
// template, and all pods would start anew.
Json port_mark(const Json& port) {
  std::map<std::string, Json> members{{"type", "/v3/project/schemas/containerPort"}};
  for (const auto& [name, value] : port.as_object())
    if (!value.is_null() && !(value == Json(0))) members[name] = value;
  Json out = Json::object();
  for (auto& [name, value] : members) out.set(name, std::move(value));
  return out;
}

void ports_to_stored(Json& data) {
  // In the order of the stored containers, of which those that come first are another list.
  JsonArray lists, first;
  bool any = false;
  each(data.find("containers"), [&](Json& container) {
    JsonArray kept;
    each(container.find("ports"), [&](Json& port) {
      if (port.str("kind") == kHostPort && port.integer({"sourcePort"}) != 0)
        port.set("hostPort", copy_of(port.find("sourcePort")));
      kept.push_back(port_mark(port));
      for (std::string_view field : {"kind", "sourcePort", "dnsName"}) port.erase(field);
      if (port.integer({"hostPort"}) == 0) port.erase("hostPort");
    });
    any |= !kept.empty();
    (container.truth({"initContainer"}) ? first : lists).emplace_back(std::move(kept));
  });
  lists.insert(lists.end(), first.begin(), first.end());
  if (any) object_in(data, "annotations").set(kPorts, dump(Json(std::move(lists))));
}

// --- environment: plain values by name; what comes from elsewhere in a list.

struct KeySource {
  std::string_view stored, source, name, key;
};
constexpr std::array<KeySource, 4> kKeySources = {{
    {"fieldRef", "field", "fieldPath", {}},
    {"resourceFieldRef", "resource", "containerName", "resource"},
    {"configMapKeyRef", "configMap", "name", "key"},
    {"secretKeyRef", "secret", "name", "key"},
}};
struct WholeSource {
  std::string_view stored, source;
};
constexpr std::array<WholeSource, 2> kWholeSources = {
    {{"secretRef", "secret"}, {"configMapRef", "configMap"}}};

void environment_to_api(Json& container) {
  Json plain = Json::object();
  JsonArray from;
  each(container.find("env"), [&](const Json& one) {
    const Json* source = one.find("valueFrom");
    if (!source || !source->is_object()) {
      plain.set(one.str("name"), one.str("value"));
      return;
    }
    for (const KeySource& known : kKeySources) {
      const Json* ref = source->find(known.stored);
      if (!ref) continue;
      Json out = Json::object({{"source", known.source}, {"targetKey", one.str("name")}});
      set_if(out, "sourceName", copy_of(ref->find(known.name)));
      if (!known.key.empty()) set_if(out, "sourceKey", copy_of(ref->find(known.key)));
      if (ref->truth({"optional"})) out.set("optional", true);
      from.push_back(std::move(out));
    }
  });
  each(container.find("envFrom"), [&](const Json& one) {
    for (const WholeSource& known : kWholeSources) {
      const Json* ref = one.find(known.stored);
      if (!ref) continue;
      Json out = Json::object({{"source", known.source}, {"sourceName", ref->str("name")}});
      set_if(out, "prefix", copy_of(one.find("prefix")));
      if (ref->truth({"optional"})) out.set("optional", true);
      from.push_back(std::move(out));
    }
  });
  container.erase("env");
  container.erase("envFrom");
  if (plain.size() > 0) container.set("environment", std::move(plain));
  if (!from.empty()) container.set("environmentFrom", std::move(from));
}

Json source_of(const KeySource& known, const Json& one, bool optional) {
  Json ref = Json::object();
  set_if(ref, known.name, copy_of(one.find("sourceName")));
  if (!known.key.empty()) set_if(ref, known.key, copy_of(one.find("sourceKey")));
  if (optional) ref.set("optional", true);
  return Json::object({{known.stored, std::move(ref)}});
}

void environment_to_stored(Json& container) {
  std::map<std::string, Json> plain;  // by name, so that the same body gives the same pods
  if (const Json* given = container.find("environment"); given && given->is_object())
    for (const auto& [name, value] : given->as_object())
      plain.emplace(name, value.is_null() ? Json("") : value);
  JsonArray env, from;
  for (auto& [name, value] : plain)
    env.push_back(Json::object({{"name", name}, {"value", std::move(value)}}));
  each(container.find("environmentFrom"), [&](const Json& one) {
    const std::string_view source = one.str("source"), key = one.str("sourceKey");
    const std::string_view target = one.str("targetKey").empty() ? key : one.str("targetKey");
    const bool optional = one.truth({"optional"});
    if (!target.empty()) {
      for (const KeySource& known : kKeySources)
        if (known.source == source)
          env.push_back(
              Json::object({{"name", target}, {"valueFrom", source_of(known, one, optional)}}));
      return;
    }
    for (const WholeSource& known : kWholeSources) {
      if (known.source != source) continue;
      Json ref = Json::object({{"name", one.str("sourceName")}});
      if (optional) ref.set("optional", true);
      Json out = Json::object({{known.stored, std::move(ref)}});
      if (!one.str("prefix").empty()) out.set("prefix", one.str("prefix"));
      from.push_back(std::move(out));
    }
  });
  container.erase("environment");
  container.erase("environmentFrom");
  if (!env.empty()) container.set("env", std::move(env));
  if (!from.empty()) container.set("envFrom", std::move(from));
}

// --- init containers are containers that say so.

void init_to_api(Json& pod) {
  Json* first = pod.find("initContainers");
  if (!first) return;
  JsonArray taken = first->is_array() ? std::move(first->as_array()) : JsonArray();
  pod.erase("initContainers");
  for (Json& container : taken) {
    if (!container.is_object()) continue;
    container.set("initContainer", true);
    list_in(pod, "containers").push_back(std::move(container));
  }
}

void init_to_stored(Json& pod) {
  Json* given = pod.find("containers");
  if (!given || !given->is_array()) return;
  JsonArray later, first;
  for (Json& container : given->as_array()) {
    const bool init = container.truth({"initContainer"});
    // What a container is doing is told, not stored.
    for (std::string_view field : {"initContainer", "state", "transitioning",
                                   "transitioningMessage", "restartCount", "exitCode"})
      container.erase(field);
    (init ? first : later).push_back(std::move(container));
  }
  *given = std::move(later);
  if (!first.empty()) pod.set("initContainers", std::move(first));
}

// --- what a container is doing.

std::string message_of(const Json& state) {
  const std::string reason(state.str("reason")), message(state.str("message"));
  return message.empty() ? reason : reason + ": " + message;
}

void tell_state(const Json& status, Json& container) {
  std::string_view state = "pending", transitioning = "no";
  std::string message;
  if (const Json* ended = status.at({"state", "terminated"})) {
    state = "terminated";
    message = message_of(*ended);
    container.set("exitCode", ended->integer({"exitCode"}));
    if (ended->integer({"exitCode"}) != 0) transitioning = "error";
  } else if (status.at({"state", "running"})) {
    const bool ready = status.truth({"ready"});
    state = ready ? "running" : "notready";
    transitioning = ready ? "no" : "yes";
  } else if (const Json* waiting = status.at({"state", "waiting"})) {
    state = "waiting";
    transitioning = "yes";
    message = message_of(*waiting);
  }
  container.set("state", state);
  container.set("transitioning", transitioning);
  container.set("transitioningMessage", std::move(message));
  container.set("restartCount", status.integer({"restartCount"}));
}

void status_to_api(Json& pod) {
  std::map<std::string_view, const Json*> known;
  for (std::string_view list : {"containerStatuses", "initContainerStatuses"})
    each(pod.at({"status", list}), [&](const Json& one) { known[one.str("name")] = &one; });
  each(pod.find("containers"), [&](Json& container) {
    auto found = known.find(container.str("name"));
    if (found == known.end())
      container.set("state", "unknown");
    else
      tell_state(*found->second, container);
  });
}

// --- probes and handlers: one of exec, tcpSocket and httpGet, laid flat.

void probe_to_api(Json& probe) {
  if (const Json* port = probe.at({"tcpSocket", "port"}); port && !port->is_null())
    probe.set("tcp", true);
  for (std::string_view part : {"exec", "tcpSocket", "httpGet"}) {
    Json* found = probe.find(part);
    if (!found) continue;
    Json inner = std::move(*found);
    probe.erase(part);
    if (!inner.is_object()) continue;
    for (auto& [name, value] : inner.as_object()) probe.set(name, std::move(value));
  }
}

bool is_given(const Json& data, std::string_view field) {
  const Json* value = data.find(field);
  if (!value || value->is_null()) return false;
  if (value->is_int()) return value->as_int() != 0;
  return value->is_string() ? !value->as_string().empty() : value->size() > 0;
}

void gather(Json& probe, std::string_view into, std::initializer_list<std::string_view> fields) {
  Json inner = Json::object();
  for (std::string_view field : fields) {
    if (is_given(probe, field)) inner.set(field, copy_of(probe.find(field)));
    probe.erase(field);
  }
  probe.set(into, std::move(inner));
}

void probe_to_stored(Json& probe) {
  const bool tcp = probe.truth({"tcp"});
  probe.erase("tcp");
  if (is_given(probe, "command"))
    gather(probe, "exec", {"command"});
  else if (tcp && is_given(probe, "port"))
    gather(probe, "tcpSocket", {"host", "port"});
  else if (is_given(probe, "port"))
    gather(probe, "httpGet", {"host", "port", "path", "scheme", "httpHeaders"});
  for (std::string_view field : {"command", "host", "port", "path", "scheme", "httpHeaders"})
    probe.erase(field);
  // A client's zero is "not said": the cluster's default.
  for (std::string_view field : {"failureThreshold", "initialDelaySeconds", "periodSeconds",
                                 "successThreshold", "timeoutSeconds"})
    if (const Json* value = probe.find(field); value && *value == Json(0)) probe.erase(field);
}

// --- what belongs to the workload, not to its pods, goes between the two sets of annotations.

void move_mark(Json& data, std::string_view from, std::string_view to, std::string_view mark) {
  Json* marks = data.find(from);
  Json* found = marks ? marks->find(mark) : nullptr;
  if (!found) return;
  Json value = std::move(*found);
  marks->erase(mark);
  if (marks->size() == 0) data.erase(from);
  object_in(data, to).set(mark, std::move(value));
}

void workload_marks(MapWay way, Json& data) {
  if (way == MapWay::to_api)
    return move_mark(data, "workloadAnnotations", "annotations", kEndpoints);
  for (std::string_view mark : {kEndpoints, kCreator})
    move_mark(data, "annotations", "workloadAnnotations", mark);
}

// A claim that names no class gets none, not the default one.
void claim_to_stored(Json& claim) {
  if (const Json* given = claim.find("storageClassId"); given && given->is_null())
    claim.set("storageClassId", "");
}

struct Known {
  std::string_view name;
  void (*to_api)(Json&);
  void (*to_stored)(Json&);
};
void nothing(Json&) {}
constexpr std::array<Known, 9> kMappers = {{
    {"ContainerPorts", ports_to_api, ports_to_stored},
    {"EnvironmentMapper", environment_to_api, environment_to_stored},
    {"InitContainerMapper", init_to_api, init_to_stored},
    {"ContainerStatus", status_to_api, nothing},
    // What it does is done with UnionEmbed, which comes after it.
    {"ContainerProbeHandler", nothing, nothing},
    {"UnionEmbed", probe_to_api, probe_to_stored},
    {"PersistVolumeClaim", nothing, claim_to_stored},
    {"WorkloadAnnotations", [](Json& data) { workload_marks(MapWay::to_api, data); },
     [](Json& data) { workload_marks(MapWay::to_stored, data); }},
    {"SchedulingMapper", [](Json& data) { map_scheduling(MapWay::to_api, data); },
     [](Json& data) { map_scheduling(MapWay::to_stored, data); }},
}};

const Known* known(std::string_view name) {
  auto found = std::find_if(kMappers.begin(), kMappers.end(),
                            [&](const Known& one) { return one.name == name; });
  return found == kMappers.end() ? nullptr : &*found;
}

}  // namespace

bool is_workload_mapper(std::string_view name) {
  return known(name) != nullptr;
}

void run_workload_mapper(MapWay way, std::string_view name, Json& data) {
  if (const Known* found = known(name))
    way == MapWay::to_api ? found->to_api(data) : found->to_stored(data);
}

void map_public_endpoints(MapWay way, Json& endpoints) {
  each(&endpoints, [&](Json& one) {
    for (std::string_view what : {"service", "node", "ingress", "pod"}) {
      const std::string name = std::string(what) + "Name", id = std::string(what) + "Id";
      const std::string& from = way == MapWay::to_api ? name : id;
      const std::string& to = way == MapWay::to_api ? id : name;
      Json* found = one.find(from);
      if (!found) continue;
      Json value = std::move(*found);
      one.erase(from);
      if (!value.is_string() || !value.as_string().empty()) one.set(to, std::move(value));
    }
  });
}

}  // namespace engine
