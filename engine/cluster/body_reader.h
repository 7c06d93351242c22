// BodyReader: takes the framing off a request's body as it arrives, strictly: exactly
// Content-Length bytes, or chunks without extensions' tricks. What comes after the end is not the
// body: a client must not be able to write a request of its own onto a connection that carries our
// credential. Thread: one at a time. Owns: a few bytes of state. Source: RFC 9112 section 7.1.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/http.h"
#include "engine/base/status.h"

namespace engine {

class BodyReader {
 public:
  // None when the request has no body that streams. BadRequest for a length that is none.
  static Result<std::optional<BodyReader>> of(const Request& request);

  // Calls `take` with each piece of the body; BadRequest when the chunks are not well formed.
  Result<Unit> feed(std::string_view bytes, const std::function<void(std::string_view)>& take);
  bool chunked() const { return chunked_; }
  bool done() const { return state_ == State::done; }
  // The header that says the same of the body to the next server.
  std::string header() const;

 private:
  enum class State : uint8_t { data, size, data_end, trailer, done };
  BodyReader(bool chunked, uint64_t length)
      : chunked_(chunked),
        length_(length),
        left_(chunked ? 0 : length),
        state_(chunked ? State::size : State::data) {}
  Result<Unit> line(std::string_view line);

  bool chunked_;
  uint64_t length_;
  uint64_t left_;
  State state_;
  std::string line_;
};

}  // namespace engine
