// NamespaceWatch: the namespaces of every cluster but this server's own, listed and watched once
// for all who follow them (roles and bindings, quotas, pod security). Followers are told what there
// is and what changes, by one thread at a time for a cluster, and last of all that a cluster is
// gone. Thread: any; follow() before start(). Owns: a watch for each cluster; it keeps no
// namespaces.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/cluster/remote_watch.h"
#include "engine/controllers/cluster/tracked_clusters.h"

namespace engine {

// None of them may block, nor be destroyed before the watch has stopped.
class NamespaceFollower {
 public:
  virtual ~NamespaceFollower() = default;
  // A list: what does not come until its end is not there.
  virtual void namespaces_begin(const std::string& cluster) = 0;
  virtual void namespaces_end(const std::string& cluster) = 0;
  virtual void namespace_is(const std::string& cluster, const Json& ns) = 0;
  virtual void namespace_gone(const std::string& cluster, const Json& ns) = 0;
  // The cluster is being removed: nothing more comes of it.
  virtual void cluster_gone(const std::string& cluster) = 0;
};

class NamespaceWatch final : public WayFollower {
 public:
  NamespaceWatch(storage::Env& env, Client& client, ClusterWays& ways);
  ~NamespaceWatch() override;
  void follow(NamespaceFollower& follower) { followers_.push_back(&follower); }

  Result<Unit> start() override;
  void stop() override;
  Controller::Numbers numbers() const override { return {}; }
  std::string_view name() const override { return "namespace-watch"; }
  void way_changed(const std::string& cluster_id) override;

 private:
  struct One;
  std::shared_ptr<One> track(const std::string& id);

  storage::Env& env_;
  ClusterWays& ways_;
  std::vector<NamespaceFollower*> followers_;
  TrackedClusters<One> tracked_;
};

}  // namespace engine
