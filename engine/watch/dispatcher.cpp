#include <algorithm>
#include <map>

#include "engine/base/limits.h"
#include "engine/watch/fanout.h"
#include "engine/watch/object_scan.h"
#include "engine/watch/selector.h"
#include "engine/watch/watch_cache.h"

namespace engine {
namespace {

using storage::Event;

constexpr size_t kLoadPageMax = 2000;
constexpr size_t kKeptSnapshots = 16;

std::string prefix_of(const Kind& kind) {
  std::string prefix = kind.key_prefix();
  if (!prefix.ends_with('/')) prefix += '/';
  return prefix;
}

// "/registry/GROUP/PLURAL/" of a key; empty for keys of another shape.
std::string_view prefix_of_key(std::string_view key) {
  size_t at = 0;
  for (int slashes = 0; slashes < 4; ++slashes, ++at) {
    at = key.find('/', at);
    if (at == std::string_view::npos) return {};
  }
  return key.substr(0, at);
}

Status store_status(const storage::Error& error) {
  switch (error.reason) {
    case storage::Reason::compacted:
      return Status::gone(error.message);
    case storage::Reason::no_space:
      return Status::no_space(error.message);
    case storage::Reason::unavailable:
      return Status::service_unavailable(error.message);
    default:
      return Status::internal(error.message);
  }
}

Status too_old(Revision asked, Revision oldest) {
  return Status::gone("too old resource version: " + std::to_string(asked) + " (" +
                      std::to_string(oldest) + ")");
}

}  // namespace

struct Dispatcher::Impl final : storage::EventSink {
  Impl(storage::Env& e, storage::Store& s, KindSet& k)
      : env(e), store(s), kinds(k), moved(e.make_gate()), fanout(e, applied) {}

  struct Entry {
    ChannelPtr channel;
    bool loaded = false;
    std::deque<Event> history;  // raw events before the load
    Revision floor = 0;
  };
  struct Kept {
    std::string prefix;
    Revision revision;
    std::shared_ptr<const ObjectTree::Root> root;
  };

  Result<Unit> start();
  void on_events(std::span<const Event> events, Revision upto) override;
  void remember(const Event& event);
  void drop(std::map<std::string, std::shared_ptr<Entry>, std::less<>>::iterator entry);
  Result<Unit> wait_until(Revision revision, storage::Instant deadline);

  Result<ChannelPtr> channel(const Kind& kind);
  Result<Unit> load(Entry& entry);
  std::deque<WatchEventPtr> make_history(Entry& entry, Revision upto);
  Result<std::vector<ObjectPtr>> read_all(const ResourceCache& cache, Revision& revision);
  Snapshot select(const ObjectTree::Root& root, Revision revision, const Kind& kind,
                  std::string_view ns, const Selector* selector, std::string_view after_key,
                  size_t limit_max);
  void keep(const Kind& kind, Revision revision, std::shared_ptr<const ObjectTree::Root> root);
  std::unique_ptr<Subscription> handle(ChannelPtr channel, SubscriberPtr subscriber);

  storage::Env& env;
  storage::Store& store;
  KindSet& kinds;
  std::unique_ptr<storage::Gate> moved;  // applied went up, or an entry finished loading
  std::atomic<Revision> applied = 0;
  std::atomic<size_t> waiters = 0;
  std::atomic<bool> stopping = false;
  Fanout fanout;

  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries;  // by prefix
  std::deque<Event> recent;  // of resources without an entry
  size_t recent_bytes = 0;
  Revision recent_floor = 0;
  Revision arriving = 0;  // the batch that is being, or was last, taken in goes up to it
  std::deque<Kept> kept;

  std::unique_ptr<storage::Follow> follow;
};

namespace {

class Handle final : public Dispatcher::Subscription {
 public:
  Handle(Fanout& fanout, ChannelPtr channel, SubscriberPtr subscriber)
      : fanout_(fanout), channel_(std::move(channel)), subscriber_(std::move(subscriber)) {}
  ~Handle() override { fanout_.end(channel_, subscriber_, wait_); }
  void want_bookmark() override { fanout_.want_bookmark(channel_, subscriber_); }
  void release() override { wait_ = Fanout::Wait::no; }

 private:
  Fanout& fanout_;
  ChannelPtr channel_;
  SubscriberPtr subscriber_;
  Fanout::Wait wait_ = Fanout::Wait::yes;
};

}  // namespace

Result<Unit> Dispatcher::Impl::start() {
  auto current = store.current();
  if (!current) return store_status(current.error());
  auto compacted = store.compacted();
  if (!compacted) return store_status(compacted.error());
  Revision back = std::min<Revision>(*current, limits::kWatchHistoryRevisions);
  Revision after = std::max(*compacted, *current - back);
  recent_floor = after;
  applied.store(after);
  auto following = store.follow(after, *this);
  if (!following) return store_status(following.error());
  follow = std::move(*following);
  return Unit{};
}

void Dispatcher::Impl::remember(const Event& event) {
  recent.push_back(event);
  recent_bytes += event.value ? event.value->size() : 0;
  while (recent.size() > limits::kWatchHistoryRevisions ||
         recent_bytes > limits::kWatchHistoryBytesMax) {
    recent_floor = recent.front().revision;
    recent_bytes -= recent.front().value ? recent.front().value->size() : 0;
    recent.pop_front();
  }
}

void Dispatcher::Impl::on_events(std::span<const Event> events, Revision upto) {
  storage::Instant now = env.now();
  std::vector<std::pair<std::shared_ptr<Entry>, std::vector<const Event*>>> parts;
  {
    std::lock_guard lock(mutex);
    arriving = upto;
    std::string_view last_prefix;
    size_t last = 0;
    for (const Event& event : events) {
      auto prefix = prefix_of_key(event.key);
      if (prefix != last_prefix || parts.empty()) {
        auto found = entries.find(prefix);
        if (found == entries.end()) {
          remember(event);
          continue;
        }
        for (last = 0; last < parts.size() && parts[last].first != found->second;) ++last;
        if (last == parts.size()) parts.push_back({found->second, {}});
        last_prefix = prefix;
      }
      parts[last].second.push_back(&event);
    }
  }
  std::vector<ChannelPtr> woken;
  for (auto& [entry, part] : parts)
    if (entry->channel->cache->apply(part, now)) woken.push_back(entry->channel);
  applied.store(upto);
  if (!woken.empty()) fanout.wake(woken);
  if (waiters.load() > 0) moved->open();
}

// Under the mutex. Its events come in as raw ones from here on, but those it was given are lost to
// whoever loads the resource again: nobody may resume from before them.
void Dispatcher::Impl::drop(
    std::map<std::string, std::shared_ptr<Entry>, std::less<>>::iterator entry) {
  entries.erase(entry);
  recent.clear();
  recent_bytes = 0;
  recent_floor = std::max(arriving, applied.load());
}

Result<Unit> Dispatcher::Impl::wait_until(Revision revision, storage::Instant deadline) {
  if (applied.load() >= revision) return Unit{};
  waiters.fetch_add(1);
  Result<Unit> result = Unit{};
  while (true) {
    uint64_t seen = moved->seen();
    if (applied.load() >= revision) break;
    if (stopping.load() || !moved->wait(seen, deadline)) {
      result = Status::timeout("the watch cache did not reach revision " +
                               std::to_string(revision) + " in time");
      break;
    }
  }
  waiters.fetch_sub(1);
  return result;
}

Result<ChannelPtr> Dispatcher::Impl::channel(const Kind& kind) {
  std::string prefix = prefix_of(kind);
  auto deadline = env.now() + storage::Seconds(30);
  while (true) {
    uint64_t seen = moved->seen();
    std::shared_ptr<Entry> entry;
    bool mine = false;
    {
      std::lock_guard lock(mutex);
      auto found = entries.find(prefix);
      if (found != entries.end()) {
        entry = found->second;
        if (entry->loaded) return entry->channel;
      } else {
        auto stored = kinds.snapshot()->stored(kind.group, kind.plural);
        if (!stored) return Status::not_found_path();
        entry = std::make_shared<Entry>();
        entry->channel = std::make_shared<Channel>(std::make_unique<ResourceCache>(stored, prefix));
        for (const Event& event : recent)
          if (event.key.starts_with(prefix)) entry->history.push_back(event);
        entry->floor = recent_floor;
        entries.emplace(prefix, entry);
        mine = true;
      }
    }
    if (!mine) {
      waiters.fetch_add(1);
      bool opened = moved->wait(seen, deadline);
      waiters.fetch_sub(1);
      if (!opened)
        return Status::timeout("the watch cache of " + kind.plural + " is still loading");
      continue;
    }
    auto loaded = load(*entry);
    {
      std::lock_guard lock(mutex);
      if (loaded)
        entry->loaded = true;
      else if (auto found = entries.find(prefix); found != entries.end() && found->second == entry)
        drop(found);
    }
    moved->open();
    if (!loaded) return loaded.error();
    return entry->channel;
  }
}

Result<std::vector<ObjectPtr>> Dispatcher::Impl::read_all(const ResourceCache& cache,
                                                          Revision& revision) {
  std::vector<ObjectPtr> objects;
  storage::List query;
  query.prefix = cache.prefix();
  query.limit_max = kLoadPageMax;
  query.at = storage::kLatest;
  while (true) {
    auto page = store.list(query);
    if (!page) return store_status(page.error());
    query.at = revision = page->revision;
    for (const auto& record : page->records)
      objects.push_back(cache.make_object(record.key, record.value, record.modified));
    if (!page->more || page->records.empty()) return objects;
    query.after = page->records.back().key;
  }
}

// What happened before the load, as events with both states. An older state that nobody has any
// more ends the history there.
std::deque<WatchEventPtr> Dispatcher::Impl::make_history(Entry& entry, Revision upto) {
  std::deque<WatchEventPtr> out;
  std::map<std::string, Bytes> states;
  const ResourceCache& cache = *entry.channel->cache;
  for (const Event& raw : entry.history) {
    if (raw.revision > upto) break;
    auto event = std::make_shared<WatchEvent>();
    event->revision = raw.revision;
    std::string_view ns, name;
    cache.split_key(raw.key, ns, name);
    event->ns = ns;
    event->name = name;
    auto known = states.find(raw.key);
    if (known != states.end()) {
      event->before = known->second;
    } else if (!raw.value || raw.created != raw.revision) {
      auto record = store.get(raw.key, raw.revision - 1);
      if (record && *record)
        event->before = cache.make_object(raw.key, (*record)->value, (*record)->modified)->bytes;
    }
    if (raw.value)
      event->object = cache.make_object(raw.key, *raw.value, raw.revision)->bytes;
    else if (event->before)
      event->object = with_revision(event->before, raw.revision);
    event->type = !raw.value      ? EventType::deleted
                  : event->before ? EventType::modified
                                  : EventType::added;
    states[raw.key] = raw.value ? event->object : nullptr;
    bool complete = event->object && (event->before || raw.created == raw.revision);
    if (complete) {
      out.push_back(std::move(event));
    } else {
      out.clear();
      entry.floor = raw.revision;
    }
  }
  return out;
}

Result<Unit> Dispatcher::Impl::load(Entry& entry) {
  Revision revision = 0;
  auto objects = read_all(*entry.channel->cache, revision);
  for (int again = 0; !objects && objects.error().code() == 410 && again < 3; ++again)
    objects = read_all(*entry.channel->cache, revision);  // compacted between two pages
  if (!objects) return objects.error();
  auto history = make_history(entry, revision);
  entry.history.clear();
  entry.channel->cache->fill(std::move(*objects), revision, std::move(history), entry.floor,
                             env.now());
  return Unit{};
}

Dispatcher::Snapshot Dispatcher::Impl::select(const ObjectTree::Root& root, Revision revision,
                                              const Kind& kind, std::string_view ns,
                                              const Selector* selector, std::string_view after_key,
                                              size_t limit_max) {
  Snapshot out;
  out.revision = revision;
  auto place = ns.empty() ? ObjectTree::Root::Place{} : root.lower(ns, "");
  auto end = ns.empty() ? root.end() : root.upper(ns, "\xff");
  std::string prefix = prefix_of(kind);
  if (after_key.starts_with(prefix)) {
    auto rest = after_key.substr(prefix.size());
    auto slash = rest.find('/');
    auto after = slash == std::string_view::npos
                     ? root.upper("", rest)
                     : root.upper(rest.substr(0, slash), rest.substr(slash + 1));
    if (after.chunk > place.chunk || (after.chunk == place.chunk && after.item > place.item))
      place = after;
  }
  bool has_selector = selector && !selector->empty();
  size_t expected = root.count(place, end);
  out.objects.reserve(has_selector ? 0 : limit_max == 0 ? expected : std::min(limit_max, expected));
  for (const ObjectPtr* object = root.at(place); object; ++place.item, object = root.at(place)) {
    if (!ns.empty() && (*object)->ns != ns) break;
    if (has_selector &&
        !selector->matches(ObjectView((*object)->ns, (*object)->name, *(*object)->bytes)))
      continue;
    if (limit_max != 0 && out.objects.size() == limit_max) {
      out.more = true;
      out.rest = has_selector ? 0 : root.count(place, end);
      break;
    }
    out.objects.push_back(*object);
  }
  return out;
}

void Dispatcher::Impl::keep(const Kind& kind, Revision revision,
                            std::shared_ptr<const ObjectTree::Root> root) {
  std::lock_guard lock(mutex);
  auto prefix = prefix_of(kind);
  for (const auto& one : kept)
    if (one.revision == revision && one.prefix == prefix) return;
  kept.push_back({std::move(prefix), revision, std::move(root)});
  if (kept.size() > kKeptSnapshots) kept.pop_front();
}

std::unique_ptr<Dispatcher::Subscription> Dispatcher::Impl::handle(ChannelPtr channel,
                                                                   SubscriberPtr subscriber) {
  fanout.wake({&channel, 1});
  return std::make_unique<Handle>(fanout, std::move(channel), std::move(subscriber));
}

Dispatcher::Dispatcher(storage::Env& env, storage::Store& store, KindSet& kinds)
    : impl_(std::make_unique<Impl>(env, store, kinds)) {}

Dispatcher::~Dispatcher() {
  stop();
}

Result<Unit> Dispatcher::start() {
  return impl_->start();
}

void Dispatcher::stop() {
  impl_->follow.reset();
  impl_->stopping.store(true);
  impl_->moved->open();
  impl_->fanout.stop();
}

Result<Revision> Dispatcher::fresh(storage::Instant deadline) {
  auto current = impl_->store.current();
  if (!current) return store_status(current.error());
  TRY(impl_->wait_until(*current, deadline));
  return *current;
}

Result<std::shared_ptr<const CachedObject>> Dispatcher::get(const Kind& kind, std::string_view ns,
                                                            std::string_view name) {
  auto channel = TRY(impl_->channel(kind));
  // A namespace is asked for in itself, as upstream has it, and stands in none.
  if (!kind.namespaced()) ns = {};
  return channel->cache->find(ns, name, impl_->applied.load(), nullptr);
}

std::shared_ptr<const CachedObject> Dispatcher::peek(const Kind& kind, std::string_view ns,
                                                     std::string_view name) {
  ChannelPtr channel;
  {
    std::lock_guard lock(impl_->mutex);
    auto found = impl_->entries.find(prefix_of(kind));
    if (found == impl_->entries.end() || !found->second->loaded) return nullptr;
    channel = found->second->channel;
  }
  return channel->cache->find(kind.namespaced() ? ns : "", name, impl_->applied.load(), nullptr);
}

Result<Dispatcher::Snapshot> Dispatcher::list(const Kind& kind, std::string_view ns,
                                              const Selector* selector, std::string_view after_key,
                                              size_t limit_max) {
  auto channel = TRY(impl_->channel(kind));
  if (!kind.namespaced()) ns = {};
  // A selector that names one object is a get.
  auto name = selector ? selector->exact("metadata.name") : std::nullopt;
  if (name && (!ns.empty() || !kind.namespaced()) && after_key.empty()) {
    Snapshot out;
    auto object = channel->cache->find(ns, *name, impl_->applied.load(), &out.revision);
    if (object && selector->matches(ObjectView(object->ns, object->name, *object->bytes)))
      out.objects.push_back(std::move(object));
    return out;
  }
  auto view = channel->cache->view(impl_->applied.load());
  auto out = impl_->select(*view.root, view.revision, kind, ns, selector, after_key, limit_max);
  if (out.more) impl_->keep(kind, out.revision, std::move(view.root));
  return out;
}

Result<std::optional<Dispatcher::Snapshot>> Dispatcher::list_at(const Kind& kind,
                                                                std::string_view ns,
                                                                const Selector* selector,
                                                                std::string_view after_key,
                                                                size_t limit_max, Revision at) {
  std::shared_ptr<const ObjectTree::Root> root;
  {
    std::lock_guard lock(impl_->mutex);
    auto prefix = prefix_of(kind);
    for (const auto& one : impl_->kept)
      if (one.revision == at && one.prefix == prefix) root = one.root;
  }
  if (!root) return std::optional<Snapshot>();
  return std::optional(impl_->select(*root, at, kind, ns, selector, after_key, limit_max));
}

Revision Dispatcher::applied() const {
  return impl_->applied.load();
}

Result<std::shared_ptr<const std::atomic<Revision>>> Dispatcher::changed(const Kind& kind) {
  auto channel = TRY(impl_->channel(kind));
  const auto* changed = &channel->cache->changed();
  return std::shared_ptr<const std::atomic<Revision>>(std::move(channel), changed);
}

Result<std::unique_ptr<Dispatcher::Subscription>> Dispatcher::subscribe(const Kind& kind,
                                                                        const Interest& interest,
                                                                        Revision after,
                                                                        Listener listener) {
  auto channel = TRY(impl_->channel(kind));
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->interest = interest;
  subscriber->listener = std::move(listener);
  ResourceCache& cache = *channel->cache;
  bool reaches = cache.backlog(after, subscriber->backlog, [&](Revision upto) {
    subscriber->given = upto;
    impl_->fanout.begin(channel, subscriber);
  });
  if (!reaches) return too_old(after, cache.floor());
  return impl_->handle(std::move(channel), std::move(subscriber));
}

Result<std::unique_ptr<Dispatcher::Subscription>> Dispatcher::list_and_subscribe(
    const Kind& kind, const Interest& interest, Snapshot& snapshot, Listener listener) {
  auto channel = TRY(impl_->channel(kind));
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->interest = interest;
  subscriber->listener = std::move(listener);
  auto view = channel->cache->view_and_attach(impl_->applied.load(), [&](Revision upto) {
    subscriber->given = upto;
    impl_->fanout.begin(channel, subscriber);
  });
  auto by_name = Selector::by_name(interest.name);
  snapshot = impl_->select(*view.root, view.revision, kind, interest.ns,
                           interest.name.empty() ? nullptr : &by_name, "", 0);
  return impl_->handle(std::move(channel), std::move(subscriber));
}

void Dispatcher::forget(std::string_view group, std::string_view plural) {
  std::shared_ptr<Impl::Entry> entry;
  std::string prefix =
      "/registry/" + std::string(group.empty() ? "core" : group) + "/" + std::string(plural) + "/";
  {
    std::lock_guard lock(impl_->mutex);
    auto found = impl_->entries.find(prefix);
    if (found == impl_->entries.end() || !found->second->loaded) return;
    entry = found->second;
    impl_->drop(found);
  }
  impl_->fanout.close(entry->channel);
}

Dispatcher::Numbers Dispatcher::numbers() const {
  Numbers out;
  {
    std::lock_guard lock(impl_->mutex);
    out.resources = impl_->entries.size();
  }
  out.subscriptions = impl_->fanout.subscriptions();
  out.applied = impl_->applied.load();
  out.events = impl_->fanout.events();
  return out;
}

}  // namespace engine
