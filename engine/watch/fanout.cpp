#include "engine/watch/fanout.h"

#include <algorithm>

namespace engine {
namespace {

// How many events of one resource are given before another has its turn.
constexpr size_t kBatchMax = 256;
// After so many batches the task makes room for other work and posts itself again.
constexpr size_t kBatchesMax = 64;
// What a listener is given at once stays small enough to be held in memory once more.
constexpr size_t kShareBytes = 64u << 10;

// The subscriber whose listener this thread is in: it may end itself without waiting for itself.
thread_local const Subscriber* t_current = nullptr;

}  // namespace

void SubscriberIndex::add(SubscriberPtr subscriber) {
  const auto& interest = subscriber->interest;
  bool everything = interest.ns.empty() && interest.name.empty();
  List& list = everything ? all_ : lists_[list_key(interest)];
  subscriber->slot = list.size();
  list.push_back(std::move(subscriber));
}

void SubscriberIndex::remove(const SubscriberPtr& subscriber) {
  const auto& interest = subscriber->interest;
  bool everything = interest.ns.empty() && interest.name.empty();
  auto found = everything ? lists_.end() : lists_.find(list_key(interest));
  if (!everything && found == lists_.end()) return;
  List& list = everything ? all_ : found->second;
  if (subscriber->slot >= list.size() || list[subscriber->slot] != subscriber) return;
  size_t slot = subscriber->slot;
  list[slot] = std::move(list.back());
  list[slot]->slot = slot;
  list.pop_back();
  if (!everything && list.empty()) lists_.erase(found);
}

Fanout::Fanout(storage::Env& env, const std::atomic<Revision>& applied)
    : env_(env), applied_(applied), idle_(env.make_gate()) {}

Fanout::~Fanout() {
  stop();
}

void Fanout::stop() {
  while (true) {
    uint64_t seen = idle_->seen();
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
      if (!scheduled_) return;
    }
    idle_->wait(seen, env_.now() + storage::Seconds(1));
  }
}

void Fanout::wake(std::span<const ChannelPtr> channels) {
  bool post = false;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    for (const auto& channel : channels) {
      if (channel->queued) continue;
      channel->queued = true;
      queue_.push_back(channel);
    }
    if (!scheduled_ && queue_at_ < queue_.size()) post = scheduled_ = true;
  }
  if (post) env_.post([this] { run(); });
}

void Fanout::begin(const ChannelPtr& channel, SubscriberPtr subscriber) {
  subscriptions_.fetch_add(1, std::memory_order_relaxed);
  std::lock_guard lock(mutex_);
  channel->starting.push_back(std::move(subscriber));
}

void Fanout::end(const ChannelPtr& channel, const SubscriberPtr& subscriber, Wait wait) {
  if (subscriber->ended.exchange(true)) return;
  subscriptions_.fetch_sub(1, std::memory_order_relaxed);
  channel->cache->detach();
  {
    std::lock_guard lock(mutex_);
    channel->ending.push_back(subscriber);
  }
  wake({&channel, 1});
  if (wait == Wait::no || t_current == subscriber.get()) return;
  while (true) {
    uint64_t seen = idle_->seen();
    if (!subscriber->busy.load()) return;
    idle_->wait(seen, env_.now() + storage::Seconds(1));
  }
}

void Fanout::want_bookmark(const ChannelPtr& channel, const SubscriberPtr& subscriber) {
  subscriber->bookmark_wanted.store(true);
  {
    std::lock_guard lock(mutex_);
    channel->bookmarks_wanted = true;
  }
  wake({&channel, 1});
}

void Fanout::close(const ChannelPtr& channel) {
  {
    std::lock_guard lock(mutex_);
    channel->closed = true;
  }
  wake({&channel, 1});
}

ChannelPtr Fanout::next() {
  std::lock_guard lock(mutex_);
  if (stopped_ || queue_at_ == queue_.size()) {
    queue_.clear();
    queue_at_ = 0;
    scheduled_ = false;
    return nullptr;
  }
  auto channel = std::move(queue_[queue_at_++]);
  channel->queued = false;
  return channel;
}

void Fanout::run() {
  for (size_t batches = 0; batches < kBatchesMax; ++batches) {
    auto channel = next();
    if (!channel) {
      idle_->open();
      return;
    }
    if (serve(*channel)) wake({&channel, 1});
  }
  env_.post([this] { run(); });
}

bool Fanout::serve(Channel& channel) {
  std::vector<SubscriberPtr> starting, ending;
  bool bookmarks = false, closed = false;
  auto batch = channel.cache->take(kBatchMax, applied_.load(), [&] {
    std::lock_guard lock(mutex_);
    starting.swap(channel.starting);
    ending.swap(channel.ending);
    bookmarks = channel.bookmarks_wanted;
    channel.bookmarks_wanted = false;
    closed = channel.closed;
  });
  for (const auto& subscriber : ending) channel.index.remove(subscriber);
  if (batch.lost) expire(channel);
  start_all(channel, starting);
  for (const auto& share : share_out(channel.index, batch.events)) give_all(share);
  if (closed) expire(channel);
  if (bookmarks && batch.caught_up != 0) give_bookmarks(channel, batch.caught_up);
  if (bookmarks && batch.caught_up == 0) {
    std::lock_guard lock(mutex_);
    channel.bookmarks_wanted = true;
  }
  return batch.caught_up == 0;
}

// Each list gets the events of its objects; a share that is full is followed by another.
std::vector<Fanout::Share> Fanout::share_out(const SubscriberIndex& index,
                                             Dispatcher::Events events) {
  std::vector<Share> out;
  for (const auto& event : events) {
    size_t bytes = event->object ? event->object->size() : 0;
    index.lists(event->ns, event->name, [&](const SubscriberIndex::List& list) {
      auto last = std::find_if(out.rbegin(), out.rend(),
                               [&](const Share& share) { return share.list == &list; });
      if (last == out.rend() || last->bytes + bytes > kShareBytes) {
        out.push_back({&list, {}});
        last = out.rbegin();
      }
      last->events.push_back(event);
      last->bytes += bytes;
    });
  }
  return out;
}

void Fanout::give_all(const Share& share) {
  Dispatcher::Events events = share.events;
  for (const auto& subscriber : *share.list) {
    auto first = std::partition_point(events.begin(), events.end(), [&](const auto& event) {
      return event->revision <= subscriber->given;
    });
    if (first != events.end()) give(*subscriber, {first, events.end()});
  }
}

void Fanout::start_all(Channel& channel, std::vector<SubscriberPtr>& starting) {
  for (auto& subscriber : starting) {
    if (subscriber->ended.load()) continue;
    for (const auto& event : std::exchange(subscriber->backlog, {})) {
      const auto& interest = subscriber->interest;
      if (!interest.ns.empty() && interest.ns != event->ns) continue;
      if (!interest.name.empty() && interest.name != event->name) continue;
      give(*subscriber, {&event, 1});
    }
    channel.index.add(std::move(subscriber));
  }
}

void Fanout::give(Subscriber& subscriber, Dispatcher::Events events) {
  subscriber.busy.store(true);
  const Subscriber* outer = std::exchange(t_current, &subscriber);
  const auto& listener = subscriber.listener;
  if (listener.many) {
    if (!subscriber.ended.load()) listener.many(events);
  } else {
    for (const auto& event : events)
      if (!subscriber.ended.load()) listener.one(event);
  }
  t_current = outer;
  events_.fetch_add(events.size(), std::memory_order_relaxed);
  subscriber.busy.store(false);
  if (subscriber.ended.load()) idle_->open();
}

void Fanout::give_bookmarks(Channel& channel, Revision revision) {
  auto event = std::make_shared<WatchEvent>();
  event->type = EventType::bookmark;
  event->revision = revision;
  WatchEventPtr shared = std::move(event);
  channel.index.each([&](Subscriber& subscriber) {
    if (subscriber.bookmark_wanted.exchange(false)) give(subscriber, {&shared, 1});
  });
}

void Fanout::expire(Channel& channel) {
  auto event = std::make_shared<WatchEvent>();
  event->type = EventType::expired;
  event->revision = applied_.load();
  WatchEventPtr shared = std::move(event);
  channel.index.each([&](Subscriber& subscriber) { give(subscriber, {&shared, 1}); });
  channel.index = {};
}

}  // namespace engine
