#include "storage/sqlite/commit_queue.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

namespace storage {
namespace {

// std::atomic::wait of libstdc++ spins and yields first, and for a sync of the disk that is work
// for nothing.
void wait_while(std::atomic<uint32_t>& word, uint32_t value) {
  static_assert(sizeof(word) == sizeof(uint32_t));
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void wake_all(std::atomic<uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace

template <class Work>
std::optional<uint32_t> CommitQueue::put(std::vector<Work*>& queue, Work& work) {
  uint32_t batch;
  bool wake;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return std::nullopt;
    queue.push_back(&work);
    batch = filling_;
    wake = writer_waits_;
    writer_waits_ = false;
  }
  if (wake) work_there_.notify_one();
  return batch;
}

template <class Work>
bool CommitQueue::enter_and_wait(std::vector<Work*>& queue, Work& work) {
  auto batch = put(queue, work);
  if (!batch) return false;
  std::atomic<uint32_t>& done = cell(*batch);
  // Numbers wrap, so they are compared by their distance.
  for (uint32_t seen = done.load(std::memory_order_acquire);
       static_cast<int32_t>(seen - *batch) < 0; seen = done.load(std::memory_order_acquire)) {
    wait_while(done, seen);
  }
  return true;
}

bool CommitQueue::pass(Pending& pending) {
  return enter_and_wait(commits_, pending);
}
bool CommitQueue::pass(Errand& errand) {
  return enter_and_wait(errands_, errand);
}

std::unique_ptr<Pending> CommitQueue::enter(std::unique_ptr<Pending> pending) {
  if (!put(commits_, *pending)) return pending;
  pending.release();
  return nullptr;
}

void CommitQueue::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  work_there_.notify_one();
}

void CommitQueue::take(Batch& batch) {
  batch.commits.clear();
  batch.errands.clear();
  std::unique_lock lock(mutex_);
  while (commits_.empty() && errands_.empty() && !closed_) {
    writer_waits_ = true;
    work_there_.wait(lock);
  }
  writer_waits_ = false;
  batch.closing = closed_ && commits_.empty() && errands_.empty();
  batch.commits.swap(commits_);
  batch.errands.swap(errands_);
  batch.number = filling_++;
}

void CommitQueue::finish(const Batch& batch) {
  // Once awake, those who wait take theirs with them.
  std::vector<std::unique_ptr<Pending>> owned;
  for (Pending* pending : batch.commits)
    if (pending->done) owned.emplace_back(pending);
  std::atomic<uint32_t>& done = cell(batch.number);
  done.store(batch.number, std::memory_order_release);
  wake_all(done);
  for (const auto& pending : owned) pending->done(std::move(pending->answer));
}

}  // namespace storage
