// Link: one accepted or connected socket, with its TLS session if it has one, moved between the
// lobby, a pool thread and the hub. Reads and writes never block; a TLS session and a plain socket
// look the same from above. After a TLS 1.3 handshake the SSL object is given up for TlsRecords,
// which needs some hundred bytes. Thread: one at a time (whoever holds it). Owns: the file
// descriptor and the TLS session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "appliance/edge/tls_records.h"
#include "engine/base/http.h"

struct ssl_st;
struct ssl_ctx_st;

namespace appliance {

enum class Io : uint8_t {
  ok,          // some bytes moved
  want_read,   // nothing until the socket is readable
  want_write,  // nothing until the socket is writable
  end,         // the other side closed its direction properly
  broken,      // reset, TLS failure, truncated
};

class Link {
 public:
  Link();
  Link(int fd, std::string peer);
  Link(Link&&) noexcept;
  Link& operator=(Link&&) noexcept;
  ~Link();  // closes without waiting; a TLS session sends close_notify if it can at once

  explicit operator bool() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  bool is_tls() const { return ssl_ != nullptr || secure_ != nullptr; }
  const std::string& peer() const { return peer_; }
  const std::shared_ptr<const engine::ClientCertificate>& certificate() const {
    return certificate_;
  }

  // Server side of TLS over this socket. handshake() is repeated until it says ok.
  bool start_tls(ssl_ctx_st* context);
  Io handshake();

  // `into` has room for 17 KiB or more.
  Io read(std::span<char> into, size_t& got);
  // Bytes that are taken may still wait in encrypted form: flush() says ok when the socket has them
  // all.
  Io write(std::string_view from, size_t& put);
  // Two pieces, one TLS record or one system call where they fit.
  Io write(std::string_view first, std::string_view second, size_t& put);
  Io flush();
  // False when the last read left nothing in the socket and in the TLS session: the next bytes come
  // with a new event.
  bool more_to_read() const;
  void shutdown_write();
  void close();

 private:
  Io read_records(std::span<char> into, size_t& got);
  Io write_records(std::string_view first, std::string_view second, size_t& put);
  void say_close();
  Io send_some(std::string_view bytes, size_t& put);

  int fd_ = -1;
  bool drained_ = false;  // the last recv() gave less than it was asked for
  ssl_st* ssl_ = nullptr;
  struct Secure;
  std::unique_ptr<Secure> secure_;
  std::string peer_;
  std::shared_ptr<const engine::ClientCertificate> certificate_;
};

}  // namespace appliance
