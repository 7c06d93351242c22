// WatchCache: the live objects of one resource and a ring of its recent events, filled by the
// Dispatcher from the store's log; made on first use, so that kinds nobody reads cost nothing.
// Watchers are indexed by namespace and name; an event is made into bytes once for all of one
// shape. Thread: reads any; events from the dispatcher's thread. Owns: its objects (shared,
// immutable) and its watchers' registrations. Source: k8s.io/apiserver pkg/storage/cacher.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/registry/registry.h"

namespace engine {

// Parsed label and field selectors (selector.h).
class Selector;

// `expired`: the last one; events were lost (the reader was too slow, or the kind has ended), and
// the reader must list again.
enum class EventType : uint8_t { added, modified, deleted, bookmark, expired };

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
  // The same as far as it is known here, without waiting for anything: it may be old, or null
  // though the object is there.
  std::shared_ptr<const CachedObject> peek(const Kind&, std::string_view ns, std::string_view name);
  // In key order, from after `after_key` (a store key); all that match, at most limit (0: all).
  struct Snapshot {
    std::vector<std::shared_ptr<const CachedObject>> objects;
    Revision revision = 0;
    bool more = false;
    uint64_t rest = 0;
  };
  Result<Snapshot> list(const Kind&, std::string_view ns, const Selector*,
                        std::string_view after_key, size_t limit_max);

  // The same at an earlier revision, for the later pages of a list: none unless a page with more
  // after it was read at that revision a short time ago (the store has it then).
  Result<std::optional<Snapshot>> list_at(const Kind&, std::string_view ns, const Selector*,
                                          std::string_view after_key, size_t limit_max,
                                          Revision at);
  // What all caches have reached.
  Revision applied() const;
  // Goes up with each change of the kind's objects, before the change is acknowledged: whoever
  // keeps an index by subscription can tell whether it is up to date.
  Result<std::shared_ptr<const std::atomic<Revision>>> changed(const Kind&);

  // Every event after `after`, in order, exactly once, on the dispatcher's thread (must not block):
  // by the informers of controllers, by watch streams, by /v3/subscribe. 410 Expired when the ring
  // no longer reaches back. The subscription ends when the handle is destroyed.
  class Subscription {
   public:
    virtual ~Subscription() = default;  // no call is under way or comes after (but see release)
    // Asks for a bookmark event with a revision up to which all events have been given.
    virtual void want_bookmark() = 0;
    // From now on destroying it does not wait for a call that is under way on another thread: for
    // listeners that own what they touch.
    virtual void release() = 0;
  };
  struct Interest {
    std::string ns;    // empty: all
    std::string name;  // empty: all
  };
  // Told one event at a time, or, where it takes them, some at once: readers of the same events
  // that make something of them (a watch's bytes) then make it once.
  using Events = std::span<const WatchEventPtr>;
  struct Listener {
    Listener() = default;
    template <class Call>
    requires(!std::is_same_v<std::decay_t<Call>, Listener>) Listener(Call call) {
      if constexpr (std::is_invocable_v<Call&, const WatchEventPtr&>) {
        one = std::move(call);
      } else {
        many = std::move(call);
      }
    }
    std::function<void(const WatchEventPtr&)> one;
    std::function<void(Events)> many;
  };
  Result<std::unique_ptr<Subscription>> subscribe(const Kind&, const Interest&, Revision after,
                                                  Listener);
  // List and subscription joined without a gap: `snapshot` is what was there when the events began.
  Result<std::unique_ptr<Subscription>> list_and_subscribe(const Kind&, const Interest&,
                                                           Snapshot& snapshot, Listener);

  // The kind is gone: its readers get `expired`, its objects are forgotten.
  void forget(std::string_view group, std::string_view plural);

  struct Numbers {
    size_t resources = 0, subscriptions = 0;
    Revision applied = 0;
    uint64_t events = 0;  // since start
  };
  Numbers numbers() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine
