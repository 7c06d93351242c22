#include "engine/cluster/facts.h"

#include <utility>

#include "engine/base/base64.h"
#include "engine/base/text.h"

namespace engine {
namespace {

constexpr std::string_view kNodes = "/api/v1/nodes?limit=200";
constexpr std::string_view kComponents = "/api/v1/componentstatuses";
// Of finished pods nothing is held any more.
constexpr std::string_view kPods =
    "/api/v1/pods?limit=500&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed";
constexpr int kPagesMax = 200;

// The calls one after the other; it keeps itself alive through the call under way.
class Gathering final : public std::enable_shared_from_this<Gathering> {
 public:
  Gathering(std::shared_ptr<Transport> transport, FactsWanted wanted, FactsDone done)
      : transport_(std::move(transport)), wanted_(wanted), done_(std::move(done)) {}

  void start() {
    ask("/version", [](Gathering& self, Json json) {
      self.facts_.version = std::move(json);
      self.wanted_.nodes ? self.ask_nodes({}) : self.after_components();
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

  void ask_nodes(const std::string& from) {
    ask(std::string(kNodes) + (from.empty() ? "" : "&continue=" + percent_escaped(from)),
        [](Gathering& self, Json json) {
          if (Json* items = json.find("items"); items && items->is_array()) {
            for (Json& node : items->as_array()) self.facts_.nodes.push_back(std::move(node));
          }
          const std::string more(json.str({"metadata", "continue"}));
          if (!more.empty() && ++self.pages_ < kPagesMax) return self.ask_nodes(more);
          self.facts_.has_nodes = true;
          self.ask_components();
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
      self->after_components();
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

  void after_components() {
    pages_ = 0;
    wanted_.pods ? ask_pods({}) : finish();
  }

  void ask_pods(const std::string& from) {
    ask(std::string(kPods) + (from.empty() ? "" : "&continue=" + percent_escaped(from)),
        [](Gathering& self, Json json) {
          if (const Json* items = json.find("items"); items && items->is_array()) {
            for (const Json& pod : items->as_array()) add_pod(pod, self.facts_);
          }
          const std::string more(json.str({"metadata", "continue"}));
          if (!more.empty() && ++self.pages_ < kPagesMax) return self.ask_pods(more);
          self.facts_.has_pods = true;
          self.finish();
        });
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
  int pages_ = 0;
};

// What the containers of a list ask for, added up or the largest of each.
void add_containers(const Json* containers, std::string_view what, bool largest, Amounts& into) {
  if (!containers || !containers->is_array()) return;
  for (const Json& container : containers->as_array()) {
    Amounts one;
    one.add(container.at({"resources", what}));
    largest ? into.raise_to(one) : into.add(one);
  }
}

std::string_view provider_of(std::string_view version) {
  static constexpr std::pair<std::string_view, std::string_view> kMarks[] = {
      {"+k3s", "k3s"}, {"+rke2", "rke2"}, {"-eks-", "eks"}, {"-gke.", "gke"}, {"-aks", "aks"}};
  for (const auto& [mark, name] : kMarks) {
    if (version.find(mark) != std::string_view::npos) return name;
  }
  return "";
}

// Without what changes only because time passes, and without the long list of images.
Json quiet_status(const Json* status) {
  Json out = status ? *status : Json::object();
  out.erase("images");
  if (Json* conditions = out.find("conditions"); conditions && conditions->is_array()) {
    for (Json& condition : conditions->as_array()) condition.erase("lastHeartbeatTime");
  }
  return out;
}

}  // namespace

void gather_facts(std::shared_ptr<Transport> transport, FactsWanted wanted, FactsDone done) {
  std::make_shared<Gathering>(std::move(transport), wanted, std::move(done))->start();
}

void add_pod(const Json& pod, ClusterFacts& facts) {
  const auto sum = [&](std::string_view what) {
    Amounts all, first;
    add_containers(pod.at({"spec", "containers"}), what, false, all);
    add_containers(pod.at({"spec", "initContainers"}), what, true, first);
    all.raise_to(first);
    all.add(pod.at({"spec", "overhead"}));
    return all;
  };
  const Amounts requests = sum("requests"), limits = sum("limits");
  const auto add = [&](PodSums& sums) {
    sums.requests.add(requests);
    sums.limits.add(limits);
    sums.pods += 1;
  };
  add(facts.pods);
  if (const auto node = pod.str({"spec", "nodeName"}); !node.empty()) {
    add(facts.pods_by_node[std::string(node)]);
  }
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
  if (facts.has_nodes) {
    Amounts capacity, allocatable;
    for (const Json& node : facts.nodes) {
      capacity.add(node.at({"status", "capacity"}));
      allocatable.add(node.at({"status", "allocatable"}));
    }
    status.set("capacity", capacity.json());
    status.set("allocatable", allocatable.json());
    status.set("nodeCount", static_cast<int64_t>(facts.nodes.size()));
    if (!facts.components.is_null()) status.set("componentStatuses", facts.components);
  }
  if (facts.has_pods) {
    status.set("requested", with_pods(facts.pods.requests, facts.pods.pods));
    status.set("limits", facts.pods.limits.json());
  }
  for (const std::string_view type : {"Pending", "Provisioned", "Waiting", "Connected", "Ready"}) {
    set_condition(cluster, {std::string(type), "True", "", ""}, now);
  }
}

std::string node_object_name(std::string_view node_name) {
  // FNV-1a: only to be the same each time, and short.
  uint64_t hash = 14695981039346656037ull;
  for (const char c : node_name) {
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

void write_node(Json& object, std::string_view cluster_id, const Json& node, const PodSums* pods) {
  const std::string name(node.str({"metadata", "name"}));
  object.set("apiVersion", "management.cattle.io/v3");
  object.set("kind", "Node");
  Json& metadata = object.make({"metadata"});
  metadata.set("name", node_object_name(name));
  metadata.set("namespace", cluster_id);
  const Json* labels = node.at({"metadata", "labels"});
  const auto has_label = [&](std::string_view key) { return labels && labels->find(key); };
  const bool control = has_label("node-role.kubernetes.io/control-plane") ||
                       has_label("node-role.kubernetes.io/master");
  const bool etcd = has_label("node-role.kubernetes.io/etcd");
  Json& spec = object.make({"spec"});
  spec.set("imported", true);
  spec.set("requestedHostname", name);
  spec.set("controlPlane", control);
  spec.set("etcd", etcd);
  spec.set("worker", has_label("node-role.kubernetes.io/worker") || (!control && !etcd));
  if (const Json* inner = node.find("spec")) spec.set("internalNodeSpec", *inner);
  Json& status = object.make({"status"});
  status.set("nodeName", name);
  status.set("internalNodeStatus", quiet_status(node.find("status")));
  status.set("nodeLabels", labels ? *labels : Json::object());
  if (const Json* annotations = node.at({"metadata", "annotations"})) {
    status.set("nodeAnnotations", *annotations);
  }
  if (const Json* taints = node.at({"spec", "taints"})) {
    status.set("nodeTaints", *taints);
  } else {
    status.erase("nodeTaints");
  }
  if (pods) {
    status.set("requested", with_pods(pods->requests, pods->pods));
    status.set("limits", pods->limits.json());
  }
  if (!status.find("conditions")) {
    status.set("conditions",
               Json::array({Json::object({{"type", "Registered"}, {"status", "True"}}),
                            Json::object({{"type", "Provisioned"}, {"status", "True"}})}));
  }
}

}  // namespace engine
