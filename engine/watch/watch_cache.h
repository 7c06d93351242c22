// WatchCache: the live objects of one resource and a ring of its recent events, filled by the
// Dispatcher from the store's log; made on first use, so that kinds nobody reads cost nothing.
// Watchers are indexed by namespace and name; an event is made into bytes once for all of one
// shape. Thread: reads any; events from the dispatcher's thread. Owns: its objects (shared,
// immutable) and its watchers' registrations. Source: k8s.io/apiserver pkg/storage/cacher.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/registry/registry.h"

namespace engine {

// Parsed label and field selectors (selector.h).
class Selector;

enum class EventType : uint8_t { added, modified, deleted, bookmark };

// One change, shared by all watchers of the resource.
struct WatchEvent {
  EventType type;
  Revision revision;
  std::string ns, name;
  Bytes object;  // as served; for deleted the last state with the deletion's revision
  Bytes before;  // state before the change (null for added): selectors decide by both
};
using WatchEventPtr = std::shared_ptr<const WatchEvent>;

struct CachedObject {
  std::string ns, name;
  Bytes bytes;
  Revision revision;
};

class Dispatcher {
 public:
  Dispatcher(storage::Env&, storage::Store&, KindSet&);
  ~Dispatcher();
  Result<Unit> start();  // follows the store from its current revision
  void stop();

  // Waits (bounded by `deadline`) until everything committed before the call is visible here.
  Result<Revision> fresh(storage::Instant deadline);

  // Reads at the newest revision (after fresh()). Null when absent.
  Result<std::shared_ptr<const CachedObject>> get(const Kind&, std::string_view ns,
                                                  std::string_view name);
  // In key order, from after `after_key`; all that match, at most limit (0: all).
  struct Snapshot {
    std::vector<std::shared_ptr<const CachedObject>> objects;
    Revision revision = 0;
    bool more = false;
    uint64_t rest = 0;
  };
  Result<Snapshot> list(const Kind&, std::string_view ns, const Selector*,
                        std::string_view after_key, size_t limit_max);

  // Every event after `after`, in order, exactly once, on the dispatcher's thread (must not block):
  // by the informers of controllers, by watch streams, by /v3/subscribe. 410 Expired when the ring
  // no longer reaches back. The subscription ends when the handle is destroyed.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };
  struct Interest {
    std::string ns;    // empty: all
    std::string name;  // empty: all
  };
  using Listener = std::function<void(const WatchEventPtr&)>;
  Result<std::unique_ptr<Subscription>> subscribe(const Kind&, const Interest&, Revision after,
                                                  Listener);
  // List and subscription joined without a gap: `snapshot` is what was there when the events began.
  Result<std::unique_ptr<Subscription>> list_and_subscribe(const Kind&, const Interest&,
                                                           Snapshot& snapshot, Listener);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine
