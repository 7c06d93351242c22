// ReadPool: a bounded number of readers, one for each thread that reads at the same time. They are
// made when they are first needed and the last one used is used again first, so that an idle server
// keeps few warm caches. Thread: any. Owns: the readers.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/sqlite/reader.h"

namespace storage {

class ReadPool {
 public:
  // Gives the reader back when destroyed.
  class Lease {
   public:
    Lease(ReadPool& pool, std::unique_ptr<Reader> reader)
        : pool_(&pool), reader_(std::move(reader)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (reader_) pool_->give_back(std::move(reader_));
    }
    Reader* operator->() { return reader_.get(); }
    Reader& operator*() { return *reader_; }

   private:
    ReadPool* pool_;
    std::unique_ptr<Reader> reader_;
  };

  ReadPool(DatabaseOptions options, size_t readers_max)
      : options_(std::move(options)), readers_max_(readers_max) {}

  // Waits while all readers are in use.
  StoreResult<Lease> take();

 private:
  std::unique_ptr<Reader> idle_or_leave_to_make();
  std::unique_ptr<Reader> take_idle();
  void give_back(std::unique_ptr<Reader> reader);

  const DatabaseOptions options_;
  const size_t readers_max_;
  std::mutex mutex_;
  std::condition_variable freed_;
  size_t made_ = 0;
  std::vector<std::unique_ptr<Reader>> idle_;
};

}  // namespace storage
