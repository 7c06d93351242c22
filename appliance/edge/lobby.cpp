#include "appliance/edge/lobby.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "appliance/edge/stream_hub.h"

namespace appliance {

using storage::Instant;
using storage::Millis;

namespace {

constexpr int kEventsAtOnce = 256;
constexpr size_t kScratchBytes = 64u << 10;
constexpr auto kUnstickEvery = Millis(3);
// Connections are files: as many as the system lets us have, up to what we allow ourselves. Raising
// the hard limit takes a privilege, and without it the soft one goes up to the hard one.
rlimit raise_file_limit() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  rlim_t wanted = engine::limits::kConnections + 1024;
  if (files.rlim_cur < wanted) {
    rlimit more{wanted, std::max(files.rlim_max, wanted)};
    if (setrlimit(RLIMIT_NOFILE, &more) != 0) {
      more = {std::min(files.rlim_max, wanted), files.rlim_max};
      setrlimit(RLIMIT_NOFILE, &more);
    }
  }
  getrlimit(RLIMIT_NOFILE, &files);
  return files;
}

constexpr uint32_t kConnEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

}  // namespace

Lobby::Lobby(const EdgeOptions& options, storage::Env& env, RequestPool& pool, const StreamHub& hub)
    : options_(options),
      env_(env),
      pool_(pool),
      hub_(hub),
      no_handler_([](engine::Request&) -> engine::Answer { return engine::Response{}; }),
      engine_(no_handler_),
      wheel_(env.now()),
      scratch_(kScratchBytes),
      now_(env.now()) {
  limits_.head_bytes = options_.head_bytes_max;
  limits_.body_bytes = options_.body_bytes_max;
  limits_.streams_body = options_.streams_body;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  reserve_ = dup(wake_);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = 0;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  rlimit files = raise_file_limit();
  size_t most = files.rlim_cur == RLIM_INFINITY ? SIZE_MAX : static_cast<size_t>(files.rlim_cur);
  // Some descriptors are for the store, outbound connections and listeners.
  most -= std::min(most / 4, size_t{256});
  connections_max_ =
      options_.connections_max > 0 ? options_.connections_max : engine::limits::kConnections;
  connections_max_ = std::min(connections_max_, most);
}

Lobby::~Lobby() {
  join();
  close_listeners();
  // Busy ones have nobody left who could give them back: the pool has stopped, replies no longer
  // find the server. Doomed ones are in a list only, all others in the wheel.
  for (Conn* conn : go_on_)
    if (conn->doomed) delete conn;
  for (Conn* conn : handshakes_)
    if (conn->doomed) delete conn;
  wheel_.each([&](DeadlineNode& node) {
    wheel_.take(node);
    delete static_cast<Conn*>(&node);
  });
  for (int fd : {epoll_, wake_, reserve_})
    if (fd >= 0) ::close(fd);
}

void Lobby::start() {
  thread_ = std::thread([this] { run(); });
}

void Lobby::join() {
  if (thread_.joinable()) thread_.join();
}

void Lobby::begin_stop(Instant deadline) {
  {
    std::lock_guard lock(mutex_);
    stop_at_ = deadline;
  }
  stopping_.store(true);
  uint64_t one = 1;
  [[maybe_unused]] ssize_t put = ::write(wake_, &one, sizeof one);
}

void Lobby::give_back(Conn* conn) {
  {
    std::lock_guard lock(mutex_);
    returned_.push_back(conn);
  }
  if (woken_.exchange(true)) return;
  uint64_t one = 1;
  [[maybe_unused]] ssize_t put = ::write(wake_, &one, sizeof one);
}

bool Lobby::become_idle(Conn& conn) {
  uint32_t expected = Conn::kBusy;
  return conn.state.compare_exchange_strong(expected, 0, std::memory_order_acq_rel);
}

void Lobby::forget(Conn& conn) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, conn.link.fd(), nullptr);
}

void Lobby::adopt(Link link, std::string input) {
  {
    std::lock_guard lock(mutex_);
    adopted_.emplace_back(std::move(link), std::move(input));
  }
  if (woken_.exchange(true)) return;
  uint64_t one = 1;
  [[maybe_unused]] ssize_t put = ::write(wake_, &one, sizeof one);
}

size_t Lobby::hub_connections() const {
  return hub_.counters().streams;
}

int Lobby::wait_ms(Instant now) const {
  if (!go_on_.empty() || !handshakes_.empty()) return 0;
  if (pool_.waiting() > 0) return static_cast<int>(kUnstickEvery.count());
  if (stopping() || accept_again_) return 20;
  if (wheel_.size() == 0) return -1;
  auto in_tick = now.time_since_epoch().count() % DeadlineWheel::kTickNs;
  return static_cast<int>((DeadlineWheel::kTickNs - in_tick) / 1'000'000) + 1;
}

void Lobby::run() {
  std::array<epoll_event, kEventsAtOnce> events;
  for (;;) {
    int count = epoll_wait(epoll_, events.data(), kEventsAtOnce, wait_ms(env_.now()));
    now_ = env_.now();
    std::vector<Conn*> going;
    going.swap(go_on_);
    for (int i = 0; i < count; ++i) {
      uint64_t data = events[static_cast<size_t>(i)].data.u64;
      if (data == 0) {
        uint64_t value;
        [[maybe_unused]] ssize_t got = ::read(wake_, &value, sizeof value);
      } else if (data <= listeners_.size()) {
        accept_some(static_cast<size_t>(data - 1));
      } else {
        on_event(*reinterpret_cast<Conn*>(data), events[static_cast<size_t>(i)].events);
      }
    }
    take_returned();
    for (Conn* conn : going) {
      conn->listed = false;
      if (conn->doomed) {
        delete conn;
      } else if (!(conn->state.load(std::memory_order_acquire) & Conn::kBusy)) {
        advance(*conn);
      }
    }
    pool_.push(jobs_);
    handshake_some();
    pool_.push(jobs_);
    if (pool_.waiting() > 0 && now_ - unstuck_at_ >= kUnstickEvery) {
      unstuck_at_ = now_;
      pool_.unstick();
    }
    wheel_.advance(now_, [&](DeadlineNode& node) { expire(static_cast<Conn&>(node), now_); });
    if (accept_again_ && now_ >= *accept_again_) resume_accepting();
    if (stopping()) {
      close_idle();
      std::lock_guard lock(mutex_);
      if (wheel_.size() == 0 || now_ >= *stop_at_) return;
    }
  }
}

void Lobby::take_returned() {
  woken_.store(false);
  std::vector<Conn*> returned;
  std::vector<std::pair<Link, std::string>> adopted;
  {
    std::lock_guard lock(mutex_);
    returned.swap(returned_);
    adopted.swap(adopted_);
  }
  for (Conn* conn : returned) {
    conn->state.store(0, std::memory_order_relaxed);
    if (conn->phase == Conn::Phase::gone) {
      close(*conn);
    } else if (conn->phase == Conn::Phase::linger) {
      linger(*conn);
    } else {
      // Whatever events were noted while it was busy, the socket is tried again now.
      conn->more = true;
      if (conn->phase == Conn::Phase::writing)
        set_deadline(*conn, now_ + Millis(options_.write_progress_timeout_ms));
      advance(*conn);
    }
  }
  for (auto& [link, input] : adopted) {
    auto* conn = new Conn;
    conn->link = std::move(link);
    conn->leftover = std::move(input);
    conn->phase = Conn::Phase::idle;
    conn->more = true;
    counters_.connections.fetch_add(1, std::memory_order_relaxed);
    set_deadline(*conn, now_ + Millis(options_.idle_timeout_ms));
    epoll_event event{};
    event.events = kConnEvents;
    event.data.ptr = conn;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, conn->link.fd(), &event);
    advance(*conn);
  }
}

void Lobby::add(int fd, size_t listener, std::string peer) {
  auto* conn = new Conn;
  conn->link = Link(fd, std::move(peer));
  conn->listener = static_cast<uint8_t>(listener);
  counters_.connections.fetch_add(1, std::memory_order_relaxed);
  bool tls = listeners_[listener].tls != nullptr;
  if (tls) ++handshaking_;
  conn->phase = tls ? Conn::Phase::sniff : Conn::Phase::idle;
  set_deadline(*conn,
               now_ + Millis(tls ? options_.handshake_timeout_ms : options_.idle_timeout_ms));
  epoll_event event{};
  event.events = kConnEvents;
  event.data.ptr = conn;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) close(*conn);
}

void Lobby::on_event(Conn& conn, uint32_t events) {
  uint32_t before = conn.state.fetch_or(Conn::kEvent, std::memory_order_acq_rel);
  if (before & Conn::kBusy) return;
  conn.state.store(0, std::memory_order_relaxed);
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) conn.client_ended = true;
  conn.more = true;
  if (conn.listed) return;
  advance(conn);
}

void Lobby::advance(Conn& conn) {
  switch (conn.phase) {
    case Conn::Phase::sniff:
      sniff(conn);
      break;
    case Conn::Phase::handshake:
      if (!conn.listed) {
        conn.listed = true;
        handshakes_.push_back(&conn);
      }
      break;
    case Conn::Phase::plain_on_tls:
      answer_plain_on_tls(conn);
      break;
    case Conn::Phase::idle:
    case Conn::Phase::reading:
      read_request(conn);
      break;
    case Conn::Phase::writing:
      write_rest(conn);
      break;
    case Conn::Phase::linger:
      discard(conn);
      break;
    case Conn::Phase::serving:
    case Conn::Phase::gone:
      break;
  }
}

void Lobby::set_deadline(Conn& conn, Instant at) {
  conn.deadline = at;
  wheel_.put(conn, at);
}

void Lobby::go_on_later(Conn& conn) {
  if (conn.listed) return;
  conn.listed = true;
  go_on_.push_back(&conn);
}

void Lobby::expire(Conn& conn, Instant now) {
  if (conn.state.load(std::memory_order_acquire) & Conn::kBusy) {
    wheel_.put(conn, Instant::max());
    return;
  }
  if (conn.deadline > now) {
    wheel_.put(conn, conn.deadline);
    return;
  }
  if (conn.phase == Conn::Phase::reading) {
    counters_.timeouts.fetch_add(1, std::memory_order_relaxed);
    wheel_.put(conn, now);  // refuse() wants it linked
    refuse(conn, {408, "Timeout", "the request did not arrive in time"});
    return;
  }
  if (conn.phase != Conn::Phase::idle && conn.phase != Conn::Phase::linger)
    counters_.timeouts.fetch_add(1, std::memory_order_relaxed);
  close(conn);
}

void Lobby::close(Conn& conn) {
  wheel_.take(conn);
  bodies_bytes_ -= conn.body_counted;
  if (conn.phase == Conn::Phase::sniff || conn.phase == Conn::Phase::handshake) --handshaking_;
  counters_.connections.fetch_sub(1, std::memory_order_relaxed);
  conn.link.close();
  conn.phase = Conn::Phase::gone;
  if (conn.listed) {
    conn.doomed = true;
  } else {
    delete &conn;
  }
}

void Lobby::close_idle() {
  close_listeners();
  wheel_.each([&](DeadlineNode& node) {
    auto& conn = static_cast<Conn&>(node);
    if (conn.state.load(std::memory_order_acquire) & Conn::kBusy) return;
    bool quiet = conn.phase == Conn::Phase::idle && conn.leftover.empty();
    if (quiet || conn.phase == Conn::Phase::sniff || conn.phase == Conn::Phase::handshake)
      close(conn);
  });
}

}  // namespace appliance
