#include "engine/watch/resource_cache.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/registry/object_bytes.h"
#include "engine/watch/object_scan.h"

namespace engine {

void ResourceCache::split_key(std::string_view key, std::string_view& ns,
                              std::string_view& name) const {
  key.remove_prefix(std::min(prefix_.size(), key.size()));
  auto slash = key.find('/');
  ns = slash == std::string_view::npos ? std::string_view() : key.substr(0, slash);
  name = slash == std::string_view::npos ? key : key.substr(slash + 1);
}

ObjectPtr ResourceCache::make_object(std::string_view key, std::string_view stored,
                                     Revision revision) const {
  std::string_view ns, name;
  split_key(key, ns, name);
  auto bytes =
      std::make_shared<const std::string>(serve_object(stored, kind_->api_version(), revision));
  return std::make_shared<const CachedObject>(
      CachedObject{std::string(ns), std::string(name), std::move(bytes), revision});
}

bool ResourceCache::apply(std::span<const storage::Event* const> events, storage::Instant now) {
  std::lock_guard lock(mutex_);
  for (const auto* event : events) {
    if (filled_)
      apply_one(*event, now);
    else
      waiting_.push_back(*event);
  }
  return filled_ && attached_ > 0;
}

void ResourceCache::apply_one(const storage::Event& raw, storage::Instant now) {
  std::string_view ns, name;
  split_key(raw.key, ns, name);
  auto before = tree_.find(ns, name);
  auto event = std::make_shared<WatchEvent>();
  event->revision = raw.revision;
  event->ns = ns;
  event->name = name;
  if (before) event->before = before->bytes;
  if (raw.value) {
    auto object = make_object(raw.key, *raw.value, raw.revision);
    event->type = before ? EventType::modified : EventType::added;
    event->object = object->bytes;
    tree_.put(std::move(object));
  } else if (before) {
    event->type = EventType::deleted;
    event->object = with_revision(before->bytes, raw.revision);
    tree_.erase(ns, name);
  } else {
    return;  // of an object that was never seen
  }
  revision_ = std::max(revision_, raw.revision);
  changed_.store(revision_);
  push(std::move(event), now);
}

void ResourceCache::push(WatchEventPtr event, storage::Instant now) {
  // What the tree holds anyway costs the ring nothing until the next change; counting both states
  // keeps the bound simple and on the safe side.
  size_t bytes = sizeof(WatchEvent) + event->object->size();
  if (event->before) bytes += event->before->size();
  ring_bytes_ += bytes;
  ring_.push_back({std::move(event), now, bytes});
  if (attached_ == 0) taken_ = ring_begin_ + ring_.size();
  trim(now);
}

void ResourceCache::trim(storage::Instant now) {
  while (!ring_.empty()) {
    const Slot& oldest = ring_.front();
    bool over = ring_bytes_ > limits::kWatchRingBytesMax ||
                ring_.size() > limits::kWatchRingEventsMax ||
                now - oldest.at > storage::Seconds(limits::kWatchRingSeconds);
    if (!over) return;
    // What has not been given out yet is kept a while longer: a burst must not cost the watchers.
    bool due = ring_begin_ >= taken_;
    if (due && ring_bytes_ <= 8 * limits::kWatchRingBytesMax) return;
    floor_ = oldest.event->revision;
    ring_bytes_ -= oldest.bytes;
    ring_.pop_front();
    ++ring_begin_;
  }
}

void ResourceCache::fill(std::vector<ObjectPtr> objects, Revision revision,
                         std::deque<WatchEventPtr> history, Revision floor, storage::Instant now) {
  std::lock_guard lock(mutex_);
  tree_.fill(std::move(objects));
  revision_ = revision;
  changed_.store(revision);
  floor_ = floor;
  for (auto& event : history) push(std::move(event), now);
  taken_ = ring_begin_ + ring_.size();
  filled_ = true;
  for (const auto& raw : waiting_)
    if (raw.revision > revision) apply_one(raw, now);
  waiting_ = {};
}

ResourceCache::View ResourceCache::view(Revision applied) {
  std::lock_guard lock(mutex_);
  return {tree_.snapshot(), revision_at(applied)};
}

ObjectPtr ResourceCache::find(std::string_view ns, std::string_view name, Revision applied,
                              Revision* revision) {
  std::lock_guard lock(mutex_);
  if (revision) *revision = revision_at(applied);
  return tree_.find(ns, name);
}

Revision ResourceCache::floor() {
  std::lock_guard lock(mutex_);
  return floor_;
}

bool ResourceCache::backlog(Revision after, std::vector<WatchEventPtr>& events,
                            const std::function<void(Revision)>& attach) {
  std::lock_guard lock(mutex_);
  if (after < floor_) return false;
  auto first = std::partition_point(
      ring_.begin(), ring_.end(), [&](const Slot& slot) { return slot.event->revision <= after; });
  for (; first != ring_.end(); ++first) events.push_back(first->event);
  attach_one();
  // A reader may be ahead of this cache, having seen a write of another kind.
  attach(std::max(after, revision_));
  return true;
}

ResourceCache::View ResourceCache::view_and_attach(Revision applied,
                                                   const std::function<void(Revision)>& attach) {
  std::lock_guard lock(mutex_);
  attach_one();
  attach(revision_);
  return {tree_.snapshot(), revision_at(applied)};
}

void ResourceCache::attach_one() {
  // Nobody was there to be given what is in the ring: it is backlog, not queue.
  if (attached_++ == 0) taken_ = ring_begin_ + ring_.size();
}

void ResourceCache::detach() {
  std::lock_guard lock(mutex_);
  if (--attached_ == 0) taken_ = ring_begin_ + ring_.size();
}

ResourceCache::Batch ResourceCache::take(size_t max, Revision applied,
                                         const std::function<void()>& under_lock) {
  std::lock_guard lock(mutex_);
  Batch out;
  if (taken_ < ring_begin_) {
    out.lost = true;
    taken_ = ring_begin_ + ring_.size();
  }
  uint64_t end = ring_begin_ + ring_.size();
  for (; taken_ < end && out.events.size() < max; ++taken_)
    out.events.push_back(ring_[taken_ - ring_begin_].event);
  if (taken_ == end) out.caught_up = revision_at(applied);
  under_lock();
  return out;
}

}  // namespace engine
