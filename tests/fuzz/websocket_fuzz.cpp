// room: engine_base
// WebSocket frames: the same messages in whatever pieces they come; and what we frame ourselves is
// read back as it was.
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/base/websocket.h"

namespace ws = engine::websocket;

namespace {

struct Seen final : ws::Events {
  std::string log;
  void add(const char* what, std::string_view payload) {
    log += what;
    log += std::to_string(payload.size()) + ":";
    log += payload;
  }
  void on_message(ws::Opcode opcode, std::string_view payload) override {
    if (opcode == ws::Opcode::text && !engine::is_utf8(payload)) __builtin_trap();
    if (payload.size() > engine::limits::kWebSocketMessageBytes) __builtin_trap();
    add("M", payload);
  }
  void on_ping(std::string_view payload) override { add("i", payload); }
  void on_pong(std::string_view payload) override { add("o", payload); }
  void on_close(uint16_t code, std::string_view reason) override {
    add(std::to_string(code).c_str(), reason);
  }
};

std::string read(std::string_view text, size_t piece, ws::Side side) {
  ws::Reader reader(side);
  Seen seen;
  for (size_t at = 0; at < text.size(); at += piece) {
    if (auto failure = reader.feed(text.substr(at, piece), seen))
      return seen.log + "!" + std::to_string(failure->code);
  }
  return seen.log;
}

constexpr std::array<std::byte, 4> kKey = {std::byte{1}, std::byte{0x7f}, std::byte{0},
                                           std::byte{0xee}};

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {
      ws::frame(ws::Opcode::text, "hello"),
      ws::masked_frame(ws::Opcode::text, "hello", kKey) +
          ws::masked_frame(ws::Opcode::ping, "p", kKey),
      ws::masked_frame(ws::Opcode::binary, std::string(300, 'x'), kKey),
      ws::masked_frame(ws::Opcode::close, ws::close_payload(1000, "bye"), kKey),
      ws::frame(ws::Opcode::binary, std::string(70'000, 'y')),
  };
}

int fuzz_one(std::span<const std::byte> input) {
  std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  for (ws::Side side : {ws::Side::server, ws::Side::client}) {
    std::string whole = read(text, text.size() + 1, side);
    if (read(text, 1, side) != whole || read(text, 7, side) != whole) return 1;
  }
  std::string back = read(ws::masked_frame(ws::Opcode::binary, text, kKey), 1000, ws::Side::server);
  if (back != "M" + std::to_string(text.size()) + ":" + std::string(text)) return 2;
  if (read(ws::frame(ws::Opcode::binary, text), 1000, ws::Side::client) != back) return 3;
  return 0;
}
