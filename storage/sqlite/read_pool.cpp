#include "storage/sqlite/read_pool.h"

#include <utility>

namespace storage {

StoreResult<ReadPool::Lease> ReadPool::take() {
  if (auto reader = idle_or_leave_to_make()) return Lease(*this, std::move(reader));
  auto made = Reader::open(options_);
  if (made) return Lease(*this, std::move(*made));
  // Without room for one more (no file descriptors, no memory) the others still serve, one after
  // the other.
  std::unique_lock lock(mutex_);
  --made_;
  if (made_ == 0) return std::move(made).error();
  freed_.wait(lock, [&] { return !idle_.empty(); });
  return Lease(*this, take_idle());
}

// An idle reader, or none when the caller is to make one.
std::unique_ptr<Reader> ReadPool::idle_or_leave_to_make() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return !idle_.empty() || made_ < readers_max_; });
  if (!idle_.empty()) return take_idle();
  ++made_;
  return nullptr;
}

std::unique_ptr<Reader> ReadPool::take_idle() {
  std::unique_ptr<Reader> reader = std::move(idle_.back());
  idle_.pop_back();
  return reader;
}

void ReadPool::give_back(std::unique_ptr<Reader> reader) {
  {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(reader));
  }
  freed_.notify_one();
}

}  // namespace storage
