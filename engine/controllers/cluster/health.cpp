// Asks every connected cluster how it is, and mirrors that: version, components and conditions onto
// the Cluster. The asking is asynchronous; a worker only starts it and writes what came back, and
// only differences. Its nodes are watched: nodes.cpp.
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "engine/cluster/facts.h"
#include "engine/cluster/manifest.h"
#include "engine/controllers/cluster/cluster_parts.h"
#include "engine/controllers/runtime/informer.h"
#include "storage/base/log.h"

namespace engine {
namespace {

using storage::Instant;
using storage::Millis;

constexpr Millis kHeartbeatEvery{5'000};  // direct: a call is the heartbeat
constexpr Millis kComponentsEvery{15'000};
constexpr Millis kRetryEvery{3'000};
constexpr Millis kFailureLasts{15'000};  // failing for so long is unavailable

class HealthController final : public ClusterHealth {
 public:
  explicit HealthController(const ClusterParts& parts)
      : parts_(parts),
        controller_(parts.env, {.name = "cluster-health", .workers_max = 4},
                    [this](const std::string& id) { return reconcile(id); }) {
    alive_->self = this;
  }
  ~HealthController() override {
    {
      std::lock_guard lock(alive_->mutex);
      alive_->self = nullptr;
    }
    controller_.stop();
  }

  Result<Unit> start() override {
    clusters_ = TRY(management_kind(parts_.client, "clusters"));
    {
      // Agents may have come before the controllers began.
      std::lock_guard lock(mutex_);
      started_ = true;
      for (const auto& [id, run] : runs_) controller_.add(id);
    }
    informer_ = std::make_unique<Informer>(parts_.env, parts_.client, clusters_,
                                           Dispatcher::Interest{}, [this](const WatchEvent& event) {
                                             if (known(event.name, event.type)) {
                                               controller_.add(event.name);
                                             }
                                           });
    informer_->start();
    return Unit{};
  }
  void stop() override {
    informer_ = nullptr;
    controller_.stop();
  }
  Controller::Numbers numbers() const override { return controller_.numbers(); }
  std::string_view name() const override { return controller_.name(); }
  void way_changed(const std::string& id) override {
    {
      std::lock_guard lock(mutex_);
      Run& run = runs_[id];
      run.components_at = run.next_at = {};
      run.prepared = false;
      if (!started_) return;
    }
    controller_.add(id);
  }

 private:
  // Answers may come when the controller is gone.
  struct Alive {
    std::mutex mutex;
    HealthController* self;
  };
  struct Run {
    bool asking = false;
    bool prepared = false;  // the owners' binding is there
    std::optional<ClusterFacts> answer;
    Instant next_at{}, components_at{};
    std::optional<Instant> failing_since, lost_at;
  };

  // Events of our own writes are no news; only what appears or goes is.
  bool known(const std::string& id, EventType type) {
    std::lock_guard lock(mutex_);
    if (type == EventType::deleted) {
      runs_.erase(id);
      return false;
    }
    return runs_.try_emplace(id).second;
  }

  Result<Outcome> reconcile(const std::string& id) {
    const auto found = parts_.client.get(*clusters_, "", id);
    if (!found) {
      if (found.error().is("NotFound")) return Outcome::done();
      return found.error();
    }
    const Json cluster = found->json();
    if (is_ending(cluster) || id == "local") return Outcome::done();
    std::optional<ClusterFacts> answer;
    {
      std::lock_guard lock(mutex_);
      answer = std::exchange(runs_[id].answer, std::nullopt);
    }
    if (answer) TRY(take(id, cluster, *answer));
    const ClusterLink link = parts_.ways.link(id);
    if (!link.open) return lost(id, cluster, link);
    return ask(id, link);
  }

  // Agents that come back soon, all of them after a restart, cause no writes.
  Result<Outcome> lost(const std::string& id, const Json& cluster, const ClusterLink& link) {
    const Instant now = parts_.env.now();
    Instant due;
    {
      std::lock_guard lock(mutex_);
      Run& run = runs_[id];
      if (!run.lost_at) run.lost_at = now;
      due = *run.lost_at + parts_.lost_after;
    }
    if (now < due) return Outcome::requeue_after(std::chrono::ceil<Millis>(due - now));
    TRY(write_lost(id, cluster, link));
    return Outcome::done();  // way_changed() brings it back
  }

  Result<Outcome> ask(const std::string& id, const ClusterLink& link) {
    const Instant now = parts_.env.now();
    FactsWanted wanted = FactsWanted::version;
    {
      std::lock_guard lock(mutex_);
      Run& run = runs_[id];
      run.lost_at.reset();
      if (run.asking) return Outcome::done();
      if (now < run.next_at) {
        return Outcome::requeue_after(std::chrono::ceil<Millis>(run.next_at - now));
      }
      run.asking = true;
      if (now >= run.components_at) wanted = FactsWanted::components;
      run.next_at =
          now + (link.way == ClusterLink::Way::direct ? kHeartbeatEvery : kComponentsEvery);
    }
    auto transport = parts_.ways.transport(id);
    if (!transport) {
      ClusterFacts none;
      none.problem = "there is no way to the cluster now";
      answered(id, std::move(none));
      return Outcome::done();
    }
    prepare(id, transport);
    gather_facts(std::move(transport), wanted, [alive = alive_, id](ClusterFacts facts) {
      std::lock_guard lock(alive->mutex);
      if (alive->self) alive->self->answered(id, std::move(facts));
    });
    return Outcome::done();
  }

  void answered(const std::string& id, ClusterFacts facts) {
    parts_.ways.answered(id, facts.problem);
    {
      std::lock_guard lock(mutex_);
      const auto run = runs_.find(id);
      if (run == runs_.end()) return;
      run->second.asking = false;
      run->second.answer = std::move(facts);
    }
    controller_.add(id);
  }

  // Owners here are administrators there by one binding, made once for each way.
  void prepare(const std::string& id, const std::shared_ptr<Transport>& transport) {
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(runs_[id].prepared, true)) return;
    }
    ClusterCall call;
    call.method = "POST";
    call.target = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    call.headers.add("Content-Type", "application/json");
    call.body = dump(owners_binding());
    transport->call(std::move(call), [alive = alive_, id](Result<Response> answer) {
      if (answer && (answer->status < 300 || answer->status == 409)) return;
      storage::log::warn(
          "owners of a cluster could not be made its administrators",
          {{"cluster", id},
           {"why", answer ? status_of(*answer).message() : answer.error().message()}});
      std::lock_guard lock(alive->mutex);
      if (alive->self) alive->self->prepare_again(id);
    });
  }
  void prepare_again(const std::string& id) {
    std::lock_guard lock(mutex_);
    if (const auto run = runs_.find(id); run != runs_.end()) run->second.prepared = false;
  }

  Result<Unit> take(const std::string& id, const Json& cluster, const ClusterFacts& facts) {
    const Instant now = parts_.env.now();
    bool lasting = false;
    {
      std::lock_guard lock(mutex_);
      Run& run = runs_[id];
      if (facts.problem.empty()) {
        run.failing_since.reset();
        if (!facts.components.is_null()) run.components_at = now + kComponentsEvery - Millis{500};
      } else {
        if (!run.failing_since) run.failing_since = now;
        lasting = now - *run.failing_since >= kFailureLasts;
        run.next_at = now + kRetryEvery;
      }
    }
    if (!facts.problem.empty()) return write_problem(id, cluster, facts.problem, lasting);
    TRY(change_object(parts_.client, *clusters_, "", id, [&](Json& object) {
      write_facts(object, facts, parts_.ways.address(id), parts_.env.wall());
    }));
    return Unit{};
  }

  Result<Unit> write_problem(const std::string& id, const Json& cluster, const std::string& why,
                             bool lasting) {
    const Json* waiting = find_condition(cluster, "Waiting");
    const bool was_ready = waiting && waiting->str("status") == "True";
    if (was_ready && !lasting) return Unit{};
    return change_object(parts_.client, *clusters_, "", id, [&](Json& object) {
      const WallTime now = parts_.env.wall();
      set_condition(object, {"Pending", "True", "", ""}, now);
      if (was_ready) {
        set_condition(object, {"Ready", "False", "ApiNotAnswering", why}, now);
      } else {
        set_condition(object, {"Waiting", "Unknown", "", "Waiting for the API: " + why}, now);
      }
    });
  }

  Result<Unit> write_lost(const std::string& id, const Json& cluster, const ClusterLink& link) {
    const Json* pending = find_condition(cluster, "Pending");
    if (!pending || pending->str("status") != "True") return Unit{};
    return change_object(parts_.client, *clusters_, "", id,
                         [&](Json& object) { show_connection(object, link, parts_.env.wall()); });
  }

  const ClusterParts parts_;
  const std::shared_ptr<Alive> alive_ = std::make_shared<Alive>();
  KindPtr clusters_;
  std::mutex mutex_;
  bool started_ = false;
  std::map<std::string, Run> runs_;
  Controller controller_;
  std::unique_ptr<Informer> informer_;
};

}  // namespace

std::unique_ptr<ClusterHealth> make_cluster_health(const ClusterParts& parts) {
  return std::make_unique<HealthController>(parts);
}

}  // namespace engine
