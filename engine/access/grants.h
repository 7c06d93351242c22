// Grants: the product's roles and bindings as a GrantModel that is up to date when it is read: for
// admission (nobody grants what they do not hold) and for questions about who may what. Thread:
// any. Owns: its model, kept true by subscriptions.
#pragma once

#include <functional>
#include <set>
#include <shared_mutex>

#include "engine/access/cache_feeds.h"
#include "engine/access/grant_model.h"

namespace engine {

class Grants {
 public:
  Grants(storage::Env& env, Dispatcher& dispatcher, KindSet& kinds);

  // Reads the model under its lock. 503 when it cannot be brought up to date.
  Result<Unit> read(const std::function<void(const GrantModel&)>& look);

  // Every rule that the user's own bindings, and those of the user's groups, give in a cluster
  // (project empty) or in a project of it, bindings of the cluster included.
  static std::vector<const PolicyRule*> held(const GrantModel& model, const User& user,
                                             std::string_view cluster, std::string_view project);
  // Of global roles.
  static std::vector<const PolicyRule*> held_globally(const GrantModel& model, const User& user);

 private:
  void put(size_t source, std::string_view ns, std::string_view name, const Bytes* bytes);

  std::shared_mutex mutex_;
  GrantModel model_;
  CacheFeeds feeds_;  // last: ends before the model does
};

}  // namespace engine
