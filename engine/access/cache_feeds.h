// CacheFeeds: keeps an index of somebody's true to the watch caches of a few kinds: what is there,
// then every change in order, and, after events were lost, everything anew. Who asks the index
// calls current() first: then every change that was acknowledged before is in it. Thread: any; put
// and clear are called by one thread a kind at a time. Owns: its subscriptions; make it the last
// member of what it feeds.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "engine/watch/watch_cache.h"

namespace engine {

class CacheFeeds {
 public:
  struct Source {
    std::string_view group, plural;
  };
  // Which of the sources; bytes null: the object is gone.
  using Put = std::function<void(size_t source, std::string_view ns, std::string_view name,
                                 const Bytes* bytes)>;
  using Clear = std::function<void(size_t source)>;
  CacheFeeds(storage::Env& env, Dispatcher& dispatcher, KindSet& kinds, std::vector<Source> sources,
             Put put, Clear clear);

  // False when the caches do not come in time.
  bool current();

 private:
  struct Feed {
    std::unique_ptr<Dispatcher::Subscription> subscription;
    std::shared_ptr<const std::atomic<Revision>> changed;
    std::atomic<Revision> seen = 0;
    std::mutex mutex;      // guards what follows
    bool loading = false;  // the list is still being put in: events wait
    std::vector<WatchEventPtr> waiting;
  };
  bool start();
  Result<Unit> follow(size_t source);
  void on_event(size_t source, const WatchEventPtr& event);
  void apply(size_t source, const WatchEvent& event);

  storage::Env& env_;
  Dispatcher& dispatcher_;
  KindSet& kinds_;
  const std::vector<Source> sources_;
  const Put put_;
  const Clear clear_;
  std::unique_ptr<storage::Gate> moved_;
  std::mutex start_mutex_;  // guards starting_ only
  bool starting_ = false;
  std::atomic<bool> started_ = false;
  std::vector<std::unique_ptr<Feed>> feeds_;
};

}  // namespace engine
