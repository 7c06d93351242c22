// HttpEngine: one request through cpp-httplib: its Server::process_request runs on a Stream of ours
// that has no socket behind it. It carries the request through the handler, catches what the
// handler throws, and writes the answer's head. It is shown the request line and the Connection
// header only: it would decode escapes in header values, lose the order of headers and answer Range
// by itself. Bodies do not pass through it either way, so they are never copied. Thread: one each.
// Owns: its httplib::Server.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "appliance/edge/request_reader.h"
#include "engine/base/http.h"

namespace appliance {

// What stays of a request when its answer comes later.
struct RequestLine {
  std::string method;
  std::string target;
  bool http10 = false;
  bool keep_alive = true;
};

struct Outcome {
  std::string head;  // status line and headers as they go on the wire; empty when there is nothing
                     // to write yet
  std::string body;
  std::shared_ptr<const engine::Parts> parts;  // follow the body
  bool close = false;                          // the connection ends after this answer
  std::optional<engine::Stream> stream;  // after `head`, unless the stream writes everything itself
  std::optional<engine::Pending> pending;
};

class HttpEngine {
 public:
  using Handler = std::function<engine::Answer(engine::Request&)>;

  explicit HttpEngine(const Handler& handler);  // the handler must outlive it
  ~HttpEngine();
  HttpEngine(const HttpEngine&) = delete;
  HttpEngine& operator=(const HttpEngine&) = delete;

  // Calls the handler and writes its answer.
  Outcome run(const RequestLine& line, engine::Request& request);
  // Writes an answer that came later. `close_after` because the server is stopping, for instance.
  Outcome answer(const RequestLine& line, engine::Answer answer);
  void set_closing(
      std::function<bool()> closing);  // asked at each answer: is this connection to end after it

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace appliance
