// Every node of every cluster as a management Node, by watches over the cluster's way (two a
// cluster: nodes, and pods of which only what is added up is kept). A change is written within
// moments; changes of sums are gathered for half a second; what is equal is not written.
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "engine/cluster/node_table.h"
#include "engine/cluster/remote_watch.h"
#include "engine/controllers/cluster/tracked_clusters.h"

namespace engine {
namespace {

using storage::Millis;

constexpr Millis kGatherSums{500};
constexpr Millis kGatherTotals{3'000};
// At first nodes wait for what their pods ask for, to be written once; for so long.
constexpr Millis kPodsSoon{4'000};
constexpr std::string_view kNodesPath = "/api/v1/nodes";
constexpr std::string_view kPodsPath = "/api/v1/pods";
// Those that are on a node and hold something there.
constexpr std::string_view kPodsQuery =
    "fieldSelector=spec.nodeName%21%3D%2Cstatus.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed";

class NodesController;

// One cluster: what its watches told, and they themselves.
struct Tracked {
  Tracked(NodesController& o, std::string name) : owner(o), id(std::move(name)) {}

  class Feed final : public RemoteWatch::Listener {
   public:
    enum class Of : uint8_t { nodes, pods };
    Feed(Tracked& to, Of of) : to_(to), of_(of) {}
    void list_begins() override {
      to_.begins();
      to_.apply([&](NodeTable& t, NodeTable::Dirty&) {
        of_ == Of::nodes ? t.nodes_begin() : t.pods_begin();
      });
    }
    void listed(Json object) override { changed(Change::put, std::move(object)); }
    void list_ends() override {
      to_.apply([&](NodeTable& t, NodeTable::Dirty& dirty) {
        of_ == Of::nodes ? t.nodes_end(dirty) : t.pods_end(dirty);
      });
      to_.note("", Millis(0));
    }
    void changed(Change change, Json object) override {
      to_.apply(
          [&](NodeTable& t, NodeTable::Dirty& dirty) {
            if (of_ == Of::nodes) {
              change == Change::put ? t.put_node(object, dirty)
                                    : t.drop_node(object.str({"metadata", "name"}), dirty);
            } else {
              change == Change::put ? t.put_pod(object, dirty) : t.drop_pod(object, dirty);
            }
          },
          of_);
    }

   private:
    Tracked& to_;
    const Of of_;
  };

  template <class Change>
  void apply(const Change& change, Feed::Of of = Feed::Of::nodes) {
    NodeTable::Dirty dirty;
    {
      std::lock_guard lock(mutex);
      change(table, dirty);
    }
    if (dirty.empty()) return;
    for (const std::string& name : dirty)
      note(name, of == Feed::Of::nodes ? Millis(0) : kGatherSums);
    note("", kGatherTotals);
  }
  void begins();
  void kick() {
    nodes->kick();
    pods->kick();
  }
  void end() {
    nodes->stop();
    pods->stop();
  }
  // The node (or, without a name, the whole) is to be looked at; late at the latest.
  void note(const std::string& name, Millis late);

  NodesController& owner;
  const std::string id;
  std::mutex mutex;  // guards what follows
  NodeTable table;
  storage::Instant since{};     // the first listing began
  std::set<std::string> noted;  // will be looked at in a while
  bool swept = false;
  // Made and destroyed without the lock.
  Feed nodes_feed{*this, Feed::Of::nodes}, pods_feed{*this, Feed::Of::pods};
  std::unique_ptr<RemoteWatch> nodes, pods;
};

class NodesController final : public ClusterNodes {
 public:
  NodesController(const ClusterParts& parts, Client& unrecorded)
      : parts_(parts),
        unrecorded_(unrecorded),
        controller_(parts.env, {.name = "cluster-nodes", .workers_max = 8},
                    [this](const std::string& key) { return reconcile(key); }) {}
  ~NodesController() override { stop(); }

  Result<Unit> start() override {
    clusters_ = TRY(management_kind(parts_.client, "clusters"));
    nodes_ = TRY(management_kind(parts_.client, "nodes"));
    TRY(tracked_.start());
    return Unit{};
  }
  void stop() override {
    tracked_.stop();
    controller_.stop();
  }
  Controller::Numbers numbers() const override { return controller_.numbers(); }
  std::string_view name() const override { return controller_.name(); }

  void way_changed(const std::string& id) override { tracked_.kick(id); }
  bool at_rest() const override {
    const auto queue = controller_.numbers().queue;
    return queue.waiting + queue.running + queue.delayed == 0;
  }

  storage::Instant now() const { return parts_.env.now(); }
  void look(const std::string& key, Millis late) {
    late.count() == 0 ? controller_.add(key) : controller_.add_after(key, late);
  }

 private:
  std::shared_ptr<Tracked> track(const std::string& id) {
    auto made = std::make_shared<Tracked>(*this, id);
    const auto way = [this, id] { return parts_.ways.transport(id); };
    made->nodes = std::make_unique<RemoteWatch>(
        parts_.env, way, RemoteWatch::Source{std::string(kNodesPath), "", 200}, made->nodes_feed);
    made->pods = std::make_unique<RemoteWatch>(
        parts_.env, way, RemoteWatch::Source{std::string(kPodsPath), std::string(kPodsQuery), 500},
        made->pods_feed);
    return made;
  }

  Result<Outcome> reconcile(const std::string& key) {
    const size_t slash = key.find('/');
    const std::string id = key.substr(0, slash), name = key.substr(slash + 1);
    auto one = tracked_.find(id);
    if (!one) return Outcome::done();
    if (name.empty()) return whole(*one);
    // A node that took another name here leaves an object, and has one to write.
    for (int i = 0; i < 3; i++) {
      std::optional<NodeTable::Work> work;
      {
        std::lock_guard lock(one->mutex);
        one->noted.erase(name);
        work = one->table.work(name);
        if (work && !one->table.pods_known() && parts_.env.now() < one->since + kPodsSoon)
          return Outcome::requeue_after(kGatherSums);
      }
      if (!work) return Outcome::done();
      TRY(work->gone ? drop(id, work->object_name) : write(*one, *work));
      {
        std::lock_guard lock(one->mutex);
        one->table.written(name, *work);
      }
      if (!work->gone) break;
    }
    return Outcome::done();
  }

  Result<Unit> drop(const std::string& id, const std::string& object) {
    auto gone = parts_.client.remove(*nodes_, id, object, {});
    if (!gone && !gone.error().is("NotFound")) return std::move(gone).error();
    return Unit{};
  }

  Result<Unit> write(Tracked& one, const NodeTable::Work& work) {
    Json node;
    if (!work.node.empty()) node = TRY(parse_json(work.node));
    const NodeWrite what{one.id, work.object_name, work.node.empty() ? nullptr : &node,
                         work.pods ? &*work.pods : nullptr};
    auto found = parts_.client.get(*nodes_, one.id, work.object_name);
    if (!found) {
      if (!found.error().is("NotFound")) return std::move(found).error();
      // Of a node that was written before nothing is kept here: it is asked for again.
      if (what.node == nullptr) {
        one.nodes->list_again();
        return Unit{};
      }
      Json object;
      write_node(object, what);
      auto made = unrecorded_.create(*nodes_, one.id, std::move(object));
      // The cluster's namespace ends, or somebody was faster.
      if (made || made.error().is("Forbidden") || made.error().is("NotFound")) return Unit{};
      return std::move(made).error();
    }
    const Json there = found->json();
    Json wanted = there;
    write_node(wanted, what);
    if (wanted == there) return Unit{};
    return change_object(parts_.client, *nodes_, one.id, work.object_name,
                         [&](Json& object) { write_node(object, what); });
  }

  // The sums onto the cluster; objects of nodes that went while we were away go.
  Result<Outcome> whole(Tracked& one) {
    NodeTotals totals;
    bool sweep = false;
    {
      std::lock_guard lock(one.mutex);
      one.noted.erase("");
      totals = one.table.totals();
      sweep = totals.nodes_known && !std::exchange(one.swept, totals.nodes_known);
    }
    if (sweep) {
      auto page = TRY(parts_.client.list(*nodes_, one.id, storage::kLatest, "", 0));
      for (const Object& object : page.objects) {
        const Json node = object.json();
        const std::string name(node.str({"metadata", "name"}));
        bool stands = false;
        {
          std::lock_guard lock(one.mutex);
          stands = one.table.has_object(name);
        }
        // A machine that is being made has no node yet.
        if (!stands && node.truth({"spec", "imported"})) TRY(drop(one.id, name));
      }
    }
    TRY(change_object(parts_.client, *clusters_, "", one.id,
                      [&](Json& cluster) { write_totals(cluster, totals); }));
    return Outcome::done();
  }

  const ClusterParts parts_;
  Client& unrecorded_;
  KindPtr clusters_, nodes_;
  Controller controller_;
  TrackedClusters<Tracked> tracked_{parts_.env, parts_.client,
                                    [this](const std::string& id) { return track(id); }};
};

void Tracked::begins() {
  std::lock_guard lock(mutex);
  if (since == storage::Instant{}) since = owner.now();
}

void Tracked::note(const std::string& name, Millis late) {
  if (late.count() > 0) {
    std::lock_guard lock(mutex);
    if (!noted.insert(name).second) return;
  }
  owner.look(id + "/" + name, late);
}

}  // namespace

std::unique_ptr<ClusterNodes> make_cluster_nodes(const ClusterParts& parts, Client& unrecorded) {
  return std::make_unique<NodesController>(parts, unrecorded);
}

}  // namespace engine
