// StreamHub: 1 to 4 threads, each with an epoll of its own, that move the bytes of every long-lived
// connection: watches and WebSockets after their first answer, proxied connections, outbound
// connections of net/. A frame given to many streams is shared; only TLS encrypts it per
// connection. A stream whose reader is slow fills its own queue and is closed when that is full;
// nobody else waits. Rules for handlers: all calls for one connection come from one hub thread, in
// order, on_closed last; they must not block. send(), finish(), abort() ... may be called from any
// thread, also from inside a handler call, and never call a handler themselves. Thread: any. Owns:
// its threads, its sockets, the handlers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "appliance/edge/link.h"
#include "engine/base/http.h"
#include "storage/base/env.h"

namespace appliance {

// A handler of an outbound connection. Opened: on_open(sink), then bytes, drained, end, closed as
// for any stream.
class ConnectionHandler : public engine::StreamHandler {
 public:
  // Why the connection could not be made (on_open is not called then) or broke. on_closed follows.
  virtual void on_error(const engine::Status& why) { (void)why; }
};

struct HubOptions {
  int shards = 0;  // 0: by cores, 1 to 4
};

struct HubCounters {
  uint64_t streams = 0;      // now
  uint64_t adopted = 0;      // server connections taken over since the start
  uint64_t connected = 0;    // outbound connections made since the start
  uint64_t closed_slow = 0;  // closed because their queue went over its limit
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;     // plaintext
  uint64_t queued_bytes = 0;  // now; a shared frame counts in each queue
};

// What the lobby hands over.
struct Adopted {
  Link link;
  std::string head;   // status line and headers, written first
  std::string input;  // what the client sent after its request
  std::unique_ptr<engine::StreamHandler> handler;
  engine::StreamOptions options;
  // Takes the connection back after release(), with what the client has sent meanwhile. Any thread.
  std::function<void(Link, std::string input)> give_back;
};

// A numeric address to connect to; names are resolved by net/ before.
struct SocketAddress {
  std::string address;  // "10.0.0.1", "::1"
  uint16_t port = 0;
};

using TimerId = uint64_t;

class StreamHub {
 public:
  StreamHub(storage::Env& env, HubOptions options);
  ~StreamHub();
  StreamHub(const StreamHub&) = delete;
  StreamHub& operator=(const StreamHub&) = delete;

  void adopt(Adopted connection);
  // A plain TCP connection. TLS on top of it, or of any other byte channel, is net/tls_dialer.h.
  void connect(SocketAddress to, std::unique_ptr<ConnectionHandler> handler,
               engine::StreamOptions options, storage::Instant deadline);

  // Runs a task once on a hub thread. It must not block.
  TimerId after(storage::Millis delay, storage::Task task);
  bool cancel(TimerId timer);  // true: it will not run (false: it ran, or runs now)
  void post(storage::Task task);

  // Ends every stream properly (its farewell, then the end of the connection) and stops the
  // threads; at the deadline closes the rest.
  void stop(storage::Instant deadline);
  HubCounters counters() const;
  storage::Env& env();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace appliance
