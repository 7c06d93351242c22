// EdgeServer: the listening side. One lobby thread accepts, handshakes TLS, parks idle connections
// and reads until a whole request is there; a pool of threads runs the handler on complete requests
// and writes the answers; long-lived answers move to the StreamHub with their socket. No connection
// holds a thread, however slow, idle or hostile its other end is.
//   Response: written by the pool thread; what the socket does not take at once, the lobby writes
//   later. Stream:   head and bytes queued, then the socket and its TLS session belong to the hub.
//   When the stream calls release() the
//             connection comes back for the client's next request; bytes already sent by the client
//             are kept.
//   Pending:  the connection is parked until the Reply is called (once, any thread). A Reply that
//   is dropped uncalled answers 500.
// Thread: construct, start, stop from one thread; the handler is called from any pool thread, many
// at a time. Owns: all its sockets, its threads. Does not own: Env, hub, TLS source (they must
// outlive it).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/http.h"
#include "engine/base/limits.h"
#include "storage/base/env.h"

struct ssl_ctx_st;

namespace appliance {

class StreamHub;

// Where the TLS settings of the next handshake come from; Certificates is one. May answer
// differently each time (renewal).
class TlsSource {
 public:
  virtual ~TlsSource() = default;
  virtual std::shared_ptr<ssl_ctx_st> context() = 0;
};

struct Listen {
  std::string address = "127.0.0.1";  // numeric; "::" takes both families
  uint16_t port = 0;                  // 0: the system chooses, ports() tells
  TlsSource* tls = nullptr;           // none: plain HTTP
};

struct EdgeOptions {
  std::vector<Listen> listen;
  int pool_threads = 0;  // 0: 4 x cores, at least 32
  size_t head_bytes_max = engine::limits::kRequestHeadBytes;
  size_t connections_max = 0;  // 0: kConnections, or what RLIMIT_NOFILE leaves
  int handshake_timeout_ms = engine::limits::kHandshakeTimeoutMs;
  int header_timeout_ms = engine::limits::kHeaderTimeoutMs;
  int body_progress_timeout_ms = engine::limits::kBodyProgressTimeoutMs;
  int write_progress_timeout_ms = engine::limits::kWriteProgressTimeoutMs;
  int idle_timeout_ms = engine::limits::kIdleTimeoutMs;
  // The largest body that this method and decoded path may send; kRequestBodyBytes where it is not
  // set.
  std::function<size_t(std::string_view method, std::string_view path)> body_bytes_max;
  // Where this says so, a chunked body or one over 256 KiB is not read before the handler: its
  // Stream (client_bytes = deliver) gets it from on_bytes, still framed as the request's
  // Content-Length or Transfer-Encoding says. The connection serves no request after it.
  std::function<bool(std::string_view method, std::string_view path)> streams_body;
  std::string server_url;  // for the hint that plain HTTP gets on the TLS port; else the Host
                           // header is used
};

struct EdgeCounters {
  uint64_t accepted = 0;  // connections since the start
  uint64_t refused = 0;   // closed at accept: connection limit or no file descriptor
  uint64_t handshakes_failed = 0;
  uint64_t requests = 0;
  uint64_t bad_requests = 0;  // refused by the framing check
  uint64_t timeouts = 0;      // closed or answered 408
  uint64_t connections = 0;   // now, without those in the hub
  uint64_t running = 0;       // requests in a pool thread now
  uint64_t waiting = 0;       // complete requests without a thread now
  uint64_t pending = 0;       // parked until a reply
};

class EdgeServer {
 public:
  using Handler = std::function<engine::Answer(engine::Request&)>;

  EdgeServer(EdgeOptions options, storage::Env& env, StreamHub& hub, Handler handler);
  ~EdgeServer();  // as stop() with no time left
  EdgeServer(const EdgeServer&) = delete;
  EdgeServer& operator=(const EdgeServer&) = delete;

  // Binds and starts to serve. The error says which address could not be taken, and why.
  engine::Result<engine::Unit> start();
  const std::vector<uint16_t>& ports() const;  // of each Listen, in order, after start()

  // Stops accepting, lets requests that have begun end, closes idle connections; at the deadline
  // closes the rest. The hub's streams are ended by StreamHub::stop, which comes after.
  void stop(storage::Instant deadline);

  EdgeCounters counters() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with replies that are still out, weakly
};

}  // namespace appliance
