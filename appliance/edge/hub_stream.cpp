#include "appliance/edge/hub_stream.h"

#include "appliance/edge/hub_shard.h"

namespace appliance {

// Puts the stream in the shard's list once; the lock is given up before the shard's own is taken.
void HubStream::mark_locked(std::unique_lock<std::mutex>& lock) {
  bool first = !dirty_;
  dirty_ = true;
  lock.unlock();
  if (first) shard_.mark(shared_from_this());
}

bool HubStream::send(Frame bytes) {
  std::unique_lock lock(mutex_);
  if (ended_) return false;
  if (!bytes || bytes->empty()) return true;
  size_t size = bytes->size();
  size_t queued = queued_.fetch_add(size, std::memory_order_relaxed) + size;
  shard_.counters().queued.fetch_add(static_cast<int64_t>(size), std::memory_order_relaxed);
  queue_.push_back(std::move(bytes));
  // One frame larger than the whole limit still goes to a reader that has taken everything before
  // it.
  if (queued > options_.queue_bytes_max && queued > size) {
    ended_ = true;
    end_ = End::slow;
    mark_locked(lock);
    return false;
  }
  if (queued > options_.queue_bytes_max / 2) above_ = true;
  mark_locked(lock);
  return true;
}

void HubStream::end(End how) {
  std::unique_lock lock(mutex_);
  if (closed_ || (ended_ && how != End::abort)) return;
  ended_ = true;
  if (end_ != End::abort && end_ != End::slow) end_ = how;
  mark_locked(lock);
}

void HubStream::say_farewell(const Frame& last) {
  std::unique_lock lock(mutex_);
  if (ended_) return;
  ended_ = true;
  end_ = End::finish;
  if (last && !last->empty()) {
    queued_.fetch_add(last->size(), std::memory_order_relaxed);
    shard_.counters().queued.fetch_add(static_cast<int64_t>(last->size()),
                                       std::memory_order_relaxed);
    queue_.push_back(last);
  }
  mark_locked(lock);
}

void HubStream::pause_reading() {
  paused_.store(true, std::memory_order_relaxed);
}

void HubStream::resume_reading() {
  if (!paused_.exchange(false)) return;
  std::unique_lock lock(mutex_);
  if (!closed_) mark_locked(lock);
}

}  // namespace appliance
