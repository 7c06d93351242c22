// Services and DNS records, which are services too: what a record points to (a name, addresses,
// another record, a workload) becomes what a cluster's DNS answers from.
#include "engine/norman/ip_address.h"
#include "engine/norman/project_mappers.h"
#include "engine/norman/types/cluster_resource.h"
#include "engine/norman/types/public_endpoints.h"
#include "engine/norman/types/workload_targets.h"

namespace engine {
namespace {

constexpr std::string_view kAddresses = "field.cattle.io/ipAddresses";
constexpr std::string_view kWorkloads = "field.cattle.io/targetWorkloadIds";
constexpr std::string_view kRecords = "field.cattle.io/targetDnsRecordIds";
// A cluster's DNS answers only for services with a port.
constexpr int kNoPort = 42;

Status refuse(std::string_view field, std::string why) {
  return Status::field_error(422, "InvalidOption", std::string(field), std::move(why));
}

// The list of texts in an annotation.
std::vector<std::string> listed(const Json& stored, std::string_view annotation) {
  std::vector<std::string> out;
  auto list = parse_json(stored.str({"metadata", "annotations", annotation}));
  if (list && list->is_array())
    for (const Json& one : list->as_array())
      if (one.is_string()) out.push_back(one.as_string());
  return out;
}

Result<Unit> check_addresses(const Json& body) {
  const Json* list = body.find("ipAddresses");
  if (!list || !list->is_array()) return Unit{};
  for (const Json& one : list->as_array()) {
    const std::string text = one.is_string() ? one.as_string() : dump(one);
    auto address = IpAddress::parse(text);
    if (!address) return refuse("ipAddresses", text + " is no IP address");
    if (address->unspecified() || address->loopback() || address->link_local())
      return refuse("ipAddresses", text + " is an address that no other machine can reach");
  }
  return Unit{};
}

// What stands in one of these is what it points to; in two, nobody could say.
Result<Unit> check_one_target(const Json& body) {
  std::string_view found;
  for (std::string_view field :
       {"hostname", "ipAddresses", "targetDnsRecordIds", "targetWorkloadIds", "selector"}) {
    const Json* value = body.find(field);
    if (!value || value->is_null() || (value->is_string() && value->as_string().empty()) ||
        ((value->is_array() || value->is_object()) && value->size() == 0))
      continue;
    if (!found.empty())
      return refuse(field, "a record points to one thing: not to " + std::string(found) +
                               " and to " + std::string(field));
    found = field;
  }
  return Unit{};
}

Json default_ports() {
  return Json::array({Json::object(
      {{"name", "default"}, {"port", kNoPort}, {"targetPort", kNoPort}, {"protocol", "TCP"}})});
}

struct NodesBeside final : Beside {
  NodePlaces places;
};

class Service : public ClusterResource {
 public:
  Service()
      : ClusterResource(make_placed_kind("", "v1", "Service", "services", Scope::namespaced)) {}

  // A cluster IP of null, said so, is none: a headless service.
  Result<Unit> before_create(const Call& call, const Json& raw, Json& body,
                             Place& place) const override {
    TRY(ClusterResource::before_create(call, raw, body, place));
    TRY(check_addresses(body));
    const Json* ip = raw.find("clusterIp");
    if (ip && ip->is_null()) body.set("clusterIp", nullptr);
    const bool headless = ip && (ip->is_null() || *ip == Json("None"));
    if (headless && body.str("ipFamilyPolicy").empty()) body.set("ipFamilyPolicy", "SingleStack");
    const Json* ports = body.find("ports");
    if (!ports || ports->size() == 0) body.set("ports", default_ports());
    return Unit{};
  }
  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    TRY(check_addresses(changes));
    const Json* ip = changes.find("clusterIp");
    if (ip && ip->is_null() && old.str({"spec", "clusterIP"}) == "None") changes.erase("clusterIp");
    return Unit{};
  }

  // One other record is followed by name, so that it is always what that one is.
  Result<Unit> to_store(const Call&, Json& stored) const override {
    const auto records = listed(stored, kRecords);
    if (records.empty()) return Unit{};
    if (records.size() > 1)
      return refuse("targetDnsRecordIds", "one record can stand for one other");
    const size_t colon = records[0].find(':');
    if (colon == std::string::npos)
      return refuse("targetDnsRecordIds", records[0] + " is not NAMESPACE:NAME");
    Json& spec = stored.make({"spec"});
    spec.set("type", "ExternalName");
    spec.set("externalName", records[0].substr(colon + 1) + "." + records[0].substr(0, colon) +
                                 ".svc.cluster.local");
    for (std::string_view field : {"clusterIP", "clusterIPs", "selector"}) spec.erase(field);
    return Unit{};
  }
  void refresh(const Call&, Json& stored) const override {
    Json* spec = stored.find("spec");
    if (spec && !listed(stored, kRecords).empty()) spec->erase("externalName");
  }

  void before_write(Conversation& with, const Old& old, std::shared_ptr<Json> stored,
                    Done done) const override {
    const auto now = listed(*stored, kWorkloads);
    if (now.empty()) {
      Json* spec = stored->find("spec");
      if (old && spec && !listed(*old, kWorkloads).empty() && same_selector(*old, *stored))
        spec->erase("selector");
      return done(Unit{});
    }
    find_selector(with, {"targetWorkloadIds", stored->str({"metadata", "namespace"})}, now,
                  [stored, done = std::move(done)](Result<Json> selector) {
                    if (!selector) return done(selector.error());
                    stored->make({"spec"}).set("selector", std::move(*selector));
                    done(Unit{});
                  });
  }

  // Addresses are a cluster's Endpoints of the same name.
  void after_write(Conversation& with, const Old& old, std::shared_ptr<const Json> written,
                   Done done) const override {
    const bool had = old && !listed(*old, kAddresses).empty();
    const auto now = listed(*written, kAddresses);
    if (now.empty() && !had) return done(Unit{});
    const std::string target = "/api/v1/namespaces/" +
                               std::string(written->str({"metadata", "namespace"})) + "/endpoints",
                      one = target + "/" + std::string(written->str({"metadata", "name"}));
    auto told = [done = std::move(done)](const Result<Json>& made) {
      if (made || made.error().code() == 404) return done(Unit{});
      done(made.error());
    };
    if (now.empty()) return with.ask({.method = "DELETE", .target = one}, told);
    with.ask({.target = one}, [&with, written, target, one, now, told](Result<Json> there) {
      if (!there && there.error().code() != 404) return told(there);
      Json endpoints = endpoints_of(*written, now);
      if (!there)
        return with.ask({.method = "POST", .target = target, .body = dump(endpoints)}, told);
      endpoints["metadata"].set("resourceVersion", there->str({"metadata", "resourceVersion"}));
      with.ask({.method = "PUT", .target = one, .body = dump(endpoints)}, told);
    });
  }

  void before_show(Conversation& with, std::shared_ptr<const JsonArray>, Done done) const override {
    const Call& call = with.call();
    auto nodes = std::make_shared<NodesBeside>();
    nodes->places = node_places(call.norman, call.context.substr(0, call.context.find(':')));
    call.beside = std::move(nodes);
    done(Unit{});
  }
  void decorate(const Call& call, const Json& stored, Look& look) const override {
    ClusterResource::decorate(call, stored, look);
    if (auto* nodes = dynamic_cast<const NodesBeside*>(call.beside.get()))
      look.object->set("publicEndpoints", service_endpoints(stored, nodes->places));
  }

 private:
  static bool same_selector(const Json& a, const Json& b) {
    const Json *left = a.at({"spec", "selector"}), *right = b.at({"spec", "selector"});
    return left && right && *left == *right;
  }

  static Json endpoints_of(const Json& service, const std::vector<std::string>& addresses) {
    JsonArray ips, ports;
    for (const std::string& ip : addresses) ips.push_back(Json::object({{"ip", ip}}));
    if (const Json* list = service.at({"spec", "ports"}); list && list->is_array())
      for (const Json& port : list->as_array()) {
        const Json* inner = port.find("targetPort");
        Json out = Json::object(
            {{"port", inner && inner->is_int() ? inner->as_int() : port.integer({"port"})},
             {"protocol", port.str("protocol", "TCP")}});
        if (!port.str("name").empty()) out.set("name", port.str("name"));
        ports.push_back(std::move(out));
      }
    return Json::object(
        {{"apiVersion", "v1"},
         {"kind", "Endpoints"},
         {"metadata",
          Json::object({{"name", service.str({"metadata", "name"})},
                        {"namespace", service.str({"metadata", "namespace"})},
                        {"ownerReferences", Json::array({owner_of(service, "v1", "Service")})}})},
         {"subsets", Json::array({Json::object(
                         {{"addresses", std::move(ips)}, {"ports", std::move(ports)}})})}});
  }
};

class Record final : public Service {
 public:
  Result<Unit> before_create(const Call& call, const Json& raw, Json& body,
                             Place& place) const override {
    TRY(ClusterResource::before_create(call, raw, body, place));
    TRY(check_addresses(body));
    return check_one_target(body);
  }
  Result<Unit> before_update(const Call& call, const Json& old, Json& changes) const override {
    TRY(Service::before_update(call, old, changes));
    return check_one_target(changes);
  }
  // A name, or a service without an address of its own.
  Result<Unit> to_store(const Call& call, Json& stored) const override {
    TRY(Service::to_store(call, stored));
    Json& spec = stored.make({"spec"});
    const bool named = !spec.str("externalName").empty();
    if (named && spec.str("type") != "ExternalName") {
      spec.set("type", "ExternalName");
      spec.erase("clusterIP");
      spec.erase("clusterIPs");
    } else if (!named && (spec.str("type").empty() || spec.str("type") == "ExternalName")) {
      spec.set("type", "ClusterIP");
      spec.set("clusterIP", "None");
      if (spec.str("ipFamilyPolicy").empty()) spec.set("ipFamilyPolicy", "SingleStack");
    }
    const Json* ports = spec.find("ports");
    if (!ports || ports->size() == 0) spec.set("ports", default_ports());
    return Unit{};
  }
};

}  // namespace

void register_services(TypeSet& set, const TypeParts&) {
  set.add("/v3/project service", std::make_unique<Service>());
  set.add("/v3/project dnsRecord", std::make_unique<Record>());
}

}  // namespace engine
