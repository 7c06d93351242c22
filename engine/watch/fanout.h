// Fanout: gives the events of the resource caches to those who subscribed, in order, by one task at
// a time. Subscriptions are indexed by namespace and name, so an event costs its readers only.
// Thread: any; listeners are called by the task. Owns: the subscriptions.
#pragma once

#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/watch/resource_cache.h"

namespace engine {

// One subscription. The index is touched by the fan-out's task alone.
struct Subscriber {
  Dispatcher::Interest interest;
  Dispatcher::Listener listener;
  std::atomic<bool> ended = false, busy = false, bookmark_wanted = false;
  Revision given = 0;                  // events up to it have been given (task only)
  std::vector<WatchEventPtr> backlog;  // given first
  size_t slot = 0;
};
using SubscriberPtr = std::shared_ptr<Subscriber>;

// The subscribers of one resource.
class SubscriberIndex {
 public:
  void add(SubscriberPtr subscriber);
  void remove(const SubscriberPtr& subscriber);
  using List = std::vector<SubscriberPtr>;
  // The lists of those who want events of this object; nobody is in two of them.
  template <class Visit>
  void lists(std::string_view ns, std::string_view name, const Visit& visit) const;
  template <class Visit>
  void each(const Visit& visit) const;
  bool empty() const { return lists_.empty() && all_.empty(); }

 private:
  // NUL separates, so that no namespace or name can be taken for another key.
  static std::string list_key(const Dispatcher::Interest& interest) {
    return interest.ns + '\0' + interest.name;
  }
  List all_;
  std::unordered_map<std::string, List> lists_;
};

// What belongs to a resource on this side.
struct Channel {
  explicit Channel(std::unique_ptr<ResourceCache> c) : cache(std::move(c)) {}
  std::unique_ptr<ResourceCache> cache;
  // Under Fanout's mutex:
  bool queued = false;
  std::vector<SubscriberPtr> starting, ending;
  bool bookmarks_wanted = false;
  bool closed = false;
  // The task's alone:
  SubscriberIndex index;
};
using ChannelPtr = std::shared_ptr<Channel>;

class Fanout {
 public:
  Fanout(storage::Env& env, const std::atomic<Revision>& applied);
  ~Fanout();
  void stop();  // returns when no task runs; none runs after

  // Something is to be given out: schedules the task. Not to be called under a cache's lock.
  void wake(std::span<const ChannelPtr> channels);
  // To be called under the cache's lock, followed by wake() without it.
  void begin(const ChannelPtr& channel, SubscriberPtr subscriber);
  // Waits until no call to it is under way, unless told not to.
  enum class Wait : uint8_t { no, yes };
  void end(const ChannelPtr& channel, const SubscriberPtr& subscriber, Wait wait);
  void want_bookmark(const ChannelPtr& channel, const SubscriberPtr& subscriber);
  void close(const ChannelPtr& channel);

  uint64_t events() const { return events_.load(std::memory_order_relaxed); }
  size_t subscriptions() const { return subscriptions_.load(std::memory_order_relaxed); }

 private:
  void run();
  ChannelPtr next();
  bool serve(Channel& channel);  // true: there is more
  void start_all(Channel& channel, std::vector<SubscriberPtr>& starting);
  // Some events for the subscribers of one list, in order.
  struct Share {
    const SubscriberIndex::List* list;
    std::vector<WatchEventPtr> events;
    size_t bytes = 0;
  };
  static std::vector<Share> share_out(const SubscriberIndex& index, Dispatcher::Events events);
  void give_all(const Share& share);
  void give(Subscriber& subscriber, Dispatcher::Events events);
  void give_bookmarks(Channel& channel, Revision revision);
  void expire(Channel& channel);

  storage::Env& env_;
  const std::atomic<Revision>& applied_;
  std::unique_ptr<storage::Gate> idle_;
  std::atomic<uint64_t> events_ = 0;
  std::atomic<size_t> subscriptions_ = 0;

  std::mutex mutex_;
  std::vector<ChannelPtr> queue_;
  size_t queue_at_ = 0;
  bool scheduled_ = false, stopped_ = false;
};

template <class Visit>
void SubscriberIndex::lists(std::string_view ns, std::string_view name, const Visit& visit) const {
  if (!all_.empty()) visit(all_);
  if (lists_.empty()) return;
  auto list = [&](std::string_view a, std::string_view b) {
    std::string key(a);
    key += '\0';
    key += b;
    auto found = lists_.find(key);
    if (found != lists_.end()) visit(found->second);
  };
  if (!ns.empty()) list(ns, "");
  if (!ns.empty()) list(ns, name);
  list("", name);
}

template <class Visit>
void SubscriberIndex::each(const Visit& visit) const {
  for (const auto& subscriber : all_) visit(*subscriber);
  for (const auto& [key, list] : lists_)
    for (const auto& subscriber : list) visit(*subscriber);
}

}  // namespace engine
