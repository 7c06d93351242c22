// FarQuota: what namespaces of a project in another cluster take of its quota, held exact for
// requests that come here: one at a time of each project, against the sum of what the cluster
// itself says; the turn lasts until the request is answered. What comes to be beside this server
// its controller judges (controllers/cluster/cluster_namespaces.cpp). Thread: any. Owns: the
// queues. Errors: 422 MaxLimitExceeded for what does not fit, 429 when too many wait.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/norman/conversation.h"
#include "storage/base/env.h"

namespace engine {

inline constexpr size_t kQuotaWaitersMax = 1000;  // of one project

class FarQuota {
 public:
  explicit FarQuota(storage::Env& env) : queues_(std::make_shared<Queues>(env)) {}

  // `ns`: as it is to be written, its quota complete; `old`: as it is, null when it is new. Their
  // `project` has limits.
  void check(Conversation& with, const Json& project, const Json* old, const Json& ns,
             const Done& done);

 private:
  struct Queue {
    const void* holder = nullptr;
    std::deque<std::pair<const void*, std::function<void()>>> waiting;
  };
  struct Queues {
    explicit Queues(storage::Env& with) : env(with) {}
    storage::Env& env;
    std::mutex mutex;
    std::map<std::string, Queue> by_project;
  };
  enum class Turn : uint8_t { held, now, later, full };
  // later: `go` is called when it is its turn.
  Turn enter(const std::string& project, const void* who, const std::function<void()>& go);
  static void leave(const std::shared_ptr<Queues>& queues, const std::string& project);

  const std::shared_ptr<Queues> queues_;
};

}  // namespace engine
