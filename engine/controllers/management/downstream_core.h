// The inside of DownstreamRbac, for its two files alone: what is known of each cluster, and the
// steps. Thread: every step holds the one mutex; calls out (Transport) are made without it.
// Owns: its clusters.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>

#include "engine/controllers/management/downstream_rbac.h"
#include "engine/controllers/management/rbac_content.h"

namespace engine {

struct DownstreamRbac::Core : std::enable_shared_from_this<Core> {
  // What is listed and watched in a cluster.
  enum Feed : size_t { kClusterRoles, kBindings, kClusterBindings, kFeeds };
  struct Watched {
    std::string revision;  // where the next watch begins
    bool expired = false;
  };
  // What a watch has sent and nobody has looked at yet.
  struct Pieces {
    std::mutex mutex;  // guards the next two
    std::string bytes;
    bool posted = false;
    std::string rest;  // of a line that is not whole yet; under the core's lock
  };
  struct Cluster {
    std::string id;
    uint64_t life = 0;  // a new one with every way: answers of an older one are nothing
    std::shared_ptr<Transport> transport;
    bool synced = false;
    bool again = false;  // a retry is posted
    Watched feeds[kFeeds];
    // Of its namespaces, which come by themselves, whether it has a way or not.
    std::set<std::string, std::less<>> listed_namespaces;
    bool namespaces_known = false;
    bool all_is_listed = false;                      // of what is ours there
    std::unordered_map<std::string, uint64_t> have;  // what is ours there
    std::unordered_map<std::string, uint64_t> listed;
    std::set<std::string> dirty, in_flight;
    // What the cluster made something else of than was said: not said again while it is the same.
    std::unordered_map<std::string, uint64_t> changed_there;
  };
  using Outgoing = std::vector<std::function<void()>>;  // calls to make without the lock

  Core(storage::Env& e, ClusterWays& w, Plan p) : env(e), ways(w), plan(std::move(p)) {}

  // Runs a step under the lock, then makes its calls.
  void step(const std::function<void(Outgoing&)>& what);
  void with(const std::string& id, uint64_t life,
            const std::function<void(Cluster&, Outgoing&)>& what);
  void take_inbox(Outgoing& out);

  // Listing and watching (downstream_feed.cpp).
  void begin(Cluster& cluster, Outgoing& out);
  void list(Cluster& cluster, Feed feed, std::string more, Outgoing& out);
  void listed(Cluster& cluster, Feed feed, const Result<Response>& answer, Outgoing& out);
  void take_item(Cluster& cluster, Feed feed, const Json& item);
  void all_listed(Cluster& cluster, Outgoing& out);
  void watch(Cluster& cluster, Feed feed, Outgoing& out);
  void pieces(Cluster& cluster, Feed feed, Pieces& pieces, Outgoing& out);
  void event(Cluster& cluster, Feed feed, const Json& event);
  void watch_ended(Cluster& cluster, Feed feed, const Result<Response>& answer, Outgoing& out);
  void begin_later(Cluster& cluster, Outgoing& out);

  // What the NamespaceWatch tells.
  using News = std::function<void(Core& core, Outgoing& out)>;
  void hear(News what);
  Cluster* hearing(const std::string& id);  // null: it has been left
  void namespaces_end(const std::string& id, Outgoing& out);
  struct Namespace {
    std::string name, project;
    Json labels;  // what pod security looks at; null: it is gone
    Namespace(const std::string& cluster, const Json& object, bool gone);
  };
  void put_namespace(const std::string& id, const Namespace& ns, Outgoing& out);
  void cluster_gone(const std::string& id);

  // Writing (downstream_rbac.cpp).
  void pump(Cluster& cluster, Outgoing& out);
  void mend_namespace(Cluster& cluster, const std::string& key, Outgoing& out);
  void write(Cluster& cluster, const std::string& key, Json wanted, Outgoing& out);
  void mend(Cluster& cluster, const std::string& key, Json wanted, Outgoing& out);
  void mend_from(Cluster& cluster, const std::string& key, const Json& wanted, Json there,
                 Outgoing& out);
  void replace(Cluster& cluster, const std::string& key, Outgoing& out);
  // `sent`: the digest of what was said; 0: it was a removal, or nothing.
  void settled(Cluster& cluster, const std::string& key, const Result<Response>& answer,
               Outgoing& out, uint64_t sent = 0);
  void note_changed(Cluster& cluster, const std::string& key, uint64_t sent, const Json& object);
  using Then = std::function<void(Cluster&, Result<Response>, Outgoing&)>;
  void call(Cluster& cluster, ClusterCall what, Then then, Outgoing& out);

  storage::Env& env;
  ClusterWays& ways;
  const Plan plan;

  std::mutex mutex;  // guards what follows
  bool stopped = false;
  std::map<std::string, Cluster, std::less<>> clusters;
  std::set<std::string> left;  // being removed
  uint64_t lives = 0;

  std::mutex inbox_mutex;  // guards what follows; never held with another
  std::set<std::pair<std::string, std::string>> inbox;
  std::vector<News> news;  // of namespaces, in order
  bool taking = false;
};

// Where objects of a kind are: /apis/rbac.authorization.k8s.io/v1/...
std::string rbac_target(const RbacKey& key, bool with_name);

}  // namespace engine
