#include "engine/access/cache_feeds.h"

namespace engine {
namespace {

constexpr auto kCatchUp = storage::Seconds(10);

}  // namespace

CacheFeeds::CacheFeeds(storage::Env& env, Dispatcher& dispatcher, KindSet& kinds,
                       std::vector<Source> sources, Put put, Clear clear)
    : env_(env),
      dispatcher_(dispatcher),
      kinds_(kinds),
      sources_(std::move(sources)),
      put_(std::move(put)),
      clear_(std::move(clear)),
      moved_(env.make_gate()) {
  for (size_t at = 0; at < sources_.size(); ++at) feeds_.push_back(std::make_unique<Feed>());
}

bool CacheFeeds::start() {
  while (!started_.load()) {
    uint64_t seen = moved_->seen();
    bool mine = false;
    {
      std::lock_guard lock(start_mutex_);
      if (!starting_) mine = starting_ = true;
    }
    if (!mine) {
      if (started_.load()) return true;
      if (!moved_->wait(seen, env_.now() + kCatchUp)) return false;
      continue;
    }
    bool good = true;
    for (size_t source = 0; source < feeds_.size() && good; ++source) good = follow(source).ok();
    {
      std::lock_guard lock(start_mutex_);
      starting_ = false;
      started_.store(good);
    }
    moved_->open();
    if (!good) return false;
  }
  return true;
}

Result<Unit> CacheFeeds::follow(size_t source) {
  auto kind = kinds_.snapshot()->stored(sources_[source].group, sources_[source].plural);
  if (!kind) return Status::internal("there is no kind " + std::string(sources_[source].plural));
  Feed& feed = *feeds_[source];
  feed.subscription.reset();
  clear_(source);
  {
    std::lock_guard lock(feed.mutex);
    feed.loading = true;
    feed.waiting.clear();
  }
  feed.changed = TRY(dispatcher_.changed(*kind));
  Dispatcher::Snapshot snapshot;
  feed.subscription = TRY(dispatcher_.list_and_subscribe(
      *kind, {}, snapshot,
      [this, source](const WatchEventPtr& event) { on_event(source, event); }));
  for (const auto& object : snapshot.objects)
    put_(source, object->ns, object->name, &object->bytes);
  feed.seen.store(snapshot.revision);
  while (true) {
    std::vector<WatchEventPtr> events;
    {
      std::lock_guard lock(feed.mutex);
      feed.loading = !feed.waiting.empty();
      if (!feed.loading) return Unit{};
      events.swap(feed.waiting);
    }
    for (const auto& event : events) apply(source, *event);
  }
}

void CacheFeeds::on_event(size_t source, const WatchEventPtr& event) {
  if (event->type == EventType::bookmark) return;
  if (event->type == EventType::expired) {
    started_.store(false);  // the next question begins again from a list
    return;
  }
  Feed& feed = *feeds_[source];
  {
    std::lock_guard lock(feed.mutex);
    if (feed.loading) {
      feed.waiting.push_back(event);
      return;
    }
  }
  apply(source, *event);
}

void CacheFeeds::apply(size_t source, const WatchEvent& event) {
  bool gone = event.type == EventType::deleted;
  put_(source, event.ns, event.name, gone ? nullptr : &event.object);
  feeds_[source]->seen.store(event.revision);
  moved_->open();
}

bool CacheFeeds::current() {
  if (!started_.load() && !start()) return false;
  auto deadline = env_.now() + kCatchUp;
  for (auto& feed : feeds_) {
    while (feed->seen.load() < feed->changed->load()) {
      uint64_t seen = moved_->seen();
      if (feed->seen.load() >= feed->changed->load()) break;
      if (!moved_->wait(seen, deadline)) return false;
    }
  }
  return true;
}

}  // namespace engine
