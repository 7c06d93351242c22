#include "appliance/edge/request_pool.h"

#include <algorithm>
#include <utility>

namespace appliance {

void RequestPool::Wakes::notify() {
  for (size_t i = 0; i < size; ++i) who[i]->up.notify_one();
}

// Of one pool thread: while it sleeps in a request, it does not count.
class RequestPool::Hook final : public RealEnv::WaitHook {
 public:
  explicit Hook(RequestPool& pool) : pool_(pool) {}
  void before_wait() override {
    Wakes wakes;
    {
      std::lock_guard lock(pool_.mutex_);
      pool_.leave_active(wakes);
    }
    wakes.notify();
  }
  void after_wait() override {
    std::lock_guard lock(pool_.mutex_);
    pool_.enter_active();
  }

 private:
  RequestPool& pool_;
};

void RequestPool::leave_active(Wakes& wakes) {
  --active_;
  ++blocked_;
  wake_for_jobs(wakes);
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
  for (int i = 0; i < threads; ++i) sleepers_.push_back(std::make_unique<Sleeper>());
  for (auto& own : sleepers_) threads_.emplace_back([this, &own] { work(*own); });
}

RequestPool::~RequestPool() {
  stop();
}

// Under the mutex. A woken thread counts as active from now on, so that a burst of jobs does not
// wake everybody.
void RequestPool::wake_one(Wakes& wakes) {
  Sleeper* sleeper = idle_.back();
  idle_.pop_back();
  sleeper->woken = true;
  ++active_;
  ++wakes_;
  wakes.who[wakes.size++] = sleeper;
}

void RequestPool::wake_for_jobs(Wakes& wakes) {
  waiting_.store(jobs_.size(), std::memory_order_relaxed);
  size_t wanted = jobs_.size() - std::min(jobs_.size(), static_cast<size_t>(wakes_));
  for (; wanted > 0 && !idle_.empty() && active_ < active_max_; --wanted) {
    if (wakes.size == wakes.who.size()) return;  // the woken ones wake more
    wake_one(wakes);
  }
}

void RequestPool::push(std::vector<Job>& jobs) {
  if (jobs.empty()) return;
  Wakes wakes;
  {
    std::lock_guard lock(mutex_);
    for (auto& job : jobs) jobs_.push_back(std::move(job));
    wake_for_jobs(wakes);
  }
  jobs.clear();
  wakes.notify();
}

void RequestPool::push(Job job) {
  Wakes wakes;
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    wake_for_jobs(wakes);
  }
  wakes.notify();
}

void RequestPool::unstick() {
  Wakes wakes;
  {
    std::lock_guard lock(mutex_);
    if (!jobs_.empty() && taken_ == taken_seen_ && !idle_.empty()) wake_one(wakes);
    taken_seen_ = taken_;
  }
  wakes.notify();
}

// Under the mutex, which is free while it sleeps.
void RequestPool::sleep(Sleeper& own, std::unique_lock<std::mutex>& lock) {
  --active_;
  idle_.push_back(&own);
  own.up.wait(lock, [&] { return own.woken || stopping_; });
  if (std::exchange(own.woken, false)) {
    --wakes_;
    return;
  }
  std::erase(idle_, &own);
  ++active_;
}

void RequestPool::work(Sleeper& own) {
  HttpEngine engine(handler_);
  engine.set_closing(closing_);
  Hook hook(*this);
  RealEnv::on_wait(&hook);
  std::unique_lock lock(mutex_);
  ++active_;
  for (;;) {
    if (jobs_.empty()) {
      if (stopping_) break;
      sleep(own, lock);
      continue;
    }
    Wakes wakes;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    ++taken_;
    wake_for_jobs(wakes);
    lock.unlock();
    wakes.notify();
    serve_(engine, std::move(job));
    lock.lock();
  }
  --active_;
  lock.unlock();
  RealEnv::on_wait(nullptr);
}

void RequestPool::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Sleeper* sleeper : idle_) sleeper->up.notify_one();
  }
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

size_t RequestPool::running() const {
  std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::max(0, active_ + blocked_));
}

}  // namespace appliance
