// HttpClient: asynchronous HTTP/1.1 to other servers, over any Dialer (plain TCP, TLS, a tunnel).
// Connections are kept per target for the next request; each request has a deadline until its head,
// and one between two pieces of its body. A 101 answer turns the connection into raw bytes for both
// sides (WebSocket, SPDY). A 3xx is an answer like any other: nothing is followed. Thread: any; a
// request's handler is called from one hub thread, in order. Owns: idle connections.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "appliance/net/dialer.h"
#include "engine/base/http.h"
#include "engine/base/status.h"
#include "storage/base/env.h"

namespace appliance {

struct OutRequest {
  std::string method = "GET";
  std::string target = "/";  // path?query, as it goes on the wire
  engine::Headers headers;   // Host and Content-Length are set by the client; Connection is kept
                             // only with Upgrade
  std::string body;
  // The body follows by Exchange::send(), as this header says: "Content-Length: 70000" or
  // "Transfer-Encoding: chunked" (the sender frames its chunks itself). Such a request has a
  // connection of its own.
  std::string body_follows = {};
  storage::Millis head_timeout{30'000};  // from send() to the answer's head, dialing included
  storage::Millis body_timeout{0};       // longest silence within the body; 0: none (watches, logs)
};

// What comes back. Exactly one of: head, body*, end | head, upgraded... (raw bytes as body), end |
// error at any time. closed() is last.
class Exchange;

class ResponseHandler {
 public:
  virtual ~ResponseHandler() = default;
  // First of all, by the thread that calls send(): who must hold back a fast answer keeps this, for
  // its first bytes may come before send() returns.
  virtual void on_begin(const std::shared_ptr<Exchange>&) {}
  // Status and headers; its body is empty. For 101 the exchange's send() writes raw bytes from now
  // on.
  virtual void on_head(engine::Response head) = 0;
  virtual void on_body(std::string_view bytes) = 0;  // chunking already taken off
  virtual void on_end() = 0;
  virtual void on_error(const engine::Status& why) = 0;
  virtual void on_drained() {}  // after 101: the queue fell below half its limit
};

// One request under way.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual void cancel() = 0;         // no more calls come soon after; the connection is closed
  virtual void pause_reading() = 0;  // back-pressure: stop taking bytes from the server
  virtual void resume_reading() = 0;
  // After a 101, and for a body that follows (held until the connection is there). False when
  // closed or over the queue's limit.
  virtual bool send(std::shared_ptr<const std::string> bytes) = 0;
  virtual size_t queued_bytes() const = 0;
  virtual void finish() = 0;  // after a 101: write what is queued, then close
  virtual void end_body() {}  // a body that follows is whole
};

struct HttpClientOptions {
  std::string host_header;  // empty: the endpoint
  size_t idle_max = engine::limits::kPoolIdlePerTarget;
  storage::Millis idle_timeout{engine::limits::kPoolIdleTimeoutMs};
};

// All requests of one target: one endpoint over one dialer (which carries TLS, client certificate
// and proxy).
class HttpClient {
 public:
  HttpClient(storage::Env& env, StreamHub& hub, Dialer& dialer, Endpoint to,
             HttpClientOptions options = {});
  ~HttpClient();  // closes idle connections; requests under way end with an error
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The handler is deleted after its last call. A request that may be sent twice without harm (GET,
  // HEAD, OPTIONS, PUT, DELETE) is tried once more when a kept connection turns out closed before
  // any byte of the answer.
  std::shared_ptr<Exchange> send(OutRequest request, std::unique_ptr<ResponseHandler> handler);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace appliance
