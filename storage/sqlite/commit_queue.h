// CommitQueue: where commits wait for the writer. Everything that arrives while one batch is being
// synced is the next batch; a batch is woken as one, because a wake-up for each caller would cost
// more than its write. Thread: pass() and enter() from any; take() and finish() from the
// writer only. Owns: what enter() was given.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "storage/kv/store.h"

namespace storage {

// One commit, on the stack of the thread that waits for it, or, with `done`, the queue's.
struct Pending {
  Txn txn;
  std::vector<uint32_t> sums;  // content_sum of each write
  // By the writer: when the key of each write was made, as events say it; 0 where the write changed
  // nothing.
  std::vector<Revision> created;
  size_t bytes = 0;
  StoreResult<Revision> answer = Revision{0};
  Store::Committed done;
};

// Work of another kind that only the writer may do, between batches.
struct Errand {
  std::function<void()> work;
};

class CommitQueue {
 public:
  struct Batch {
    std::vector<Pending*> commits;
    std::vector<Errand*> errands;
    uint32_t number = 0;
    bool closing = false;  // and nothing is left
  };

  // Waits until the writer has answered. False: the queue is closed, and the writer has not seen
  // it.
  bool pass(Pending& pending);
  bool pass(Errand& errand);
  // Does not wait: finish() calls `done`. Null unless the queue is closed: then it is given back.
  std::unique_ptr<Pending> enter(std::unique_ptr<Pending> pending);
  void close();

  // Waits for work; takes all of it. The vectors are reused.
  void take(Batch& batch);
  // Wakes everybody whose work was in the batch, and calls `done` of those who do not wait.
  void finish(const Batch& batch);

 private:
  // The number of the batch that the work is in; none: closed.
  template <class Work>
  std::optional<uint32_t> put(std::vector<Work*>& queue, Work& work);
  template <class Work>
  bool enter_and_wait(std::vector<Work*>& queue, Work& work);
  // A few cells, so that those who wait for the next batch are not woken with this one.
  static constexpr size_t kCells = 4;
  std::atomic<uint32_t>& cell(uint32_t batch) { return done_[batch % kCells]; }

  std::mutex mutex_;
  std::condition_variable work_there_;
  std::vector<Pending*> commits_;
  std::vector<Errand*> errands_;
  uint32_t filling_ = kCells;  // the number of the batch that arriving work will be in
  bool writer_waits_ = false;
  bool closed_ = false;
  std::array<std::atomic<uint32_t>, kCells>
      done_{};  // the last batch of each cell that is finished
};

}  // namespace storage
