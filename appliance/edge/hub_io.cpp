// The hub's moving of bytes: connecting, reading, writing, and the ways a stream ends.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "appliance/edge/guarded.h"
#include "appliance/edge/hub_shard.h"
#include "engine/base/limits.h"

namespace appliance {

using storage::Instant;
using storage::Millis;

namespace {

constexpr size_t kTurnBytes = 256u << 10;   // of one stream in one turn, each direction
constexpr size_t kGatherBytes = 16u << 10;  // small frames are joined up to one TLS record
constexpr size_t kKeptBytes =
    64u << 10;  // of the client's next requests, while it still reads a stream
constexpr auto kLingerTime = Millis(2'000);
constexpr auto kLingerTimeAtStop = Millis(200);

bool to_sockaddr(const SocketAddress& from, sockaddr_storage& out, socklen_t& size) {
  auto* four = reinterpret_cast<sockaddr_in*>(&out);
  if (inet_pton(AF_INET, from.address.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(from.port);
    size = sizeof *four;
    return true;
  }
  auto* six = reinterpret_cast<sockaddr_in6*>(&out);
  if (inet_pton(AF_INET6, from.address.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(from.port);
    size = sizeof *six;
    return true;
  }
  return false;
}

std::string where(const SocketAddress& to) {
  return to.address + " port " + std::to_string(to.port);
}

}  // namespace

void HubShard::connect(SocketAddress to, std::unique_ptr<ConnectionHandler> handler,
                       engine::StreamOptions options, Instant deadline) {
  auto stream = std::make_shared<HubStream>(*this);
  stream->handler_ = std::move(handler);
  stream->options_ = std::move(options);
  stream->options_.client_bytes = engine::ClientBytes::deliver;
  stream->outbound_ = true;
  stream->phase_ = HubStream::Phase::connecting;
  stream->deadline_ = deadline;
  post([this, stream, to = std::move(to)] {
    add(stream);
    if (stream->deadline_ != Instant::max()) ++with_deadline_;
    sockaddr_storage address{};
    socklen_t size = 0;
    if (!to_sockaddr(to, address, size))
      return failed(*stream, engine::Status::bad_request(to.address + " is not a numeric address"));
    if (stopping_.load())
      return failed(*stream, engine::Status::service_unavailable("the server is stopping"));
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      return failed(*stream, engine::Status::service_unavailable("no socket for " + where(to) +
                                                                 ": " + std::strerror(errno)));
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    // What waits, waits in our queues, where a tunnel decides whose turn it is, not in the
    // kernel's.
    int unsent = 128 << 10;
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    stream->link_ = Link(fd, where(to));
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 && errno != EINPROGRESS) {
      return failed(*stream, engine::Status::service_unavailable("cannot connect to " + where(to) +
                                                                 ": " + std::strerror(errno)));
    }
    epoll_event event{};
    event.events = EPOLLOUT | EPOLLET;
    event.data.ptr = stream.get();
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  });
}

void HubShard::connected(HubStream& stream) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(stream.link_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    return failed(stream,
                  engine::Status::service_unavailable("cannot connect to " + stream.link_.peer() +
                                                      ": " + std::strerror(error)));
  }
  if (stream.deadline_ != Instant::max()) --with_deadline_;
  stream.deadline_ = Instant::max();
  stream.phase_ = HubStream::Phase::open;
  counters_.connected.fetch_add(1, std::memory_order_relaxed);
  epoll_ctl(epoll_, EPOLL_CTL_DEL, stream.link_.fd(), nullptr);
  open(stream, nullptr);
}

void HubShard::failed(HubStream& stream, const engine::Status& why) {
  guarded([&] { static_cast<ConnectionHandler&>(*stream.handler_).on_error(why); });
  close(stream);
}

void HubShard::on_event(HubStream& stream, uint32_t events) {
  switch (stream.phase_) {
    case HubStream::Phase::closed:
      return;
    case HubStream::Phase::connecting:
      return connected(stream);
    case HubStream::Phase::lingering:
    case HubStream::Phase::open:
      break;
  }
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) stream.more_ = true;
  bool reading =
      !stream.paused_.load() && !stream.client_ended_ && stream.kept_.size() < kKeptBytes;
  // Without reading, nothing else would find out that the connection is gone.
  if ((events & EPOLLERR) && !reading) return broken(stream);
  if (!stream.listed_) advance(stream);
}

void HubShard::advance(HubStream& stream) {
  if (stream.phase_ == HubStream::Phase::closed || stream.phase_ == HubStream::Phase::connecting)
    return;
  if (stream.phase_ == HubStream::Phase::lingering) return read(stream);
  HubStream::End end;
  {
    std::lock_guard lock(stream.mutex_);
    end = stream.end_;
  }
  if (end == HubStream::End::slow) counters_.closed_slow.fetch_add(1, std::memory_order_relaxed);
  if (end == HubStream::End::slow || end == HubStream::End::abort) return close(stream);
  bool all = flush(stream);
  if (stream.phase_ != HubStream::Phase::open) return;
  if (end != HubStream::End::none) {
    if (all) return end == HubStream::End::finish ? linger(stream) : give_back(stream);
    if (stream.deadline_ == Instant::max()) {
      ++with_deadline_;
      stream.deadline_ = now_ + Millis(engine::limits::kStreamEndTimeoutMs);
    }
  }
  if (stream.more_) read(stream);
}

void HubShard::go_on_later(HubStream& stream) {
  if (stream.listed_) return;
  stream.listed_ = true;
  go_on_.push_back(stream.shared_from_this());
}

void HubShard::read(HubStream& stream) {
  bool lingering = stream.phase_ == HubStream::Phase::lingering;
  for (size_t turn = 0; turn < kTurnBytes;) {
    if (!stream.more_) return;
    if (!lingering &&
        (stream.paused_.load() || stream.client_ended_ || stream.kept_.size() >= kKeptBytes))
      return;
    size_t got = 0;
    Io io = Io::ok;
    if (lingering) {
      ssize_t size = recv(stream.link_.fd(), scratch_.data(), scratch_.size(), 0);
      if (size <= 0)
        io = size < 0 && (errno == EAGAIN || errno == EINTR) ? Io::want_read : Io::broken;
      got = size > 0 ? static_cast<size_t>(size) : 0;
    } else {
      io = stream.link_.read(scratch_, got);
    }
    if (io == Io::want_read || io == Io::want_write) {
      stream.more_ = false;
      return;
    }
    if (io == Io::end) return client_end(stream);
    if (io != Io::ok) return broken(stream);
    turn += got;
    counters_.bytes_in.fetch_add(got, std::memory_order_relaxed);
    if (!lingering && !take_bytes(stream, std::string_view(scratch_.data(), got))) return;
  }
  go_on_later(stream);
}

// False when the stream is not open any more.
bool HubShard::take_bytes(HubStream& stream, std::string_view bytes) {
  if (stream.options_.client_bytes == engine::ClientBytes::keep) {
    stream.kept_.append(bytes);
  } else {
    guarded([&] { stream.handler_->on_bytes(bytes); });
  }
  return stream.phase_ == HubStream::Phase::open;
}

void HubShard::client_end(HubStream& stream) {
  stream.more_ = false;
  if (stream.client_ended_) return;
  stream.client_ended_ = true;
  if (stream.options_.client_bytes == engine::ClientBytes::keep) return close(stream);
  guarded([&] { stream.handler_->on_client_end(); });
  if (!stream.options_.half_close) stream.finish();
}

void HubShard::broken(HubStream& stream) {
  if (stream.outbound_ && stream.phase_ == HubStream::Phase::open) {
    guarded([&] {
      static_cast<ConnectionHandler&>(*stream.handler_)
          .on_error(engine::Status::service_unavailable("the connection to " + stream.link_.peer() +
                                                        " broke"));
    });
  }
  close(stream);
}

bool HubShard::refill(HubStream& stream) {
  if (stream.sending_at_ < stream.sending_.size()) return true;
  stream.sending_.clear();
  stream.sending_at_ = 0;
  if (stream.sending_.capacity() > 16) stream.sending_ = {};
  std::lock_guard lock(stream.mutex_);
  stream.sending_.swap(stream.queue_);
  return !stream.sending_.empty();
}

bool HubShard::flush(HubStream& stream) {
  size_t turn = 0;
  while (refill(stream)) {
    size_t written = 0;
    if (!write_some(stream, written)) break;
    turn += written;
    if (turn >= kTurnBytes) {
      go_on_later(stream);
      break;
    }
  }
  if (stream.phase_ != HubStream::Phase::open) return false;
  if (turn > 0) drained(stream);
  if (stream.queued_.load(std::memory_order_relaxed) > 0) return false;
  Io io = stream.link_.flush();
  if (io == Io::broken) broken(stream);
  return io == Io::ok;
}

// False when the socket takes no more now, or is broken.
bool HubShard::write_some(HubStream& stream, size_t& written) {
  const std::string& first = *stream.sending_[stream.sending_at_];
  std::string_view piece = std::string_view(first).substr(stream.frame_at_);
  if (stream.sending_at_ + 1 < stream.sending_.size() && piece.size() < kGatherBytes) {
    gather_.assign(piece);
    for (size_t i = stream.sending_at_ + 1;
         i < stream.sending_.size() && gather_.size() < kGatherBytes; ++i)
      gather_.append(*stream.sending_[i], 0, kGatherBytes - gather_.size());
    piece = gather_;
  }
  Io io = stream.link_.write(piece, written);
  if (io == Io::want_write || io == Io::want_read) return false;
  if (io != Io::ok) {
    broken(stream);
    return false;
  }
  advance_queue(stream, written);
  return true;
}

void HubShard::advance_queue(HubStream& stream, size_t written) {
  counters_.bytes_out.fetch_add(written, std::memory_order_relaxed);
  counters_.queued.fetch_sub(static_cast<int64_t>(written), std::memory_order_relaxed);
  stream.queued_.fetch_sub(written, std::memory_order_relaxed);
  while (written > 0) {
    Frame& frame = stream.sending_[stream.sending_at_];
    size_t left = frame->size() - stream.frame_at_;
    if (written < left) {
      stream.frame_at_ += written;
      return;
    }
    written -= left;
    frame.reset();
    ++stream.sending_at_;
    stream.frame_at_ = 0;
  }
}

void HubShard::drained(HubStream& stream) {
  {
    std::lock_guard lock(stream.mutex_);
    if (!stream.above_ || stream.queued_.load() > stream.options_.queue_bytes_max / 2) return;
    stream.above_ = false;
  }
  guarded([&] { stream.handler_->on_drained(); });
}

void HubShard::linger(HubStream& stream) {
  stream.link_.shutdown_write();
  if (stream.client_ended_) return close(stream);
  stream.phase_ = HubStream::Phase::lingering;
  if (stream.deadline_ == Instant::max()) ++with_deadline_;
  stream.deadline_ = now_ + (stopping_.load() ? kLingerTimeAtStop : kLingerTime);
  stream.more_ = true;
  read(stream);
}

void HubShard::give_back(HubStream& stream) {
  auto give = std::move(stream.give_back_);
  if (!give || stream.client_ended_) return linger(stream);
  epoll_ctl(epoll_, EPOLL_CTL_DEL, stream.link_.fd(), nullptr);
  Link link = std::move(stream.link_);
  std::string input = std::move(stream.kept_);
  close(stream);
  give(std::move(link), std::move(input));
}

}  // namespace appliance
