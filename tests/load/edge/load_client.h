// LoadClient: makes load with as little work of its own as possible: one thread, one epoll, raw
// sockets, prepared requests, answers only counted. TLS through OpenSSL. It also measures its own
// ceiling: TrivialServer answers a fixed text to whatever ends with an empty line. Thread: one per
// object. Owns: its sockets.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace load {

struct Target {
  uint16_t port = 0;
  bool tls = false;
  std::string address = "127.0.0.1";
};

struct Figures {
  uint64_t done = 0;
  uint64_t failed = 0;
  double seconds = 0;
  double p50_ms = 0, p99_ms = 0, max_ms = 0;
  double per_second() const { return seconds > 0 ? static_cast<double>(done) / seconds : 0; }
};

// Milliseconds at the quantiles of a list that is sorted by this.
void quantiles(std::vector<float>& ms, Figures& into);

using SslContext = std::shared_ptr<SSL_CTX>;
SslContext client_context();  // verifies nothing: it measures, and does not protect
SslContext server_context();  // with a certificate made on the spot

// One connection that does not block.
class Socket {
 public:
  Socket() = default;
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Connects and handshakes, waiting for both.
  bool open(const Target& to, SSL_CTX* context, int receive_buffer = 0);
  // Takes an accepted descriptor and handshakes as the server, waiting for it.
  bool accept(int fd, SSL_CTX* context);
  // Bytes moved; 0: nothing now; -1: closed or broken.
  long read(char* into, size_t size);
  long write(std::string_view bytes);
  // Bytes wait in the TLS layer, of which epoll knows nothing: read again.
  bool pending() const { return ssl_ && SSL_has_pending(ssl_); }
  int fd() const { return fd_; }
  void close();

 private:
  int fd_ = -1;
  SSL* ssl_ = nullptr;
};

// Closed loop: each connection sends the next request when its answer is there. `request` makes the
// text of the n-th one.
struct ClosedLoop {
  Target target;
  int connections = 16;
  double seconds = 3;
  std::function<std::string(uint64_t)> request;
};
Figures run_closed_loop(const ClosedLoop& what);

// Readers of a stream (a watch). open() sends the request on each and waits for the first bytes;
// wait_for(mark) reads all until each has seen the mark once more, and says when.
class Watchers {
 public:
  explicit Watchers(Target target);
  ~Watchers();
  size_t open(size_t count, std::string_view request, std::string_view first_mark);
  // Milliseconds from now until each watcher has the mark; waits at most `limit_ms`.
  Figures wait_for(std::string_view mark, int limit_ms);
  size_t size() const;

 private:
  struct One;
  Target target_;
  SslContext context_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<One>> all_;
};

// Serves until the process ends; one thread. The port is written to `port_fd` as a text line.
[[noreturn]] void serve_trivially(bool tls, int port_fd);

long rss_kib(int pid);
double cpu_seconds(int pid);  // user and system, all threads so far

}  // namespace load
