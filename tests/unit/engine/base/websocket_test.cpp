#include <catch2/catch_test_macros.hpp>

#include "engine/base/websocket.h"

using namespace engine;
using namespace engine::websocket;

namespace {

struct Seen final : Events {
  std::vector<std::string> log;
  void on_message(Opcode opcode, std::string_view payload) override {
    log.push_back((opcode == Opcode::text ? "text " : "binary ") + std::string(payload));
  }
  void on_ping(std::string_view payload) override { log.push_back("ping " + std::string(payload)); }
  void on_pong(std::string_view payload) override { log.push_back("pong " + std::string(payload)); }
  void on_close(uint16_t code, std::string_view reason) override {
    log.push_back("close " + std::to_string(code) + " " + std::string(reason));
  }
};

constexpr std::array<std::byte, 4> kKey = {std::byte{0x12}, std::byte{0x34}, std::byte{0xab},
                                           std::byte{0xff}};

std::string masked(Opcode opcode, std::string_view payload) {
  return masked_frame(opcode, payload, kKey);
}

// A client's frame with the given first byte, as a fragmenting or breaking client would send it.
std::string raw(unsigned first, std::string_view payload) {
  std::string out = masked(Opcode::text, payload);
  out[0] = static_cast<char>(first);
  return out;
}

int failure(std::string_view bytes, size_t most = 1000) {
  Reader reader(Side::server, most);
  Seen seen;
  auto failed = reader.feed(bytes, seen);
  return failed ? failed->code : 0;
}

Request upgrade() {
  Request request;
  request.method = "GET";
  request.headers.add("Host", "paddock.example");
  request.headers.add("Connection", "keep-alive, Upgrade");
  request.headers.add("Upgrade", "WebSocket");
  request.headers.add("Sec-WebSocket-Version", "13");
  request.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  return request;
}

}  // namespace

TEST_CASE("frames are read back, from either side, however they are cut") {
  for (size_t size : {0, 1, 125, 126, 127, 65535, 65536, 200000}) {
    std::string payload(size, 'x');
    for (size_t piece : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
      for (Side side : {Side::server, Side::client}) {
        std::string bytes =
            side == Side::server ? masked(Opcode::binary, payload) : frame(Opcode::binary, payload);
        Reader reader(side);
        Seen seen;
        for (size_t at = 0; at < bytes.size(); at += piece)
          REQUIRE_FALSE(reader.feed(std::string_view(bytes).substr(at, piece), seen));
        REQUIRE(seen.log.size() == 1);
        CHECK(seen.log[0] == "binary " + payload);
      }
    }
  }
}

TEST_CASE("fragments make one message, control frames come between them") {
  Reader reader(Side::server);
  Seen seen;
  std::string bytes = raw(0x01, "one ") + masked(Opcode::ping, "p") + raw(0x00, "two ") +
                      masked(Opcode::pong, "q") + raw(0x80, "three");
  bytes += masked(Opcode::close, close_payload(1000, "done")) + "ignored";
  REQUIRE_FALSE(reader.feed(bytes, seen));
  CHECK(seen.log ==
        std::vector<std::string>{"ping p", "pong q", "text one two three", "close 1000 done"});
  CHECK(reader.closed());
}

TEST_CASE("a broken protocol ends with the code that the standard has for it") {
  CHECK(failure(frame(Opcode::text, "not masked")) == 1002);
  CHECK(failure(raw(0xc1, "x")) == 1002);                                // reserved bit
  CHECK(failure(raw(0x83, "x")) == 1002);                                // unknown opcode
  CHECK(failure(raw(0x80, "x")) == 1002);                                // continues nothing
  CHECK(failure(raw(0x01, "a") + raw(0x81, "b")) == 1002);               // begins within another
  CHECK(failure(raw(0x09, "a")) == 1002);                                // fragmented ping
  CHECK(failure(raw(0x89, std::string(126, 'p'))) == 1002);              // long ping
  CHECK(failure(std::string("\x81\xfe\x00\x05....hello", 13)) == 1002);  // length not shortest
  CHECK(failure(masked(Opcode::text, "\xff")) == 1007);
  CHECK(failure(masked(Opcode::text, "\xed\xa0\x80")) == 1007);
  CHECK(failure(masked(Opcode::close, "\x03")) == 1002);
  CHECK(failure(masked(Opcode::close, close_payload(1005, ""))) == 1002);
  CHECK(failure(masked(Opcode::close, close_payload(1000, "\xff"))) == 1007);
  CHECK(failure(masked(Opcode::binary, std::string(1001, 'x'))) == 1009);
  CHECK(failure(raw(0x02, std::string(600, 'x')) + raw(0x80, std::string(600, 'x'))) == 1009);
  CHECK(failure(std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff....", 14)) == 1009);
  Reader client(Side::client);
  Seen seen;
  CHECK(client.feed(masked(Opcode::text, "x"), seen)->code == 1002);
}

TEST_CASE(
    "a character cut by a fragment is whole in the message; a close reason is cut at a character") {
  Reader reader(Side::server);
  Seen seen;
  REQUIRE_FALSE(reader.feed(raw(0x01, "\xe2\x82") + raw(0x80, "\xac"), seen));
  CHECK(seen.log[0] == "text \xe2\x82\xac");
  std::string reason;
  for (int i = 0; i < 60; ++i) reason += "\xe2\x82\xac";
  std::string payload = close_payload(1001, reason);
  CHECK(payload.size() == 2 + 123);
  CHECK(close_payload(1001, "x" + reason).size() == 2 + 121);
}

TEST_CASE("the upgrade") {
  CHECK(accept_key("dGhlIHNhbXBsZSBub25jZQ==") ==
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455 section 1.3
  std::string chosen;
  auto good = accept(upgrade(), {}, chosen);
  REQUIRE(good);
  CHECK(good->status == 101);
  CHECK(good->headers.get("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK_FALSE(good->headers.has("Sec-WebSocket-Protocol"));

  Request request = upgrade();
  request.headers.add("Sec-WebSocket-Protocol", "v4.channel.k8s.io, v5.channel.k8s.io");
  REQUIRE(accept(request, {"v5.channel.k8s.io", "v4.channel.k8s.io"}, chosen));
  CHECK(chosen == "v5.channel.k8s.io");
  CHECK_FALSE(accept(request, {"other"}, chosen));

  request = upgrade();
  request.headers.set("Sec-WebSocket-Version", "8");
  CHECK(accept(request, {}, chosen).error().code() == 426);
  request = upgrade();
  request.headers.set("Sec-WebSocket-Key", "short");
  CHECK(accept(request, {}, chosen).error().code() == 400);
  request = upgrade();
  request.headers.remove("Upgrade");
  CHECK_FALSE(is_upgrade(request));
  CHECK(accept(request, {}, chosen).error().code() == 400);
}

TEST_CASE("the page that opens a socket must be ours") {
  Request request = upgrade();
  CHECK(origin_allowed(request, {}));  // no browser
  auto from = [&](const char* origin) {
    request.headers.set("Origin", origin);
    return origin_allowed(request, {"https://other.example:8443"});
  };
  CHECK(from("https://paddock.example"));
  CHECK(from("https://PADDOCK.example:443"));
  CHECK_FALSE(from("https://paddock.example:444"));
  CHECK_FALSE(from("https://evil.example"));
  CHECK_FALSE(from("https://paddock.example.evil.example"));
  CHECK_FALSE(from("null"));
  CHECK_FALSE(from(""));
  CHECK(from("https://other.example:8443"));
  CHECK_FALSE(from("https://other.example"));
}
