#include "tests/load/edge/load_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace load {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void block(int fd, bool blocking) {
  int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

// Where an answer ends: its head, then Content-Length bytes. Nothing is allocated for it.
struct AnswerCounter {
  std::string head;
  size_t left = 0;
  bool in_body = false;
  bool failed = false;

  // True when an answer ends within these bytes (the client has one request out at a time, so they
  // are its last).
  bool feed(std::string_view bytes) {
    if (!in_body) {
      head.append(bytes);
      size_t end = head.find("\r\n\r\n");
      if (end == std::string::npos) return false;
      failed = head.compare(9, 1, "2") != 0;
      size_t at = head.find("Content-Length: ");
      size_t size = at == std::string::npos || at > end
                        ? 0
                        : std::strtoul(head.c_str() + at + 16, nullptr, 10);
      size_t have = head.size() - end - 4;
      head.clear();
      left = size - std::min(size, have);
      in_body = left > 0;
      return !in_body;
    }
    left -= std::min(left, bytes.size());
    in_body = left > 0;
    return !in_body;
  }
};

}  // namespace

void quantiles(std::vector<float>& ms, Figures& into) {
  if (ms.empty()) return;
  std::sort(ms.begin(), ms.end());
  into.p50_ms = ms[ms.size() / 2];
  into.p99_ms = ms[std::min(ms.size() - 1, ms.size() * 99 / 100)];
  into.max_ms = ms.back();
}

SslContext client_context() {
  SslContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_read_buffer_len(context.get(), 65536);  // some records with one call
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

SslContext server_context() {
  SslContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  SSL_CTX_use_certificate(context.get(), certificate);
  SSL_CTX_use_PrivateKey(context.get(), key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

bool Socket::open(const Target& to, SSL_CTX* context, int receive_buffer) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return false;
  if (receive_buffer > 0)
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  // More connections than one address has ports: each thousand from an address of its own.
  static std::atomic<uint32_t> opened{0};
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + opened.fetch_add(1) / 10'000);
  bind(fd_, reinterpret_cast<sockaddr*>(&from), sizeof from);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(to.port);
  inet_pton(AF_INET, to.address.c_str(), &at.sin_addr);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) return close(), false;
  int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (to.tls) {
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, fd_);
    SSL_set_read_ahead(ssl_, 1);
    if (SSL_connect(ssl_) != 1) return close(), false;
  }
  block(fd_, false);
  return true;
}

bool Socket::accept(int fd, SSL_CTX* context) {
  fd_ = fd;
  int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (context) {
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, fd_);
    SSL_set_read_ahead(ssl_, 1);
    if (SSL_accept(ssl_) != 1) return close(), false;
  }
  block(fd_, false);
  return true;
}

void Socket::close() {
  if (ssl_) SSL_free(std::exchange(ssl_, nullptr));
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

long Socket::read(char* into, size_t size) {
  if (ssl_) {
    int got = SSL_read(ssl_, into, static_cast<int>(size));
    if (got > 0) return got;
    int error = SSL_get_error(ssl_, got);
    if (error == SSL_ERROR_WANT_READ) return 0;
    ERR_clear_error();
    return -1;
  }
  ssize_t got = recv(fd_, into, size, 0);
  if (got > 0) return got;
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

long Socket::write(std::string_view bytes) {
  if (ssl_) {
    int put = SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    if (put > 0) return put;
    int error = SSL_get_error(ssl_, put);
    if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ) return 0;
    ERR_clear_error();
    return -1;
  }
  ssize_t put = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (put >= 0) return put;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

Figures run_closed_loop(const ClosedLoop& what) {
  struct Loop {
    Socket socket;
    AnswerCounter answer;
    Clock::time_point sent;
  };
  SslContext context = client_context();
  std::vector<std::unique_ptr<Loop>> loops;
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  Figures out;
  uint64_t number = 0;
  for (int i = 0; i < what.connections; ++i) {
    auto loop = std::make_unique<Loop>();
    if (!loop->socket.open(what.target, context.get())) {
      ++out.failed;
      continue;
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = loop.get();
    epoll_ctl(epoll, EPOLL_CTL_ADD, loop->socket.fd(), &event);
    loops.push_back(std::move(loop));
  }
  auto send_next = [&](Loop& loop) {
    std::string text = what.request(number++);
    loop.sent = Clock::now();
    // Requests are small and the socket is empty: it takes them whole.
    return loop.socket.write(text) == static_cast<long>(text.size());
  };
  auto begin = Clock::now();
  auto end = begin + std::chrono::duration<double>(what.seconds);
  for (auto& loop : loops) send_next(*loop);
  std::vector<float> times;
  times.reserve(1u << 20);
  std::array<char, 65536> buffer;
  std::array<epoll_event, 256> events;
  size_t open = loops.size();
  while (open > 0) {
    auto now = Clock::now();
    if (now >= end) break;
    int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      Loop& loop = *static_cast<Loop*>(events[static_cast<size_t>(i)].data.ptr);
      long got = loop.socket.read(buffer.data(), buffer.size());
      if (got == 0) continue;
      if (got < 0) {
        ++out.failed;
        --open;
        epoll_ctl(epoll, EPOLL_CTL_DEL, loop.socket.fd(), nullptr);
        continue;
      }
      if (!loop.answer.feed(std::string_view(buffer.data(), static_cast<size_t>(got)))) continue;
      times.push_back(static_cast<float>(ms_since(loop.sent)));
      ++out.done;
      out.failed += loop.answer.failed;
      send_next(loop);
    }
  }
  out.seconds = ms_since(begin) / 1000;
  ::close(epoll);
  quantiles(times, out);
  return out;
}

struct Watchers::One {
  Socket socket;
  std::string tail;  // the last bytes, where a mark may be cut
  bool seen = false;
};

Watchers::Watchers(Target target)
    : target_(std::move(target)),
      context_(client_context()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
Watchers::~Watchers() {
  ::close(epoll_);
}
size_t Watchers::size() const {
  return all_.size();
}

size_t Watchers::open(size_t count, std::string_view request, std::string_view first_mark) {
  for (size_t i = 0; i < count; ++i) {
    auto one = std::make_unique<One>();
    if (!one->socket.open(target_, context_.get())) continue;
    if (one->socket.write(request) != static_cast<long>(request.size())) continue;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = one.get();
    epoll_ctl(epoll_, EPOLL_CTL_ADD, one->socket.fd(), &event);
    all_.push_back(std::move(one));
  }
  return static_cast<size_t>(wait_for(first_mark, 30'000).done);
}

Figures Watchers::wait_for(std::string_view mark, int limit_ms) {
  Figures out;
  std::vector<float> times;
  std::array<char, 65536> buffer;
  std::array<epoll_event, 512> events;
  for (auto& one : all_) one->seen = false;
  auto begin = Clock::now();
  while (out.done < all_.size()) {
    int left = limit_ms - static_cast<int>(ms_since(begin));
    if (left <= 0) break;
    int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), left);
    for (int i = 0; i < count; ++i) {
      One& one = *static_cast<One*>(events[static_cast<size_t>(i)].data.ptr);
      long got = one.socket.read(buffer.data(), buffer.size());
      if (got < 0) {
        ++out.failed;
        epoll_ctl(epoll_, EPOLL_CTL_DEL, one.socket.fd(), nullptr);
        continue;
      }
      std::string_view bytes(buffer.data(), static_cast<size_t>(got));
      if (!one.tail.empty()) {
        one.tail.append(bytes);
        bytes = one.tail;
      }
      if (bytes.find(mark) == std::string_view::npos) {
        one.tail = std::string(bytes.substr(bytes.size() - std::min(bytes.size(), mark.size())));
        continue;
      }
      one.tail = {};
      if (std::exchange(one.seen, true)) continue;
      ++out.done;
      times.push_back(static_cast<float>(ms_since(begin)));
    }
  }
  out.seconds = ms_since(begin) / 1000;
  quantiles(times, out);
  return out;
}

void serve_trivially(bool tls, int port_fd) {
  struct Peer {
    int fd = -1;
    SSL* ssl = nullptr;
  };
  static constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  SslContext context = tls ? server_context() : nullptr;
  int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  bind(listening, reinterpret_cast<sockaddr*>(&at), size);
  listen(listening, 1024);
  getsockname(listening, reinterpret_cast<sockaddr*>(&at), &size);
  dprintf(port_fd, "%d\n", ntohs(at.sin_port));
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &event);
  std::array<epoll_event, 256> events;
  std::array<char, 65536> buffer;
  for (;;) {
    int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* peer = static_cast<Peer*>(events[static_cast<size_t>(i)].data.ptr);
      if (!peer) {
        int fd = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) continue;
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        peer = new Peer{fd, nullptr};
        if (tls) {
          peer->ssl = SSL_new(context.get());
          SSL_set_fd(peer->ssl, fd);
          SSL_set_read_ahead(peer->ssl, 1);
          SSL_accept(peer->ssl);
        }
        event.data.ptr = peer;
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        continue;
      }
      long got = peer->ssl ? SSL_read(peer->ssl, buffer.data(), buffer.size())
                           : recv(peer->fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        ::close(peer->fd);
        continue;
      }
      if (peer->ssl) {
        SSL_write(peer->ssl, kAnswer.data(), static_cast<int>(kAnswer.size()));
      } else {
        send(peer->fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
      }
    }
  }
}

double cpu_seconds(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  // The name in brackets may hold anything; the 12th and 13th words after it are the times.
  size_t at = text.rfind(')');
  if (at == std::string::npos) return 0;
  long user = 0, system = 0;
  std::sscanf(text.c_str() + at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user,
              &system);
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

long rss_kib(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  while (status >> word)
    if (word == "VmRSS:") {
      long kib = 0;
      status >> kib;
      return kib;
    }
  return 0;
}

}  // namespace load
