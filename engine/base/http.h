// Request, Response and the other answers a route may give: Stream (a long-lived answer, owned by
// the hub after hand-over), Pending (the answer comes later from another thread) and Late (what a
// thread that must not work replies: the answer is made by whoever sends it). The engine
// makes these; only appliance knows sockets. Thread: values, used by one thread at a time, except
// StreamSink (any thread). Owns: their bytes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/status.h"

namespace engine {

// Names compare without case; order and repeats are kept.
class Headers {
 public:
  std::string_view get(std::string_view name) const;  // the first one, or empty
  bool has(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  void add(std::string name, std::string value);
  void set(std::string name, std::string value);  // replaces all of that name
  void remove(std::string_view name);
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

// Decoded query parameters in order.
class Query {
 public:
  static Query parse(std::string_view raw);           // bad escapes are kept as they are
  std::string_view get(std::string_view name) const;  // the first one, or empty
  bool has(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

// Told by the registry of every write that is made in a user's name (engine/registry/registry.h).
class WriteTrail;

// Who asks, after authentication.
struct User {
  std::string name;  // system:anonymous, u-x7k2p, system:serviceaccount:ns:name
  std::string uid;
  std::vector<std::string> groups;  // system:authenticated, ...
  std::vector<std::pair<std::string, std::vector<std::string>>> extra;
  std::string token_name;          // the token object that let it in; empty for others
  std::string token_cluster = {};  // the only cluster that this token is good for; empty: all
  std::shared_ptr<WriteTrail> trail = nullptr;  // null: nobody asks
};

// The client certificate of a TLS connection, verified against the client CAs.
struct ClientCertificate {
  std::string common_name;                 // Kubernetes takes it as the user's name
  std::vector<std::string> organizations;  // and these as groups
  std::string sha256;                      // of the DER, lower-case hex
};

struct Request {
  std::string method;  // upper case
  std::string target;  // as received: path?query
  std::string path;    // decoded once; the edge refuses '..' and encoded slashes that would change
                       // its meaning
  std::string raw_query;
  Query query;
  Headers headers;
  std::string body;
  std::string peer;  // address of the other side, without port
  std::string scheme = "https";
  std::string id;                                        // of this request, for logs and audit
  std::shared_ptr<const ClientCertificate> certificate;  // null without one
  User user;                                             // set by the authenticate filter
  std::string via_cluster = {};  // the cluster whose proxy path this came by: "local" only
};

// The end of a long body: bytes that others hold too, sent as they lie and never copied into one.
class Parts {
 public:
  using List = std::vector<std::shared_ptr<const std::string>>;
  // `between` stands after each but the last, `after` after the last.
  Parts(List list, std::string between, std::string after);
  const List& list() const { return list_; }
  const std::string& between() const { return between_; }
  const std::string& after() const { return after_; }
  size_t bytes() const { return bytes_; }

 private:
  List list_;
  std::string between_, after_;
  size_t bytes_;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  std::shared_ptr<const Parts> parts = nullptr;  // follow the body
};

// Where a stream's bytes go. Bytes are written as given: whoever makes the stream does the chunk or
// WebSocket framing, once for all readers.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // False when the stream is closed, or has just been closed because its queue went over its byte
  // limit.
  virtual bool send(std::shared_ptr<const std::string> bytes) = 0;
  virtual size_t queued_bytes() const = 0;
  virtual void pause_reading() = 0;  // stop taking bytes from the client (back-pressure)
  virtual void resume_reading() = 0;
  virtual void finish() = 0;  // write what is queued, then close the connection
  virtual void
  release() = 0;  // write what is queued, then serve the client's next request on this connection
  virtual void abort() = 0;  // close now
};

// All calls come from one hub thread and must not block.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void on_open(
      std::shared_ptr<StreamSink> sink) = 0;  // the head has been queued; send the backlog here
  virtual void on_bytes(std::string_view) {}  // what the client sent after its request
  virtual void on_drained() {}     // the queue fell below half its limit after having been above
  virtual void on_client_end() {}  // the client will send no more
  virtual void on_closed() = 0;    // the last call
};

// What happens to bytes that the client sends after its request.
enum class ClientBytes : uint8_t {
  by_head,  // keep for an answer with a head that is not 101, deliver otherwise
  deliver,  // on_bytes
  keep,     // they belong to the next request, after release(); a client that ends its side is gone
};

struct StreamOptions {
  size_t queue_bytes_max =
      4u << 20;  // over it the stream is closed: the client resumes from its revision
  // Written when the server stops, before the end of the connection. Null: the last chunk where the
  // head says chunked, a close frame (1001) where it upgrades to a WebSocket, else nothing.
  std::shared_ptr<const std::string> farewell = nullptr;
  ClientBytes client_bytes = ClientBytes::by_head;
  bool half_close =
      false;  // after on_client_end the stream may go on sending; without this it is finished then
};

struct Stream {
  std::optional<Response> head;  // status line and headers, written first (body is ignored); none:
                                 // the handler writes everything
  std::unique_ptr<StreamHandler> handler;
  StreamOptions options = {};
};

struct Pending;
struct Late;
using Answer = std::variant<Response, Stream, Pending, Late>;
using Reply = std::function<void(Answer)>;  // to be called once, from any thread

struct Pending {
  std::function<void(Reply)> start;  // called once after the connection is parked
};

struct Late {
  std::function<Answer()> make;  // called once, by a thread that may work
};

}  // namespace engine
