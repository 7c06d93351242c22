// Keeps what belongs to a cluster here: its namespace, a first registration token, the kubeconfig
// that was handed over, our finalizer; and removes it all when the cluster goes. A removal asks the
// cluster to let go of our roles, bindings and agent, reachable or not ends within seconds, and
// says what stays there.
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/base/names.h"
#include "engine/cluster/agent_removal.h"
#include "engine/controllers/cluster/cluster_parts.h"
#include "engine/controllers/management/rbac_removal.h"
#include "engine/controllers/runtime/informer.h"
#include "storage/base/log.h"

namespace engine {
namespace {

using storage::Instant;
using storage::Millis;

// Of the ten seconds that a removal may take, the cluster is given eight: four for the roles and
// bindings there, the rest for the agent.
constexpr Millis kAskedFor{8'000};
constexpr Millis kRbacFor{4'000};
constexpr const char* kRbacWords = "roles and bindings of this server";
constexpr Millis kLocalAgain{60'000};

Json* finalizers_of(Json& object) {
  Json* list = object.make({"metadata"}).find("finalizers");
  return list && list->is_array() ? list : nullptr;
}

bool has_finalizer(const Json& object) {
  const Json* list = object.at({"metadata", "finalizers"});
  if (!list || !list->is_array()) return false;
  for (const Json& name : list->as_array()) {
    if (name.is_string() && name.as_string() == kClusterFinalizer) return true;
  }
  return false;
}

class LifecycleController final : public SingleController {
 public:
  explicit LifecycleController(const ClusterParts& parts)
      : SingleController(parts.env, {.name = "cluster-lifecycle", .workers_max = 4}),
        parts_(parts) {
    alive_->self = this;
  }
  ~LifecycleController() override {
    {
      std::lock_guard lock(alive_->mutex);
      alive_->self = nullptr;
    }
    controller_.stop();
  }

  Result<Unit> start() override {
    clusters_ = TRY(management_kind(parts_.client, "clusters"));
    tokens_ = TRY(management_kind(parts_.client, "clusterregistrationtokens"));
    nodes_ = TRY(management_kind(parts_.client, "nodes"));
    namespaces_ = parts_.client.kinds()->stored("", "namespaces");
    events_ = parts_.client.kinds()->stored("", "events");
    if (!namespaces_ || !events_) return Status::internal("core kinds are missing");
    informer_ = std::make_unique<Informer>(
        parts_.env, parts_.client, clusters_, Dispatcher::Interest{},
        [this](const WatchEvent& event) { controller_.add(event.name); });
    informer_->start();
    return Unit{};
  }
  void stop() override {
    informer_ = nullptr;
    SingleController::stop();
  }

 private:
  struct Alive {
    std::mutex mutex;
    LifecycleController* self;
  };
  struct Removal {
    Instant deadline{};
    std::optional<AgentRemoval> report;
  };

  Result<Outcome> reconcile(const std::string& id) override {
    const auto found = parts_.client.get(*clusters_, "", id);
    if (!found) {
      if (!found.error().is("NotFound")) return found.error();
      TRY(clear(id, "the cluster was removed"));
      return Outcome::done();
    }
    const Json cluster = found->json();
    if (is_ending(cluster)) return remove(id, cluster);
    TRY(ensure_namespace(id));
    if (id == "local") return local(cluster);
    TRY(ensure_marks(id, cluster));
    TRY(ensure_token(id));
    if (parts_.ways.link(id).way == ClusterLink::Way::none) {
      if (const auto access = TRY(parts_.import.load(id))) parts_.ways.use(id, *access);
    }
    return Outcome::done();
  }

  Result<Unit> ensure_namespace(const std::string& id) {
    if (parts_.client.get(*namespaces_, "", id)) return Unit{};
    Json meta = Json::object(
        {{"name", id},
         {"annotations", Json::object({{"management.cattle.io/system-namespace", "true"}})}});
    auto made = parts_.client.create(
        *namespaces_, "",
        Json::object({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", std::move(meta)}}));
    if (!made && !made.error().is("AlreadyExists")) return made.error();
    return Unit{};
  }

  // The finalizer, and the condition that says what a new cluster waits for.
  Result<Unit> ensure_marks(const std::string& id, const Json& cluster) {
    if (!has_finalizer(cluster)) {
      auto written = parts_.client.modify(*clusters_, "", id, [](Json& object) -> Result<bool> {
        if (is_ending(object) || has_finalizer(object)) return false;
        Json& list = object.make({"metadata", "finalizers"});
        list.push_back(kClusterFinalizer);
        return true;
      });
      if (!written && !written.error().is("NotFound")) return written.error();
    }
    if (find_condition(cluster, "Pending")) return Unit{};
    return change_object(parts_.client, *clusters_, "", id, [&](Json& object) {
      if (find_condition(object, "Pending")) return;
      const WallTime now = parts_.env.wall();
      set_condition(object, {"BackingNamespaceCreated", "True", "", ""}, now);
      set_condition(object,
                    {"Pending", "Unknown", "",
                     "Waiting for an agent to connect, or a kubeconfig, since " + to_rfc3339(now)},
                    now);
    });
  }

  Result<Unit> ensure_token(const std::string& id) {
    const auto page = TRY(parts_.client.list(*tokens_, id, storage::kLatest, "", 1));
    if (!page.objects.empty()) return Unit{};
    {
      // Withdrawn by its owner, it is not made again: only the first time.
      std::lock_guard lock(mutex_);
      if (!tokens_made_.try_emplace(id).second) return Unit{};
    }
    auto made = parts_.client.create(
        *tokens_, id,
        Json::object({{"apiVersion", "management.cattle.io/v3"},
                      {"kind", "ClusterRegistrationToken"},
                      {"metadata", Json::object({{"name", "default-token"}, {"namespace", id}})},
                      {"spec", Json::object({{"clusterName", id}})}}));
    if (!made && !made.error().is("AlreadyExists")) return made.error();
    return Unit{};
  }

  Result<Outcome> local(const Json& cluster) {
    const Json* ready = find_condition(cluster, "Ready");
    if (ready && ready->str("status") == "True") return Outcome::requeue_after(kLocalAgain);
    TRY(change_object(parts_.client, *clusters_, "", "local", [&](Json& object) {
      const WallTime now = parts_.env.wall();
      for (const std::string_view type :
           {"Pending", "Provisioned", "Waiting", "Connected", "Ready"}) {
        set_condition(object, {std::string(type), "True", "", ""}, now);
      }
    }));
    return Outcome::requeue_after(kLocalAgain);
  }

  Result<Outcome> remove(const std::string& id, const Json& cluster) {
    if (!has_finalizer(cluster)) {
      TRY(clear(id, "the cluster was removed"));
      return Outcome::done();
    }
    const Instant now = parts_.env.now();
    bool begin = false;
    std::optional<AgentRemoval> report;
    Instant deadline;
    {
      std::lock_guard lock(mutex_);
      auto [at, fresh] = removals_.try_emplace(id);
      if (fresh) at->second.deadline = now + kAskedFor;
      begin = fresh;
      deadline = at->second.deadline;
      report = at->second.report;
    }
    if (begin && begin_removal(id)) {
      return Outcome::requeue_after(kAskedFor + Millis{50});
    }
    if (!report && !begin && now < deadline) {
      return Outcome::requeue_after(std::chrono::ceil<Millis>(deadline - now));
    }
    if (!report) {
      report.emplace();
      report->left = all_that_may_stay();
      for (auto& thing : report->left) thing += " (if the agent was installed there)";
      report->left.insert(report->left.begin(), kRbacWords);
    }
    TRY(clear(id, "the cluster was removed"));
    tell(cluster, *report);
    TRY(let_go(id));
    std::lock_guard lock(mutex_);
    removals_.erase(id);
    tokens_made_.erase(id);
    return Outcome::done();
  }

  // True when the cluster is being asked; its answer brings the key back.
  bool begin_removal(const std::string& id) {
    std::shared_ptr<Transport> transport;
    if (is_connected(parts_.ways.link(id), parts_.env.wall())) {
      transport = parts_.ways.transport(id);
    }
    const std::string words = transport ? "Removing our roles, bindings and agent from the cluster"
                                        : "The cluster is not reachable: removing it here";
    auto written = change_object(parts_.client, *clusters_, "", id, [&](Json& object) {
      const WallTime now = parts_.env.wall();
      set_condition(object, {"Removed", "Unknown", "", words + ", since " + to_rfc3339(now)}, now);
    });
    if (!written) {
      storage::log::warn("a removal's condition is not written",
                         {{"cluster", id}, {"why", written.error().message()}});
    }
    if (parts_.leave) parts_.leave(id);
    if (!transport) return false;
    // The agent last: it carries the calls.
    remove_rbac(parts_.env, transport, kRbacFor, [alive = alive_, transport, id](RbacRemoval rbac) {
      remove_agent(transport, [alive, id, rbac](AgentRemoval report) {
        if (rbac.problem.empty())
          report.removed.emplace_back(kRbacWords);
        else
          report.left.push_back(kRbacWords + (" (" + rbac.problem + ")"));
        std::lock_guard lock(alive->mutex);
        if (alive->self) alive->self->reported(id, std::move(report));
      });
    });
    return true;
  }

  void reported(const std::string& id, AgentRemoval report) {
    {
      std::lock_guard lock(mutex_);
      const auto found = removals_.find(id);
      if (found == removals_.end()) return;
      found->second.report = std::move(report);
    }
    controller_.add(id);
  }

  // Everything of the cluster here, except the Cluster object.
  Result<Unit> clear(const std::string& id, const std::string& why) {
    if (id == "local") return Unit{};
    for (const KindPtr& kind : {tokens_, nodes_}) {
      for (const Json& object : TRY(list_all(parts_.client, *kind, id))) {
        auto gone = parts_.client.remove(*kind, id, object.str({"metadata", "name"}), {});
        if (!gone && !gone.error().is("NotFound")) return gone.error();
      }
    }
    parts_.ways.forget(id, why);
    TRY(parts_.import.forget(id));
    const auto ns = parts_.client.get(*namespaces_, "", id);
    if (!ns) return Unit{};
    const Json object = ns->json();
    // Only a namespace that was made for a cluster; whose it is stays whose it is.
    if (object.str({"metadata", "annotations", "management.cattle.io/system-namespace"}) !=
            "true" ||
        is_ending(object)) {
      return Unit{};
    }
    auto gone = parts_.client.remove(*namespaces_, "", id, {});
    if (!gone && !gone.error().is("NotFound")) return gone.error();
    return Unit{};
  }

  void tell(const Json& cluster, const AgentRemoval& report) {
    const std::string id(cluster.str({"metadata", "name"}));
    const std::string shown(cluster.str({"spec", "displayName"}, id));
    const bool clean = report.left.empty();
    const std::string message =
        "Cluster " + shown + " (" + id + ") was removed. In the cluster " +
        (clean ? "nothing of ours is left" : "may be left: " + in_words(report.left));
    storage::log::info("cluster removed", {{"cluster", id}, {"left", in_words(report.left)}});
    const std::string now = to_rfc3339(parts_.env.wall());
    Json about = Json::object({{"apiVersion", "management.cattle.io/v3"},
                               {"kind", "Cluster"},
                               {"name", id},
                               {"uid", cluster.str({"metadata", "uid"})}});
    Json event = Json::object(
        {{"apiVersion", "v1"},
         {"kind", "Event"},
         {"metadata", Json::object({{"name", generate_name(parts_.env, id + ".removed-")},
                                    {"namespace", "default"}})},
         {"involvedObject", std::move(about)},
         {"reason", "ClusterRemoved"},
         {"message", message},
         {"type", clean ? "Normal" : "Warning"},
         {"source", Json::object({{"component", "paddock"}})},
         {"firstTimestamp", now},
         {"lastTimestamp", now},
         {"count", 1}});
    auto made = parts_.client.create(*events_, "default", std::move(event));
    if (!made) {
      storage::log::warn("the event of a removal is not written",
                         {{"cluster", id}, {"why", made.error().message()}});
    }
  }

  Result<Unit> let_go(const std::string& id) {
    auto written = parts_.client.modify(*clusters_, "", id, [](Json& object) -> Result<bool> {
      Json* list = finalizers_of(object);
      if (!list) return false;
      const size_t before = list->size();
      std::erase_if(list->as_array(), [](const Json& name) {
        return name.is_string() && name.as_string() == kClusterFinalizer;
      });
      return list->size() != before;
    });
    if (!written && !written.error().is("NotFound")) return written.error();
    return Unit{};
  }

  const ClusterParts parts_;
  const std::shared_ptr<Alive> alive_ = std::make_shared<Alive>();
  KindPtr clusters_, tokens_, nodes_, namespaces_, events_;
  std::mutex mutex_;
  std::map<std::string, Removal> removals_;
  std::map<std::string, Unit> tokens_made_;
  std::unique_ptr<Informer> informer_;
};

}  // namespace

std::unique_ptr<ControllerModule> make_cluster_lifecycle(const ClusterParts& parts) {
  return std::make_unique<LifecycleController>(parts);
}

}  // namespace engine
