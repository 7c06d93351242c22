// The lobby's front door: listening sockets, accepting, and what to do when there is no descriptor
// left.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "appliance/edge/lobby.h"
#include "storage/base/log.h"

namespace appliance {

namespace log = storage::log;
using storage::Instant;
using storage::Millis;

namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsAtOnce = 64;
constexpr auto kAcceptPause = Millis(50);
constexpr auto kHandshakeSlice = Millis(2);

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

bool parse_address(const Listen& listen, Address& out) {
  auto* four = reinterpret_cast<sockaddr_in*>(&out.storage);
  if (inet_pton(AF_INET, listen.address.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(listen.port);
    out.size = sizeof *four;
    return true;
  }
  auto* six = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (inet_pton(AF_INET6, listen.address.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(listen.port);
    out.size = sizeof *six;
    return true;
  }
  return false;
}

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text,
              sizeof text);
    if (std::strncmp(text, "::ffff:", 7) == 0 && std::strchr(text, '.')) return text + 7;
  }
  return text;
}

void set_option(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace

engine::Result<engine::Unit> Lobby::bind() {
  for (const auto& listen : options_.listen) TRY(bind_one(listen));
  return engine::Unit{};
}

engine::Result<engine::Unit> Lobby::bind_one(const Listen& listen) {
  std::string where = listen.address + " port " + std::to_string(listen.port);
  Address address;
  if (!parse_address(listen, address)) {
    return engine::Status::bad_request("cannot listen on \"" + listen.address +
                                       "\": not a numeric address");
  }
  int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return engine::Status::internal("cannot listen on " + where + ": " + std::strerror(errno));
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.storage.ss_family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  // Accepted sockets inherit these: no waiting to fill segments, and an end that is gone without a
  // word is found out.
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address.storage), address.size) != 0 ||
      listen_on(fd) != 0) {
    std::string why = std::strerror(errno);
    ::close(fd);
    return engine::Status::internal("cannot listen on " + where + ": " + why);
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
  ports_.push_back(ntohs(bound.ss_family == AF_INET
                             ? reinterpret_cast<sockaddr_in&>(bound).sin_port
                             : reinterpret_cast<sockaddr_in6&>(bound).sin6_port));
  listeners_.push_back({fd, listen.tls, false});
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = listeners_.size();
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  return engine::Unit{};
}

int Lobby::listen_on(int fd) {
  return ::listen(fd, kBacklog);
}

void Lobby::accept_some(size_t listener) {
  Listener& from = listeners_[listener];
  if (from.fd < 0) return;
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    if (handshaking_ >= engine::limits::kHandshakesAtOnce) return pause_accepting(now_ + Millis(5));
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    int fd = accept4(from.fd, reinterpret_cast<sockaddr*>(&address), &size,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if ((errno == EMFILE || errno == ENFILE) && out_of_descriptors(from.fd)) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) pause_accepting(now_ + kAcceptPause);
      return;
    }
    counters_.accepted.fetch_add(1, std::memory_order_relaxed);
    if (counters_.connections.load(std::memory_order_relaxed) + hub_connections() >=
        connections_max_) {
      counters_.refused.fetch_add(1, std::memory_order_relaxed);
      ::close(fd);
      continue;
    }
    add(fd, listener, address_text(address));
  }
}

// The kept descriptor is given up for one accept, so that the client is told (by a close) instead
// of left waiting. False when even that did not work; then accepting pauses, for the listening
// socket would stay readable and spin the lobby.
bool Lobby::out_of_descriptors(int listening) {
  if (reserve_ < 0) {
    reserve_ = dup(wake_);
    if (reserve_ < 0) return false;
  }
  ::close(reserve_);
  int fd = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  reserve_ = dup(wake_);
  if (fd < 0) {
    errno = EMFILE;
    return false;
  }
  if (counters_.refused.fetch_add(1, std::memory_order_relaxed) % 1000 == 0)
    log::warn("connections are refused: no file descriptor left",
              {{"connections", counters_.connections.load()}});
  return true;
}

void Lobby::pause_accepting(Instant until) {
  accept_again_ = until;
  for (auto& listener : listeners_) {
    if (listener.fd < 0 || listener.paused) continue;
    listener.paused = true;
    epoll_ctl(epoll_, EPOLL_CTL_DEL, listener.fd, nullptr);
  }
}

void Lobby::resume_accepting() {
  accept_again_.reset();
  if (stopping()) return;
  for (size_t i = 0; i < listeners_.size(); ++i) {
    if (!listeners_[i].paused) continue;
    listeners_[i].paused = false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i + 1;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, listeners_[i].fd, &event);
  }
}

void Lobby::close_listeners() {
  for (auto& listener : listeners_) {
    if (listener.fd < 0) continue;
    ::close(listener.fd);
    listener.fd = -1;
  }
}

// One step of reading a TLS connection's first byte: a ClientHello begins with 22, a request with a
// letter.
void Lobby::sniff(Conn& conn) {
  unsigned char first;
  ssize_t got = recv(conn.link.fd(), &first, 1, MSG_PEEK);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return close(conn);
  if (first == 22) {
    auto context = listeners_[conn.listener].tls->context();
    if (!context || !conn.link.start_tls(context.get())) return close(conn);
    conn.phase = Conn::Phase::handshake;
    return advance(conn);
  }
  --handshaking_;
  conn.phase = Conn::Phase::plain_on_tls;
  answer_plain_on_tls(conn);
}

// Handshakes cost a signature each. They get a slice of each turn, so that a flood of them delays
// itself and not the requests.
void Lobby::handshake_some() {
  Instant end = now_ + kHandshakeSlice;
  while (!handshakes_.empty()) {
    Conn& conn = *handshakes_.front();
    handshakes_.pop_front();
    conn.listed = false;
    if (conn.doomed) {
      delete &conn;
      continue;
    }
    handshake(conn);
    if (env_.now() >= end) return;
  }
}

void Lobby::handshake(Conn& conn) {
  switch (conn.link.handshake()) {
    case Io::ok:
      --handshaking_;
      conn.phase = Conn::Phase::idle;
      conn.more = true;
      set_deadline(conn, now_ + Millis(options_.idle_timeout_ms));
      return advance(conn);
    case Io::want_read:
    case Io::want_write:
      return;
    default:
      counters_.handshakes_failed.fetch_add(1, std::memory_order_relaxed);
      close(conn);
  }
}

void Lobby::answer_plain_on_tls(Conn& conn) {
  size_t got = 0;
  Io io = conn.link.read(std::span(scratch_.data(), 4096), got);
  if (io == Io::want_read) return;
  if (io != Io::ok) return close(conn);
  std::string_view bytes(scratch_.data(), got);
  std::string url = options_.server_url;
  if (url.empty()) {
    size_t at = bytes.find("\r\nHost: ");
    if (at != std::string_view::npos) {
      std::string_view host = bytes.substr(at + 8, bytes.find('\r', at + 8) - at - 8);
      bool clean = !host.empty() && host.size() < 256;
      for (char c : host) clean = clean && c > ' ' && c < 0x7f && c != '<' && c != '"';
      if (clean) url = "https://" + std::string(host) + "/";
    }
  }
  engine::Response response;
  response.status = 400;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = "This port speaks HTTPS, and the request came as plain HTTP.\n";
  response.body += url.empty() ? "Use an https:// URL.\n" : "Use " + url + "\n";
  counters_.bad_requests.fetch_add(1, std::memory_order_relaxed);
  send_and_close(conn, std::move(response));
}

}  // namespace appliance
