// TrackedClusters: something for each cluster but this server's own, from the cluster's coming
// until its end: what a controller holds of it, and the watches that feed that. T has kick() (its
// way is there, or came or went: it may ask) and end() (no call comes from its watches any more; T
// itself stays for who has just found it). Neither is called on the dispatcher's thread. Thread:
// any. Owns: the Ts, together with who found one; the informer on Clusters.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "engine/access/admission/project_limits.h"
#include "engine/controllers/cluster/cluster_parts.h"
#include "engine/controllers/runtime/informer.h"
#include "engine/watch/object_scan.h"

namespace engine {

template <class T>
class TrackedClusters {
 public:
  using Ptr = std::shared_ptr<T>;
  using Make = std::function<Ptr(const std::string& id)>;
  TrackedClusters(storage::Env& env, Client& client, Make make)
      : env_(env), client_(client), make_(std::move(make)) {}

  Result<Unit> start() {
    informer_ = std::make_unique<Informer>(
        env_, client_, TRY(management_kind(client_, "clusters")), Dispatcher::Interest{},
        [this](const WatchEvent& event) {
          if (event.name == kLocalCluster) return;
          const bool gone = event.type == EventType::deleted ||
                            !scan(*event.object, {"metadata", "deletionTimestamp"}).empty();
          gone ? forget(event.name) : track(event.name);
        });
    informer_->start();
    return Unit{};
  }
  void stop(const std::function<void(T&)>& before_end = {}) {
    informer_ = nullptr;
    std::map<std::string, Ptr> all;
    {
      std::lock_guard lock(mutex_);
      all.swap(tracked_);
    }
    for (auto& [id, one] : all) {
      if (before_end) before_end(*one);
      one->end();
    }
  }
  Ptr find(const std::string& id) const {
    std::lock_guard lock(mutex_);
    auto found = tracked_.find(id);
    return found == tracked_.end() ? nullptr : found->second;
  }
  void kick(const std::string& id) const {
    if (auto one = find(id)) one->kick();
  }

 private:
  void track(const std::string& id) {
    if (find(id)) return;
    Ptr made = make_(id);
    {
      std::lock_guard lock(mutex_);
      if (!tracked_.try_emplace(id, made).second) return;
    }
    env_.post([made] { made->kick(); });
  }
  void forget(const std::string& id) {
    Ptr one;
    {
      std::lock_guard lock(mutex_);
      auto found = tracked_.find(id);
      if (found == tracked_.end()) return;
      one = std::move(found->second);
      tracked_.erase(found);
    }
    env_.post([one] { one->end(); });
  }

  storage::Env& env_;
  Client& client_;
  const Make make_;
  mutable std::mutex mutex_;
  std::map<std::string, Ptr> tracked_;
  std::unique_ptr<Informer> informer_;
};

}  // namespace engine
