#include "storage/sqlite/read_pool.h"

#include <utility>

namespace storage {

StoreResult<ReadPool::Lease> ReadPool::take() {
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return !idle_.empty() || made_ < readers_max_; });
    if (!idle_.empty()) {
      std::unique_ptr<Reader> reader = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(reader));
    }
    ++made_;
  }
  auto reader = Reader::open(options_);
  if (reader) return Lease(*this, std::move(*reader));
  {
    std::lock_guard lock(mutex_);
    --made_;
  }
  freed_.notify_one();
  return std::move(reader).error();
}

void ReadPool::give_back(std::unique_ptr<Reader> reader) {
  {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(reader));
  }
  freed_.notify_one();
}

}  // namespace storage
