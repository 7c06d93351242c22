#include "tests/load/bench/trivial_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace bench {
namespace {

std::string answer_of(size_t bytes) {
  static constexpr std::string_view kBegin =
      R"({"kind":"List","metadata":{"resourceVersion":"1"},"value":")";
  std::string body(kBegin);
  body.append(bytes > body.size() + 2 ? bytes - body.size() - 2 : 0, 'x').append("\"}");
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string event_of(size_t bytes) {
  std::string body = "{\"type\":\"MODIFIED\",\"value\":\"";
  body.append(bytes > body.size() + 3 ? bytes - body.size() - 3 : 0, 'x').append("\"}\n");
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", body.size());
  return size + body + "\r\n";
}

struct Texts {
  std::string answer, list, event;
};

class Serving {
 public:
  Serving(int listening, Texts texts)
      : listening_(listening), texts_(std::move(texts)), context_(load::server_context()) {}

  [[noreturn]] void run() {
    add(listening_, nullptr);
    std::array<epoll_event, 256> events;
    for (;;) {
      int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        auto* peer = static_cast<load::Socket*>(events[static_cast<size_t>(i)].data.ptr);
        if (peer) {
          serve(peer);
        } else {
          take();
        }
      }
      tell();
    }
  }

 private:
  void add(int fd, load::Socket* peer) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = peer;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
  void take() {
    int fd = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    auto peer = std::make_unique<load::Socket>();
    if (!peer->accept(fd, context_.get())) return;
    add(fd, peer.get());
    all_.push_back(std::move(peer));
    // Its first request may have come with the end of the handshake, where epoll does not see it.
    serve(all_.back().get());
  }
  void serve(load::Socket* peer) {
    for (;;) {
      long got = peer->read(buffer_.data(), buffer_.size());
      if (got == 0) return;
      if (got < 0) return drop(peer);
      // One read is one request: that is how the load generator sends them.
      std::string_view text(buffer_.data(), static_cast<size_t>(got));
      std::string_view line = text.substr(0, text.find('\r'));
      if (line.find("watch=") != std::string_view::npos) {
        put(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        streams_.push_back(peer);
      } else if (line.substr(0, 4) == "PUT ") {
        put(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        owed_ += texts_.event;
      } else {
        put(peer, line.find("/list") != std::string_view::npos ? texts_.list : texts_.answer);
      }
    }
  }
  // What was written in this turn goes to each watcher at once: a server could not do less.
  void tell() {
    if (owed_.empty()) return;
    for (load::Socket* stream : streams_) put(stream, owed_);
    owed_.clear();
  }
  void put(load::Socket* peer, std::string_view text) {
    while (!text.empty()) {
      long put = peer->write(text);
      if (put < 0) return;
      text.remove_prefix(static_cast<size_t>(put));
      if (put > 0) continue;
      pollfd wait{peer->fd(), POLLOUT, 0};
      poll(&wait, 1, 1000);
    }
  }
  void drop(load::Socket* peer) {
    std::erase(streams_, peer);
    std::erase_if(all_, [&](auto& one) { return one.get() == peer; });
  }

  int listening_;
  Texts texts_;
  load::SslContext context_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<load::Socket>> all_;
  std::vector<load::Socket*> streams_;
  std::string owed_;
  std::array<char, 65536> buffer_;
};

}  // namespace

TrivialServer::TrivialServer(size_t answer_bytes, size_t list_bytes, size_t event_bytes) {
  int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (bind(listening, reinterpret_cast<sockaddr*>(&at), size) != 0) std::abort();
  if (listen(listening, 1024) != 0) std::abort();
  getsockname(listening, reinterpret_cast<sockaddr*>(&at), &size);
  port_ = ntohs(at.sin_port);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Serving(listening, {answer_of(answer_bytes), answer_of(list_bytes), event_of(event_bytes)})
        .run();
  }
  ::close(listening);
}

TrivialServer::~TrivialServer() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

Side TrivialServer::side() const {
  Side out;
  out.target = {port_, true};
  out.context = load::client_context();
  out.pids = {pid_};
  return out;
}

}  // namespace bench
