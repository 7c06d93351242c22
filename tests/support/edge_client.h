// A blocking client for tests of the edge: raw bytes over TCP or TLS to loopback, with a timeout on
// each read, so that a test that fails ends. And a server fixture with the threads it needs.
// Thread: one. Owns: its socket.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "appliance/base/real_env.h"
#include "appliance/edge/certificates.h"
#include "appliance/edge/edge_server.h"
#include "appliance/edge/stream_hub.h"

namespace test {

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
  bool operator==(int code) const { return status == code; }
};

class Client {
 public:
  explicit Client(uint16_t port, int receive_buffer = 0) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0)
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) drop();
    timeval limit{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { drop(); }

  bool tls(SSL_CTX* context, const char* alpn = "\x08http/1.1", const char* name = nullptr) {
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, fd_);
    if (alpn)
      SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(alpn),
                          static_cast<unsigned>(std::string_view(alpn).size()));
    if (name) SSL_set1_host(ssl_, name);
    bool done = SSL_connect(ssl_) == 1;
    ERR_clear_error();
    return done;
  }
  SSL* ssl() { return ssl_; }
  int fd() const { return fd_; }
  bool connected() const { return fd_ >= 0; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t put = ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                         : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(put));
    }
    return true;
  }

  // Some bytes, or none at the end or after the timeout.
  std::string receive() {
    char buffer[65536];
    ssize_t got =
        ssl_ ? SSL_read(ssl_, buffer, sizeof buffer) : recv(fd_, buffer, sizeof buffer, 0);
    ERR_clear_error();
    ended_ = got <= 0;
    return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : std::string();
  }
  bool until(std::string_view mark) {
    while (buffer_.find(mark) == std::string::npos) {
      std::string more = receive();
      if (more.empty()) return false;
      buffer_ += more;
    }
    return true;
  }
  std::string& buffer() { return buffer_; }
  std::string rest() {
    for (std::string more = receive(); !more.empty(); more = receive()) buffer_ += more;
    return std::exchange(buffer_, {});
  }

  // One answer with a Content-Length (or without a body).
  Answer answer(bool head_request = false) {
    Answer out;
    if (!until("\r\n\r\n")) return out;
    size_t end = buffer_.find("\r\n\r\n") + 4;
    out.head = buffer_.substr(0, end);
    buffer_.erase(0, end);
    out.status = std::atoi(out.head.c_str() + 9);
    size_t at = out.head.find("Content-Length: ");
    size_t size = at == std::string::npos || head_request
                      ? 0
                      : std::strtoul(out.head.c_str() + at + 16, nullptr, 10);
    while (buffer_.size() < size) {
      std::string more = receive();
      if (more.empty()) return out;
      buffer_ += more;
    }
    out.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return out;
  }
  Answer ask(std::string_view request) {
    send(request);
    return answer();
  }
  Answer get(std::string_view path) {
    return ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  void end_writing() { ::shutdown(fd_, SHUT_WR); }
  // The server has closed: a read says so (and not a timeout).
  bool closed() {
    buffer_ += receive();
    while (!ended_) buffer_ += receive();
    return errno != EAGAIN;
  }
  void drop() {
    if (ssl_) SSL_free(std::exchange(ssl_, nullptr));
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {
    linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    drop();
  }

 private:
  int fd_ = -1;
  SSL* ssl_ = nullptr;
  bool ended_ = false;
  std::string buffer_;
};

class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/paddock-test-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

using ClientContext = std::shared_ptr<SSL_CTX>;
inline ClientContext client_context(const std::string& ca_pem) {
  ClientContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!ca_pem.empty()) {
    BIO* bio = BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size()));
    X509* ca = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca);
    X509_free(ca);
    BIO_free(bio);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  return context;
}

// A server on loopback: port() plain, tls_port() TLS.
class Edge {
 public:
  explicit Edge(appliance::EdgeServer::Handler handler,
                std::function<void(appliance::EdgeOptions&)> change = nullptr) {
    appliance::CertificateOptions options;
    options.dir = dir_.path() + "/tls";
    options.names = {"localhost", "127.0.0.1"};
    auto opened = appliance::Certificates::open(options, env_);
    if (!opened) std::abort();
    certificates_ = std::move(*opened);
    appliance::EdgeOptions edge;
    edge.listen = {{"127.0.0.1", 0, nullptr}, {"127.0.0.1", 0, certificates_.get()}};
    if (change) change(edge);
    hub_ = std::make_unique<appliance::StreamHub>(env_, appliance::HubOptions{2});
    server_ = std::make_unique<appliance::EdgeServer>(edge, env_, *hub_, std::move(handler));
    if (!server_->start()) std::abort();
    context_ = client_context(certificates_->ca_pem());
  }
  ~Edge() {
    server_->stop(env_.now());
    hub_->stop(env_.now());
  }

  uint16_t port() const { return server_->ports()[0]; }
  uint16_t tls_port() const { return server_->ports()[1]; }
  appliance::EdgeServer& server() { return *server_; }
  appliance::StreamHub& hub() { return *hub_; }
  appliance::RealEnv& env() { return env_; }
  appliance::Certificates& certificates() { return *certificates_; }
  SSL_CTX* context() { return context_.get(); }

 private:
  TempDir dir_;
  appliance::RealEnv env_;
  std::unique_ptr<appliance::Certificates> certificates_;
  std::unique_ptr<appliance::StreamHub> hub_;
  std::unique_ptr<appliance::EdgeServer> server_;
  ClientContext context_;
};

inline engine::Response text(std::string body, int status = 200) {
  engine::Response out;
  out.status = status;
  out.headers.add("Content-Type", "text/plain");
  out.body = std::move(body);
  return out;
}

// Waits until something is so; false after five seconds.
inline bool eventually(const std::function<bool()>& so) {
  for (int i = 0; i < 1000; ++i) {
    if (so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return so();
}

}  // namespace test
