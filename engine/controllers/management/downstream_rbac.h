// DownstreamRbac: makes what the plan says true in clusters beside this server, over their
// Transports. When a way to a cluster comes, everything that is ours there is listed and compared;
// from then on watches tell what changes there, and the plan tells what changes here; a few writes
// at a time are under way in each. Which namespaces are in which projects is heard from the shared
// NamespaceWatch; nothing is written before they are known. A cluster that cannot be asked is asked
// again within five seconds, for as long as there is a way to it.
// Thread: any; nothing waits. Owns: what it knows of each cluster (a number for each object).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/cluster/ways.h"
#include "engine/controllers/cluster/namespace_watch.h"
#include "storage/base/env.h"

namespace engine {

class DownstreamRbac final : public NamespaceFollower {
 public:
  // The plan, asked under its owner's lock. None of them may call back.
  struct Plan {
    std::function<Json(const std::string& cluster, const std::string& key)> wanted;
    std::function<std::vector<std::string>(const std::string& cluster)> keys;
    std::function<std::vector<std::string>(const std::string& cluster)> namespaces;
    std::function<void(const std::string& cluster, const std::string& ns,
                       const std::string& project)>
        put_namespace;
    // The merge patch that a namespace needs (pod security); null: none.
    std::function<Json(const std::string& cluster, const Json& ns)> namespace_patch;
  };
  DownstreamRbac(storage::Env& env, ClusterWays& ways, Plan plan);
  ~DownstreamRbac() override;  // no call to the plan is under way or comes after
  DownstreamRbac(const DownstreamRbac&) = delete;
  DownstreamRbac& operator=(const DownstreamRbac&) = delete;

  // An RBAC object (rbac_key), or a namespace (namespace_key).
  void concern(const std::string& cluster, std::string key);
  static std::string namespace_key(const std::string& ns) { return "N/" + ns; }
  void way_changed(const std::string& cluster);
  // It is being removed: nothing is written there any more, not even when it comes again.
  void leave(const std::string& cluster);
  void gone(const std::string& cluster);  // and forgotten
  void namespaces_begin(const std::string& cluster) override;
  void namespaces_end(const std::string& cluster) override;
  void namespace_is(const std::string& cluster, const Json& ns) override;
  void namespace_gone(const std::string& cluster, const Json& ns) override;
  void cluster_gone(const std::string& cluster) override;
  void stop();
  bool at_rest() const;

  struct Core;

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace engine
