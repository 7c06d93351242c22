#include "appliance/edge/request_pool.h"

#include <algorithm>
#include <utility>

namespace appliance {

// Of one pool thread: while it sleeps at a gate, it does not count.
class RequestPool::Hook final : public RealEnv::WaitHook {
 public:
  explicit Hook(RequestPool& pool) : pool_(pool) {}
  void before_wait() override {
    if (writing) return;
    std::lock_guard lock(pool_.mutex_);
    pool_.leave_active();
  }
  void after_wait() override {
    if (writing) return;
    std::lock_guard lock(pool_.mutex_);
    pool_.enter_active();
  }
  bool writing = false;  // it does not count anyway

 private:
  RequestPool& pool_;
};

void RequestPool::leave_active() {
  --active_;
  ++blocked_;
  wake_for_jobs();
}

void RequestPool::enter_active() {
  ++active_;
  --blocked_;
}

RequestPool::RequestPool(int threads, const HttpEngine::Handler& handler, Serve serve,
                         std::function<bool()> closing)
    : handler_(handler),
      serve_(std::move(serve)),
      closing_(std::move(closing)),
      active_max_(std::max(1, static_cast<int>(std::thread::hardware_concurrency()))) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

RequestPool::~RequestPool() {
  stop();
}

// Under the mutex. A woken thread counts as active from now on, so that a burst of jobs does not
// wake everybody.
void RequestPool::wake_for_jobs() {
  waiting_.store(jobs_.size(), std::memory_order_relaxed);
  size_t wanted = jobs_.size() - std::min(jobs_.size(), static_cast<size_t>(wakes_));
  while (wanted > 0 && idle_ > 0 && active_ < active_max_) {
    --idle_;
    ++active_;
    ++wakes_;
    --wanted;
    more_.notify_one();
  }
}

void RequestPool::push(std::vector<Job>& jobs) {
  if (jobs.empty()) return;
  std::lock_guard lock(mutex_);
  for (auto& job : jobs) jobs_.push_back(std::move(job));
  jobs.clear();
  wake_for_jobs();
}

void RequestPool::push(Job job) {
  std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  wake_for_jobs();
}

void RequestPool::unstick() {
  std::lock_guard lock(mutex_);
  if (!jobs_.empty() && taken_ == taken_seen_ && idle_ > 0) {
    --idle_;
    ++active_;
    ++wakes_;
    more_.notify_one();
  }
  taken_seen_ = taken_;
}

void RequestPool::work() {
  HttpEngine engine(handler_);
  engine.set_closing(closing_);
  Hook hook(*this);
  RealEnv::on_wait(&hook);
  std::unique_lock lock(mutex_);
  ++active_;
  for (;;) {
    if (jobs_.empty()) {
      if (stopping_) break;
      --active_;
      ++idle_;
      more_.wait(lock, [&] { return wakes_ > 0 || stopping_; });
      if (wakes_ > 0) {
        --wakes_;
      } else {
        --idle_;
        ++active_;
      }
      continue;
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    waiting_.store(jobs_.size(), std::memory_order_relaxed);
    ++taken_;
    hook.writing = job.writes();
    if (hook.writing) leave_active();
    lock.unlock();
    serve_(engine, std::move(job));
    lock.lock();
    if (std::exchange(hook.writing, false)) enter_active();
  }
  --active_;
  lock.unlock();
  RealEnv::on_wait(nullptr);
}

void RequestPool::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  more_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

size_t RequestPool::running() const {
  std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::max(0, active_ + blocked_));
}

}  // namespace appliance
