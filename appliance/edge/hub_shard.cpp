#include "appliance/edge/hub_shard.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "appliance/edge/guarded.h"

namespace appliance {

using storage::Instant;
using storage::Millis;
using storage::Task;

namespace {

constexpr int kEventsAtOnce = 512;
constexpr size_t kScratchBytes = 64u << 10;
constexpr auto kCheckEvery = Millis(100);

}  // namespace

HubShard::HubShard(storage::Env& env)
    : env_(env), next_check_(env.now()), scratch_(kScratchBytes), now_(env.now()) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  thread_ = std::thread([this] { run(); });
}

HubShard::~HubShard() {
  begin_stop(Instant::min());
  join();
  ::close(epoll_);
  ::close(wake_);
}

void HubShard::wake() {
  if (woken_.exchange(true)) return;
  uint64_t one = 1;
  [[maybe_unused]] ssize_t put = ::write(wake_, &one, sizeof one);
}

void HubShard::mark(std::shared_ptr<HubStream> stream) {
  {
    std::lock_guard lock(mutex_);
    dirty_.push_back(std::move(stream));
  }
  wake();
}

void HubShard::post(Task task) {
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  wake();
}

void HubShard::after(TimerId id, Millis delay, Task task) {
  {
    std::lock_guard lock(mutex_);
    Instant at = env_.now() + delay;
    timers_.emplace(std::pair(at, id), std::move(task));
    timer_times_.emplace(id, at);
  }
  wake();
}

bool HubShard::cancel(TimerId id) {
  Task dropped;  // destroyed outside the lock: it may own what calls back here
  std::lock_guard lock(mutex_);
  auto found = timer_times_.find(id);
  if (found == timer_times_.end()) return false;
  auto timer = timers_.find({found->second, id});
  dropped = std::move(timer->second);
  timers_.erase(timer);
  timer_times_.erase(found);
  return true;
}

void HubShard::begin_stop(Instant deadline) {
  {
    std::lock_guard lock(mutex_);
    if (!stop_at_ || deadline < *stop_at_) stop_at_ = deadline;
  }
  stopping_.store(true);
  woken_.store(false);
  wake();
}

void HubShard::join() {
  if (thread_.joinable()) thread_.join();
}

int HubShard::wait_ms(Instant now) {
  if (!go_on_.empty()) return 0;
  Instant next = Instant::max();
  {
    std::lock_guard lock(mutex_);
    if (!dirty_.empty() || !posted_.empty()) return 0;
    if (!timers_.empty()) next = timers_.begin()->first.first;
    if (stop_at_) next = std::min(next, now + Millis(20));
  }
  if (with_deadline_ > 0) next = std::min(next, next_check_);
  if (next == Instant::max()) return -1;
  if (next <= now) return 0;
  auto ms = std::chrono::duration_cast<Millis>(next - now).count() + 1;
  return static_cast<int>(std::min<int64_t>(ms, 60'000));
}

void HubShard::run() {
  std::array<epoll_event, kEventsAtOnce> events;
  for (;;) {
    int count = epoll_wait(epoll_, events.data(), kEventsAtOnce, wait_ms(env_.now()));
    now_ = env_.now();
    std::vector<Stream> going;
    going.swap(go_on_);
    // A stream that ends in this turn stays alive until its end, for a later event may still name
    // it.
    std::vector<Stream> alive;
    for (int i = 0; i < count; ++i) {
      auto* stream = static_cast<HubStream*>(events[static_cast<size_t>(i)].data.ptr);
      if (stream) {
        alive.push_back(stream->shared_from_this());
      } else {
        uint64_t value;
        [[maybe_unused]] ssize_t got = ::read(wake_, &value, sizeof value);
      }
    }
    woken_.store(false);
    for (int i = 0; i < count; ++i) {
      auto* stream = static_cast<HubStream*>(events[static_cast<size_t>(i)].data.ptr);
      if (stream) on_event(*stream, events[static_cast<size_t>(i)].events);
    }
    for (auto& stream : going) {
      stream->listed_ = false;
      advance(*stream);
    }
    run_posted();
    run_timers();
    if (with_deadline_ > 0 && now_ >= next_check_) check_deadlines();
    if (!stopping_.load()) continue;
    if (!farewells_said_) farewell_all();
    std::unique_lock lock(mutex_);
    if (!streams_.empty() && now_ < *stop_at_) continue;
    lock.unlock();
    while (!streams_.empty()) close(*Stream(streams_.back()));
    return;
  }
}

void HubShard::run_posted() {
  std::vector<Stream> dirty;
  std::vector<Task> posted;
  {
    std::lock_guard lock(mutex_);
    dirty.swap(dirty_);
    posted.swap(posted_);
  }
  for (auto& task : posted) guarded(task);
  for (auto& stream : dirty) {
    {
      std::lock_guard lock(stream->mutex_);
      stream->dirty_ = false;
    }
    advance(*stream);
  }
}

void HubShard::run_timers() {
  for (;;) {
    Task task;
    {
      std::lock_guard lock(mutex_);
      if (timers_.empty() || timers_.begin()->first.first > now_) return;
      auto node = timers_.extract(timers_.begin());
      timer_times_.erase(node.key().second);
      task = std::move(node.mapped());
    }
    guarded(task);
  }
}

void HubShard::add(const Stream& stream) {
  stream->index_ = streams_.size();
  streams_.push_back(stream);
  counters_.streams.fetch_add(1, std::memory_order_relaxed);
}

void HubShard::adopt(Adopted connection) {
  auto stream = std::make_shared<HubStream>(*this);
  stream->link_ = std::move(connection.link);
  stream->handler_ = std::move(connection.handler);
  stream->options_ = std::move(connection.options);
  stream->give_back_ = std::move(connection.give_back);
  stream->kept_ = std::move(connection.input);
  Frame head = connection.head.empty()
                   ? nullptr
                   : std::make_shared<const std::string>(std::move(connection.head));
  counters_.adopted.fetch_add(1, std::memory_order_relaxed);
  post([this, stream, head] {
    add(stream);
    open(*stream, head);
  });
}

void HubShard::open(HubStream& stream, const Frame& head) {
  if (head) stream.send(head);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &stream;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, stream.link_.fd(), &event);
  stream.more_ = true;
  guarded([&] { stream.handler_->on_open(stream.shared_from_this()); });
  if (stream.options_.client_bytes == engine::ClientBytes::deliver && !stream.kept_.empty()) {
    std::string bytes = std::move(stream.kept_);
    stream.kept_ = {};
    guarded([&] { stream.handler_->on_bytes(bytes); });
  }
  if (stopping_.load()) farewells_said_ = false;  // it came late, and is told too
  advance(stream);
}

void HubShard::close(HubStream& stream) {
  if (stream.phase_ == HubStream::Phase::closed) return;
  Stream keep = stream.shared_from_this();
  stream.phase_ = HubStream::Phase::closed;
  if (stream.deadline_ != Instant::max()) --with_deadline_;
  stream.link_.close();
  std::vector<Frame> dropped;
  {
    std::lock_guard lock(stream.mutex_);
    stream.ended_ = stream.closed_ = true;
    dropped.swap(stream.queue_);
  }
  stream.sending_ = {};
  stream.kept_ = {};
  size_t bytes = stream.queued_.exchange(0, std::memory_order_relaxed);
  counters_.queued.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed);
  streams_[stream.index_] = streams_.back();
  streams_[stream.index_]->index_ = stream.index_;
  streams_.pop_back();
  counters_.streams.fetch_sub(1, std::memory_order_relaxed);
  auto handler = std::move(stream.handler_);
  stream.give_back_ = nullptr;
  guarded([&] { handler->on_closed(); });
}

void HubShard::check_deadlines() {
  next_check_ = now_ + kCheckEvery;
  std::vector<Stream> late;
  for (auto& stream : streams_)
    if (stream->deadline_ <= now_) late.push_back(stream);
  for (auto& stream : late) {
    if (stream->phase_ == HubStream::Phase::connecting) {
      failed(*stream, engine::Status::timeout("the connection was not made in time"));
    } else {
      close(*stream);
    }
  }
}

// Each stream is ended as its protocol wants it; what its reader does not take before the deadline
// is lost with it.
void HubShard::farewell_all() {
  farewells_said_ = true;
  for (auto& stream : std::vector<Stream>(streams_)) {
    if (stream->phase_ != HubStream::Phase::open) {
      if (stream->phase_ == HubStream::Phase::connecting) close(*stream);
      continue;
    }
    stream->say_farewell(stream->options_.farewell);
  }
}

}  // namespace appliance
