#include "storage/memory/memory_store.h"

#include <algorithm>
#include <utility>

#include "storage/kv/errors.h"
#include "storage/kv/store_set.h"
#include "storage/kv/txn.h"

namespace storage {

class MemoryStore::Following final : public Follow {
 public:
  Following(MemoryStore& store, EventSink& sink) : store_(store), sink_(sink) {}
  ~Following() override { store_.unfollow(sink_); }

 private:
  MemoryStore& store_;
  EventSink& sink_;
};

MemoryStore::MemoryStore(Env& env)
    : env_(env),
      published_changed_(env.make_gate()),
      log_begin_(kFirstRevision + 1),
      current_(kFirstRevision),
      published_(kFirstRevision) {}

MemoryStore::~MemoryStore() = default;

const MemoryStore::Version* MemoryStore::newest(const std::string& key) const {
  auto it = keys_.find(key);
  if (it == keys_.end() || !it->second.back().value) return nullptr;
  return &it->second.back();
}

StoreResult<Unit> MemoryStore::verify(const Txn& txn) const {
  for (const Check& check : txn.checks) {
    const Version* version = newest(check.key);
    const Revision actual = version ? version->revision : kAbsent;
    if (actual != check.modified) return conflict(check.key, check.modified, actual);
  }
  return Unit{};
}

Revision MemoryStore::apply(Txn txn) {
  const Revision revision = current_ + 1;
  std::vector<Event> events;
  for (Write& write : txn.writes) {
    const Version* before = newest(write.key);
    if (!write.value && !before) continue;
    const Revision created = before ? before->created : revision;
    keys_[write.key].push_back({revision, created, write.value});
    events.push_back({std::move(write.key), std::move(write.value), revision, created});
  }
  if (events.empty()) return current_;
  log_.push_back(std::make_shared<const std::vector<Event>>(std::move(events)));
  return current_ = revision;
}

StoreResult<Revision> MemoryStore::commit(Txn txn) {
  env_.yield("store.commit");
  if (env_.fault("store.commit")) return unavailable("fault before the commit");
  TRY(prepare(txn));
  Revision revision = 0;
  {
    std::lock_guard lock(mutex_);
    TRY(verify(txn));
    revision = apply(std::move(txn));
  }
  env_.yield("store.commit.written");
  publish_through(revision);
  env_.yield("store.commit.published");
  if (env_.fault("store.commit.lost")) return uncertain("fault after the commit");
  return revision;
}

StoreResult<Revision> MemoryStore::readable(Revision at) const {
  if (at == kLatest) return current_;
  if (at > current_) return future_error(at, current_);
  if (at < compacted_) return compacted_error(at, compacted_);
  return at;
}

StoreResult<std::optional<Record>> MemoryStore::get(std::string_view key, Revision at) {
  env_.yield("store.get");
  if (env_.fault("store.get")) return unavailable("fault before the read");
  std::lock_guard lock(mutex_);
  const Revision bound = TRY(readable(at));
  auto it = keys_.find(key);
  if (it == keys_.end()) return std::optional<Record>();
  for (auto version = it->second.rbegin(); version != it->second.rend(); ++version) {
    if (version->revision > bound) continue;
    if (!version->value) break;
    return std::optional(Record{it->first, *version->value, version->created, version->revision});
  }
  return std::optional<Record>();
}

StoreResult<Page> MemoryStore::list(const List& list) {
  env_.yield("store.list");
  if (env_.fault("store.list")) return unavailable("fault before the read");
  std::lock_guard lock(mutex_);
  Page page;
  page.revision = TRY(readable(list.at));
  for (auto it = keys_.lower_bound(list_begin(list)); it != keys_.end(); ++it) {
    if (!it->first.starts_with(list.prefix)) break;
    auto version = std::find_if(it->second.rbegin(), it->second.rend(),
                                [&](const Version& v) { return v.revision <= page.revision; });
    if (version == it->second.rend() || !version->value) continue;
    if (list.limit_max != 0 && page.records.size() == list.limit_max) {
      page.more = true;
      if (!list.count_rest) break;
      ++page.rest;
      continue;
    }
    page.records.push_back({it->first, *version->value, version->created, version->revision});
  }
  return page;
}

StoreResult<Revision> MemoryStore::current() {
  env_.yield("store.current");
  std::lock_guard lock(mutex_);
  return current_;
}

StoreResult<Unit> MemoryStore::compact(Revision upto) {
  env_.yield("store.compact");
  if (env_.fault("store.compact")) return unavailable("fault before the compaction");
  std::lock_guard lock(mutex_);
  if (upto > current_) return future_error(upto, current_);
  if (upto <= compacted_) return Unit{};
  compacted_ = upto;
  for (auto it = keys_.begin(); it != keys_.end();) {
    Versions& versions = it->second;
    // The newest version at `upto` is still needed to read at `upto`, unless it says that the key
    // is not there.
    auto first_kept = std::find_if(versions.begin(), versions.end(),
                                   [&](const Version& v) { return v.revision > upto; });
    if (first_kept != versions.begin() && std::prev(first_kept)->value) --first_kept;
    versions.erase(versions.begin(), first_kept);
    it = versions.empty() ? keys_.erase(it) : std::next(it);
  }
  // What has not been published is kept by the publisher's own references.
  while (log_begin_ <= upto && log_begin_ <= published_) {
    log_.pop_front();
    ++log_begin_;
  }
  return Unit{};
}

StoreResult<Revision> MemoryStore::compacted() {
  std::lock_guard lock(mutex_);
  return compacted_;
}

void MemoryStore::become_publisher(std::unique_lock<std::mutex>& lock) {
  while (publishing_) {
    // Read under the mutex: an open() that follows the publisher's last change cannot be missed.
    lock.unlock();
    const uint64_t seen = published_changed_->seen();
    lock.lock();
    if (!publishing_) break;
    lock.unlock();
    published_changed_->wait(seen, env_.now() + Seconds(1));
    lock.lock();
  }
  publishing_ = true;
}

void MemoryStore::stop_publishing(std::unique_lock<std::mutex>& lock) {
  publishing_ = false;
  lock.unlock();
  published_changed_->open();
}

// Gives the sinks what they have not had yet. Only the publisher calls this.
void MemoryStore::publish_all(std::unique_lock<std::mutex>& lock) {
  if (published_ == current_) return;
  const Revision upto = current_;
  const std::vector<Events> batch(log_.begin() + (published_ + 1 - log_begin_), log_.end());
  const std::vector<EventSink*> sinks = sinks_;
  lock.unlock();
  if (!sinks.empty()) {
    std::vector<Event> flat;
    for (const Events& events : batch) flat.insert(flat.end(), events->begin(), events->end());
    for (EventSink* sink : sinks) sink->on_events(flat, upto);
  }
  lock.lock();
  published_ = upto;
}

// Whoever comes first publishes everything that is there, in order; the others wait for it. So a
// commit returns after the followers have its events, whichever thread gave them.
void MemoryStore::publish_through(Revision revision) {
  std::unique_lock lock(mutex_);
  if (published_ >= revision) return;
  become_publisher(lock);
  if (published_ < revision) publish_all(lock);
  stop_publishing(lock);
}

StoreResult<std::unique_ptr<Follow>> MemoryStore::follow(Revision after, EventSink& sink) {
  env_.yield("store.follow");
  if (env_.fault("store.follow")) return unavailable("fault before following");
  std::unique_lock lock(mutex_);
  become_publisher(lock);
  publish_all(lock);  // to those who follow already, so that all sinks are at one revision
  if (after > published_ || after < compacted_) {
    Error error =
        after > published_ ? future_error(after, published_) : compacted_error(after, compacted_);
    stop_publishing(lock);
    return error;
  }
  std::vector<Event> backlog;
  const Revision upto = published_;
  for (Revision r = std::max(after + 1, log_begin_); r <= upto; ++r) {
    const Events& events = log_[r - log_begin_];
    backlog.insert(backlog.end(), events->begin(), events->end());
  }
  lock.unlock();
  if (upto > after) sink.on_events(backlog, upto);
  lock.lock();
  sinks_.push_back(&sink);
  stop_publishing(lock);
  return std::unique_ptr<Follow>(new Following(*this, sink));
}

void MemoryStore::unfollow(EventSink& sink) {
  std::unique_lock lock(mutex_);
  become_publisher(lock);
  std::erase(sinks_, &sink);
  stop_publishing(lock);
}

void register_memory(StoreSet& set) {
  set.add({.name = "memory",
           .durable = Durability::process,
           .open = [](Env& env, const StoreOptions&) -> StoreResult<std::unique_ptr<Store>> {
             return std::unique_ptr<Store>(new MemoryStore(env));
           }});
}

}  // namespace storage
