// WebSocket (RFC 6455) as a pure state machine, for either side: bytes in, messages out; frames to
// send are strings that may be shared by many streams (a server's frames are not masked). No
// extensions are offered or accepted. Text is checked to be UTF-8. Thread: a value used by one
// thread at a time. Owns: the message it is collecting.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/http.h"
#include "engine/base/limits.h"
#include "engine/base/status.h"

namespace engine::websocket {

enum class Opcode : uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10
};
enum class Side : uint8_t { server, client };

// A whole frame as a server sends it.
std::string frame(Opcode opcode, std::string_view payload);
// As a client sends it: masked with `key` (from Env::random_secret, new for each frame).
std::string masked_frame(Opcode opcode, std::string_view payload, std::array<std::byte, 4> key);
// The payload of a close frame.
std::string close_payload(uint16_t code, std::string_view reason);

// What the other side sent. `payload` is valid during the call only.
class Events {
 public:
  virtual ~Events() = default;
  virtual void on_message(Opcode opcode,
                          std::string_view payload) = 0;  // text or binary, all fragments
  virtual void on_ping(std::string_view payload) = 0;     // answer with a pong of the same payload
  virtual void on_pong(std::string_view payload) { (void)payload; }
  virtual void on_close(
      uint16_t code,
      std::string_view reason) = 0;  // answer with a close; 1005 where none was given
};

class Reader {
 public:
  explicit Reader(Side own_side, size_t message_bytes_max = limits::kWebSocketMessageBytes)
      : side_(own_side), message_bytes_max_(message_bytes_max) {}
  // Nothing, or the close code and text to send before closing (1002 protocol, 1007 not UTF-8, 1009
  // too big). Bytes after a close frame are ignored.
  struct Failure {
    uint16_t code;
    std::string reason;
  };
  std::optional<Failure> feed(std::string_view bytes, Events& events);
  bool closed() const { return closed_; }

 private:
  std::optional<Failure> step(std::string_view& bytes, Events& events);
  size_t header_needs() const;
  std::optional<Failure> header_done();
  std::optional<Failure> frame_done(Events& events);

  Side side_;
  size_t message_bytes_max_;
  bool closed_ = false;
  bool in_frame_ = false;
  bool fin_ = false;
  Opcode opcode_ = Opcode::continuation;  // of the frame under way
  std::optional<Opcode> message_opcode_;  // of the message under way
  std::array<unsigned char, 14> header_{};
  uint8_t header_size_ = 0;
  uint64_t left_ = 0;  // of the frame under way
  uint64_t mask_at_ = 0;
  std::array<unsigned char, 4> mask_{};
  std::string message_;
  std::string control_;
};

// Sec-WebSocket-Accept of a key.
std::string accept_key(std::string_view key);

// Checks an upgrade request and makes its 101 answer. `protocols`: those we speak, best first; the
// first that the client offers is chosen (in `chosen`, empty when it offered none). An offer
// without any that we speak is 400.
Result<Response> accept(const Request& request, std::initializer_list<std::string_view> protocols,
                        std::string& chosen);
bool is_upgrade(const Request& request);

// A browser says where a page comes from; without an Origin it is no browser. True when Origin's
// host and port are those of Host, or those of one of `allowed` (scheme://host[:port]).
bool origin_allowed(const Request& request, std::initializer_list<std::string_view> allowed);

}  // namespace engine::websocket
