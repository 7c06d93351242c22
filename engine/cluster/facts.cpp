#include "engine/cluster/facts.h"

#include <utility>

#include "engine/base/base64.h"
#include "engine/base/text.h"

namespace engine {
namespace {

constexpr std::string_view kComponents = "/api/v1/componentstatuses";
// The calls one after the other; it keeps itself alive through the call under way.
class Gathering final : public std::enable_shared_from_this<Gathering> {
 public:
  Gathering(std::shared_ptr<Transport> transport, FactsWanted wanted, FactsDone done)
      : transport_(std::move(transport)), wanted_(wanted), done_(std::move(done)) {}

  void start() {
    ask("/version", [](Gathering& self, Json json) {
      self.facts_.version = std::move(json);
      self.wanted_ == FactsWanted::components ? self.ask_components() : self.finish();
    });
  }

 private:
  using Next = std::function<void(Gathering&, Json)>;

  void ask(std::string target, Next next) {
    ClusterCall call;
    call.target = std::move(target);
    transport_->call(std::move(call), [self = shared_from_this(),
                                       next = std::move(next)](Result<Response> answer) {
      if (!answer) return self->fail(answer.error().message());
      if (answer->status != 200) {
        const Status status = status_of(*answer);
        return self->fail("the cluster's API answers " + std::to_string(status.code()) + ": " +
                          status.message());
      }
      auto json = parse_json(answer->body, {.depth_max = 100, .bytes_max = 64u << 20});
      if (!json) return self->fail("the cluster's API answers what is no JSON");
      next(*self, std::move(*json));
    });
  }

  // A cluster need not tell of its components: whatever comes back, the gathering goes on.
  void ask_components() {
    ClusterCall call;
    call.target = kComponents;
    transport_->call(std::move(call), [self = shared_from_this()](Result<Response> answer) {
      if (answer && answer->status == 200) {
        if (auto json = parse_json(answer->body)) self->take_components(*json);
      }
      self->finish();
    });
  }

  void take_components(const Json& json) {
    const Json* items = json.find("items");
    if (!items || !items->is_array()) return;
    facts_.components = Json::array();
    for (const Json& item : items->as_array()) {
      Json component = Json::object({{"name", item.str({"metadata", "name"})}});
      if (const Json* conditions = item.find("conditions")) {
        component.set("conditions", *conditions);
      }
      facts_.components.push_back(std::move(component));
    }
  }

  void fail(std::string why) {
    facts_.problem = std::move(why);
    finish();
  }
  void finish() { std::exchange(done_, nullptr)(std::move(facts_)); }

  const std::shared_ptr<Transport> transport_;
  const FactsWanted wanted_;
  FactsDone done_;
  ClusterFacts facts_;
};

std::string_view provider_of(std::string_view version) {
  static constexpr std::pair<std::string_view, std::string_view> kMarks[] = {
      {"+k3s", "k3s"}, {"+rke2", "rke2"}, {"-eks-", "eks"}, {"-gke.", "gke"}, {"-aks", "aks"}};
  for (const auto& [mark, name] : kMarks) {
    if (version.find(mark) != std::string_view::npos) return name;
  }
  return "";
}

}  // namespace

void gather_facts(std::shared_ptr<Transport> transport, FactsWanted wanted, FactsDone done) {
  std::make_shared<Gathering>(std::move(transport), wanted, std::move(done))->start();
}

Json quiet_node(const Json& node) {
  Json out = Json::object();
  for (std::string_view part : {"metadata", "spec", "status"})
    if (const Json* there = node.find(part)) out.set(part, *there);
  if (Json* metadata = out.find("metadata"))
    for (std::string_view name : {"managedFields", "resourceVersion"}) metadata->erase(name);
  Json* status = out.find("status");
  if (status == nullptr) return out;
  status->erase("images");
  if (Json* conditions = status->find("conditions"); conditions && conditions->is_array()) {
    for (Json& condition : conditions->as_array()) condition.erase("lastHeartbeatTime");
  }
  return out;
}

namespace {

Json with_pods(const Amounts& amounts, int64_t pods) {
  Json out = amounts.json();
  out.set("pods", std::to_string(pods));
  return out;
}

}  // namespace

void write_facts(Json& cluster, const ClusterFacts& facts, const ClusterWays::Address& address,
                 WallTime now) {
  Json& status = cluster.make({"status"});
  const std::string git(facts.version.str("gitVersion"));
  status.set("version", facts.version);
  status.set("driver", "imported");
  status.set("provider", provider_of(git));
  if (!address.url.empty()) {
    status.set("apiEndpoint", address.url);
    status.set("caCert", base64_encode(address.ca_pem));
  }
  if (!facts.components.is_null()) status.set("componentStatuses", facts.components);
  for (const std::string_view type : {"Pending", "Provisioned", "Waiting", "Connected", "Ready"}) {
    set_condition(cluster, {std::string(type), "True", "", ""}, now);
  }
}

void write_totals(Json& cluster, const NodeTotals& totals) {
  Json& status = cluster.make({"status"});
  if (totals.nodes_known) {
    status.set("capacity", totals.capacity.json());
    status.set("allocatable", totals.allocatable.json());
    status.set("nodeCount", totals.nodes);
  }
  if (totals.pods_known) {
    status.set("requested", with_pods(totals.pods.requests, totals.pods.pods));
    status.set("limits", totals.pods.limits.json());
  }
}

std::string node_object_name(std::string_view word) {
  // FNV-1a: only to be the same each time, and short.
  uint64_t hash = 14695981039346656037ull;
  for (const char c : word) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  }
  static constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string out = "machine-";
  for (int i = 0; i < 10; ++i) {
    out += kLetters[hash % kLetters.size()];
    hash /= kLetters.size();
  }
  return out;
}

namespace {

void write_seen(Json& object, const Json& node) {
  const std::string name(node.str({"metadata", "name"}));
  const Json* labels = node.at({"metadata", "labels"});
  const auto has_label = [&](std::string_view key) { return labels && labels->find(key); };
  const bool control = has_label("node-role.kubernetes.io/control-plane") ||
                       has_label("node-role.kubernetes.io/master") ||
                       has_label("node-role.kubernetes.io/controlplane");
  const bool etcd = has_label("node-role.kubernetes.io/etcd");
  Json& spec = object.make({"spec"});
  spec.set("requestedHostname", name);
  spec.set("controlPlane", control);
  spec.set("etcd", etcd);
  spec.set("worker", has_label("node-role.kubernetes.io/worker") || (!control && !etcd));
  if (const Json* inner = node.find("spec")) spec.set("internalNodeSpec", *inner);
  Json& status = object.make({"status"});
  status.set("nodeName", name);
  const Json* inner = node.find("status");
  status.set("internalNodeStatus", inner ? *inner : Json::object());
  status.set("nodeLabels", labels ? *labels : Json::object());
  if (const Json* annotations = node.at({"metadata", "annotations"})) {
    status.set("nodeAnnotations", *annotations);
  } else {
    status.erase("nodeAnnotations");
  }
  if (const Json* taints = node.at({"spec", "taints"})) {
    status.set("nodeTaints", *taints);
  } else {
    status.erase("nodeTaints");
  }
}

}  // namespace

void write_node(Json& object, const NodeWrite& write) {
  object.set("apiVersion", "management.cattle.io/v3");
  object.set("kind", "Node");
  Json& metadata = object.make({"metadata"});
  metadata.set("name", write.object_name);
  metadata.set("namespace", write.cluster_id);
  Json& spec = object.make({"spec"});
  if (spec.find("imported") == nullptr) spec.set("imported", true);
  if (write.node) write_seen(object, *write.node);
  Json& status = object.make({"status"});
  if (write.pods) {
    status.set("requested", with_pods(write.pods->requests, write.pods->pods));
    status.set("limits", write.pods->limits.json());
  }
  if (!status.find("conditions")) {
    status.set("conditions",
               Json::array({Json::object({{"type", "Registered"}, {"status", "True"}}),
                            Json::object({{"type", "Provisioned"}, {"status", "True"}})}));
  }
}

}  // namespace engine
