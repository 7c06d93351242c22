// ResponseParser: answers of other servers, as bytes arrive: status line and headers, then a body
// by Content-Length, chunks, or the end of the connection. Interim answers (1xx but 101) are passed
// over. A peer that breaks the framing is not guessed at. Thread: one at a time. Owns: the head
// under way. Source: RFC 9112.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/http.h"
#include "engine/base/status.h"

namespace appliance {

class ResponseParser {
 public:
  class Events {
   public:
    virtual ~Events() = default;
    virtual void on_head(engine::Response head) = 0;
    virtual void on_body(std::string_view bytes) = 0;
  };

  // For the answer to a request of this method (HEAD has no body).
  explicit ResponseParser(std::string method) : method_(std::move(method)) {}

  // Takes bytes up to the end of the answer and says how many; an error is final.
  engine::Result<size_t> feed(std::string_view bytes, Events& events);
  // The connection has ended: an error unless that is how this body ends, or it had ended before.
  engine::Result<engine::Unit> end();

  bool begun() const { return begun_; }  // any byte has come
  bool head_done() const { return phase_ != Phase::head; }
  bool done() const { return phase_ == Phase::done; }
  bool upgraded() const { return phase_ == Phase::raw; }
  // After done(): the connection may carry another request.
  bool reusable() const { return done() && keep_alive_; }

 private:
  enum class Phase : uint8_t {
    head,
    length,
    chunk_size,
    chunk_data,
    chunk_end,
    trailer,
    until_end,
    raw,
    done
  };

  engine::Result<size_t> feed_head(std::string_view bytes, Events& events);
  engine::Result<size_t> feed_line(std::string_view bytes);
  engine::Result<engine::Unit> head_now(Events& events);
  engine::Result<engine::Unit> frame(const engine::Response& head, bool http10);

  std::string method_;
  Phase phase_ = Phase::head;
  bool begun_ = false;
  bool keep_alive_ = true;
  size_t line_at_ = 0;
  uint64_t left_ = 0;
  std::string buffer_;  // the head, or a line of chunked coding
};

}  // namespace appliance
