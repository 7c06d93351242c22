// ingress: rules whose paths go to services or to workloads. The API's shape is that of an older
// version of the kind; clusters are asked in networking.k8s.io/v1. A workload gets a service of the
// ingress's own, and which backend stands for which workloads, and which certificate for which
// secret, is kept in an annotation that older servers of this API know.
#include <map>

#include "engine/base/base64.h"
#include "engine/norman/types/cluster_resource.h"
#include "engine/norman/types/public_endpoints.h"
#include "engine/norman/types/workload_targets.h"

namespace engine {
namespace {

constexpr std::string_view kState = "field.cattle.io/ingressState";
constexpr std::string_view kTargets = "field.cattle.io/targetWorkloadIds";

using IngressState = std::map<std::string, std::string>;

std::string url_base64(std::string_view text) {
  std::string out = base64_encode(std::string(text));
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

IngressState state_in(const Json& stored) {
  IngressState out;
  auto json = parse_json(stored.str({"metadata", "annotations", kState}));
  if (json && json->is_object())
    for (const auto& [key, value] : json->as_object())
      if (value.is_string()) out[key] = value.as_string();
  return out;
}

std::string port_text(const Json* port) {
  if (!port) return {};
  return port->is_string() ? port->as_string() : dump(*port);
}

// One backend of an ingress, with where it stands.
struct Backend {
  Json* backend;
  std::string host, path;
};
std::vector<Backend> backends_of(Json& spec, std::string_view default_name) {
  std::vector<Backend> out;
  if (Json* one = spec.find(default_name); one && one->is_object()) out.push_back({one, "", "/"});
  Json* rules = spec.find("rules");
  if (!rules || !rules->is_array()) return out;
  for (Json& rule : rules->as_array()) {
    Json* http = rule.find("http");
    Json* paths = http ? http->find("paths") : nullptr;
    if (!paths || !paths->is_array()) continue;
    for (Json& path : paths->as_array())
      if (Json* one = path.find("backend"); one && one->is_object())
        out.push_back({one, std::string(rule.str("host")), std::string(path.str("path"))});
  }
  return out;
}

std::string place_of(const Json& ingress, const Backend& at, const std::string& port) {
  return std::string(ingress.str({"metadata", "name"})) + "/" +
         std::string(ingress.str({"metadata", "namespace"})) + "/" + at.host + "/" + at.path + "/" +
         port;
}

std::vector<std::string> split_ids(const std::string& text) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('/', at), text.size());
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

// A service that stands for workloads, as a stored ingress wants it.
struct Wanted {
  std::string service;
  int64_t port = 0;
  std::vector<std::string> workloads;
};
std::vector<Wanted> wanted_by(const Json& stored) {
  std::vector<Wanted> out;
  Json copy = stored;
  const IngressState state = state_in(stored);
  Json* spec = copy.find("spec");
  if (!spec) return out;
  for (const Backend& at : backends_of(*spec, "defaultBackend")) {
    const Json* port = at.backend->at({"service", "port", "number"});
    auto found = state.find(url_base64(place_of(stored, at, port_text(port))));
    if (port && found != state.end() && !found->second.empty())
      out.push_back({std::string(at.backend->str({"service", "name"})), port->as_int(),
                     split_ids(found->second)});
  }
  return out;
}

class Ingress final : public ClusterResource {
 public:
  Ingress()
      : ClusterResource(make_placed_kind("networking.k8s.io", "v1", "Ingress", "ingresses",
                                         Scope::namespaced)) {}

  // As the mappers know it: backends with serviceName and servicePort, ids with their namespace.
  void unfold(Json& stored) const override {
    Json* spec = stored.find("spec");
    if (!spec) return;
    const IngressState state = state_in(stored);
    const std::string ns(stored.str({"metadata", "namespace"}));
    for (const Backend& at : backends_of(*spec, "defaultBackend"))
      unfold_backend(stored, at, state);
    if (Json* one = spec->find("defaultBackend")) {
      Json moved = std::move(*one);
      spec->erase("defaultBackend");
      spec->set("backend", std::move(moved));
    }
    Json* tls = spec->find("tls");
    if (!tls || !tls->is_array()) return;
    for (Json& one : tls->as_array()) {
      const std::string name(one.str("secretName"));
      if (name.empty()) continue;
      auto known = state.find(url_base64(name));
      one.set("secretName",
              known == state.end() || known->second.empty() ? ns + ":" + name : known->second);
    }
  }
  void refresh(const Call&, Json& stored) const override { unfold(stored); }

  Result<Unit> to_store(const Call&, Json& stored) const override {
    Json& spec = stored.make({"spec"});
    const std::string ns(stored.str({"metadata", "namespace"}));
    Json state = Json::object();
    for (const Backend& at : backends_of(spec, "backend")) TRY(fold_backend(stored, at, state));
    if (Json* one = spec.find("backend")) {
      Json moved = std::move(*one);
      spec.erase("backend");
      if (!moved.is_null()) spec.set("defaultBackend", std::move(moved));
    }
    complete_paths(spec);
    if (Json* tls = spec.find("tls"); tls && tls->is_array())
      for (Json& one : tls->as_array()) {
        const std::string id(one.str("secretName"));
        const size_t colon = id.find(':');
        if (colon == std::string::npos) continue;
        const std::string name = id.substr(colon + 1);
        if (id.substr(0, colon) != ns) state.set(url_base64(name), id);
        one.set("secretName", name);
      }
    stored.make({"metadata", "annotations"}).set(kState, dump(state));
    return Unit{};
  }

  State state(const Call&, const Json& stored) const override {
    State out = state_of(stored);
    const Json* given = stored.at({"status", "loadBalancer", "ingress"});
    if (out.name == "active" && (!given || given->size() == 0)) out.name = "initializing";
    return out;
  }

  void before_write(Conversation& with, const Old&, std::shared_ptr<Json> stored,
                    Done done) const override {
    auto wanted = std::make_shared<std::vector<Wanted>>(wanted_by(*stored));
    check(with, std::string(stored->str({"metadata", "namespace"})), wanted, std::move(done));
  }
  void after_write(Conversation& with, const Old& old, std::shared_ptr<const Json> written,
                   Done done) const override {
    auto wanted = std::make_shared<std::vector<Wanted>>(wanted_by(*written));
    auto gone = std::make_shared<std::vector<std::string>>();
    if (old)
      for (const Wanted& one : wanted_by(*old))
        if (std::none_of(wanted->begin(), wanted->end(),
                         [&](const Wanted& now) { return now.service == one.service; }))
          gone->push_back(one.service);
    make(with, written, wanted, gone, std::move(done));
  }

  void decorate(const Call& call, const Json& stored, Look& look) const override {
    ClusterResource::decorate(call, stored, look);
    look.object->set("publicEndpoints", ingress_endpoints(stored));
  }

 private:
  static void unfold_backend(const Json& stored, const Backend& at, const IngressState& state) {
    Json* service = at.backend->find("service");
    if (!service) return;
    const Json* number = service->at({"port", "number"});
    const Json* port = number ? number : service->at({"port", "name"});
    const std::string text = port_text(port), name(service->str("name"));
    auto known = state.find(url_base64(place_of(stored, at, text)));
    const bool workload = known != state.end() && !known->second.empty();
    Json servicePort = port ? *port : Json();
    at.backend->erase("service");
    if (workload) {
      JsonArray ids;
      for (std::string& id : split_ids(known->second)) ids.emplace_back(std::move(id));
      at.backend->set("workloadIds", std::move(ids));
    } else {
      at.backend->set("serviceName",
                      std::string(stored.str({"metadata", "namespace"})) + ":" + name);
    }
    at.backend->set("servicePort", std::move(servicePort));
  }

  static Result<Unit> fold_backend(const Json& stored, const Backend& at, Json& state) {
    Json& backend = *at.backend;
    if (const Json* resource = backend.find("resource"); resource && !resource->is_null())
      return Unit{};
    const std::string ns(stored.str({"metadata", "namespace"}));
    std::string id(backend.str("serviceName"));
    const Json* ids = backend.find("workloadIds");
    const bool workload = ids && ids->is_array() && ids->size() > 0;
    const Json* given = backend.find("servicePort");
    if (workload == !id.empty())
      return workload ? Status::field_error(422, "InvalidOption", "serviceId",
                                            "a path goes to a service or to workloads, not to both")
                      : Status::field_error(422, "MissingRequired", "serviceId", "");
    if (!given || given->is_null() || port_text(given).empty())
      return Status::field_error(422, "MissingRequired", "targetPort", "");
    const Json port = *given;
    if (workload && !port.is_int())
      return Status::field_error(422, "InvalidOption", "targetPort",
                                 "a workload is reached at a number, not at the name of a port");
    if (workload) {
      std::string joined;
      for (const Json& one : ids->as_array())
        joined += (joined.empty() ? "" : "/") + (one.is_string() ? one.as_string() : dump(one));
      const std::string place = place_of(stored, at, port_text(&port));
      state.set(url_base64(place), std::move(joined));
      id = "ingress-" + checksum_hex(place).substr(0, 32);
    } else if (const size_t colon = id.find(':'); colon != std::string::npos) {
      if (id.substr(0, colon) != ns)
        return Status::field_error(422, "InvalidReference", "serviceId",
                                   id + " is in another namespace than the ingress, " + ns);
      id.erase(0, colon + 1);
    }
    for (std::string_view field : {"serviceName", "servicePort", "workloadIds"})
      backend.erase(field);
    backend.set(
        "service",
        Json::object(
            {{"name", id}, {"port", Json::object({{port.is_int() ? "number" : "name", port}})}}));
    return Unit{};
  }

  // How a path is matched has to be said since it can be.
  static void complete_paths(Json& spec) {
    Json* rules = spec.find("rules");
    if (!rules || !rules->is_array()) return;
    for (Json& rule : rules->as_array()) {
      Json* http = rule.find("http");
      Json* paths = http ? http->find("paths") : nullptr;
      if (paths && paths->is_array())
        for (Json& path : paths->as_array())
          if (path.str("pathType").empty()) path.set("pathType", "ImplementationSpecific");
    }
  }

  // Each workload is there, and its pods can be selected.
  static void check(Conversation& with, const std::string& ns,
                    const std::shared_ptr<std::vector<Wanted>>& wanted, Done done) {
    if (wanted->empty()) return done(Unit{});
    const Wanted one = wanted->back();
    wanted->pop_back();
    find_selector(with, {"workloadIds", ns}, one.workloads,
                  [&with, ns, wanted, done = std::move(done)](const Result<Json>& selector) {
                    if (!selector) return done(selector.error());
                    check(with, ns, wanted, done);
                  });
  }

  static void make(Conversation& with, const std::shared_ptr<const Json>& ingress,
                   const std::shared_ptr<std::vector<Wanted>>& wanted,
                   const std::shared_ptr<std::vector<std::string>>& gone, Done done) {
    if (wanted->empty()) return remove(with, ingress, gone, std::move(done));
    const Wanted one = wanted->back();
    wanted->pop_back();
    const std::string ns(ingress->str({"metadata", "namespace"}));
    auto next = [&with, ingress, wanted, gone, done](const Result<Json>& made) {
      if (!made) return done(made.error());
      make(with, ingress, wanted, gone, done);
    };
    find_selector(with, {"workloadIds", ns}, one.workloads,
                  [&with, ingress, one, ns, next](const Result<Json>& selector) {
                    if (!selector) return next(selector);
                    apply(with, service_of(*ingress, one, *selector), ns, next);
                  });
  }

  static void remove(Conversation& with, const std::shared_ptr<const Json>& ingress,
                     const std::shared_ptr<std::vector<std::string>>& gone, Done done) {
    if (gone->empty()) return done(Unit{});
    const std::string target = "/api/v1/namespaces/" +
                               std::string(ingress->str({"metadata", "namespace"})) + "/services/" +
                               gone->back();
    gone->pop_back();
    with.ask({.method = "DELETE", .target = target},
             [&with, ingress, gone, done = std::move(done)](const Result<Json>& removed) {
               if (!removed && removed.error().code() != 404) return done(removed.error());
               remove(with, ingress, gone, done);
             });
  }

  static Json service_of(const Json& ingress, const Wanted& wanted, const Json& selector) {
    JsonArray ids(wanted.workloads.begin(), wanted.workloads.end());
    const Json port =
        Json::object({{"port", wanted.port}, {"targetPort", wanted.port}, {"protocol", "TCP"}});
    return Json::object(
        {{"apiVersion", "v1"},
         {"kind", "Service"},
         {"metadata",
          Json::object({{"name", wanted.service},
                        {"annotations", Json::object({{kTargets, dump(Json(std::move(ids)))}})},
                        {"ownerReferences",
                         Json::array({owner_of(ingress, "networking.k8s.io/v1", "Ingress")})}})},
         {"spec", Json::object({{"type", "ClusterIP"},
                                {"selector", Json(selector)},
                                {"ports", Json::array({port})}})}});
  }

  // Made, or changed where it is there already.
  static void apply(Conversation& with, Json service, const std::string& ns,
                    const Conversation::Heard& next) {
    const std::string target = "/api/v1/namespaces/" + ns + "/services",
                      one = target + "/" + std::string(service.str({"metadata", "name"}));
    std::string body = dump(service);
    with.ask({.method = "POST", .target = target, .body = body},
             [&with, one, body, next](Result<Json> made) {
               if (made || made.error().code() != 409) return next(std::move(made));
               with.ask({.method = "PATCH",
                         .target = one,
                         .body = body,
                         .content_type = "application/merge-patch+json"},
                        next);
             });
  }
};

}  // namespace

void register_ingress(TypeSet& set, const TypeParts&) {
  set.add("/v3/project ingress", std::make_unique<Ingress>());
}

}  // namespace engine
