// The wire format, byte by byte, as remotedialer's own client and server write it.
#include <catch2/catch_all.hpp>

#include <limits>

#include "engine/tunnel/message.h"

using namespace engine;

TEST_CASE("varints are those of Go's encoding/binary") {
  const auto check = [](int64_t value, std::string_view bytes) {
    std::string out;
    append_varint(out, value);
    CHECK(out == bytes);
    std::string_view in = bytes;
    const auto back = take_varint(in);
    REQUIRE(back);
    CHECK(*back == value);
    CHECK(in.empty());
  };
  using std::string_view_literals::operator""sv;
  check(0, "\0"sv);
  check(-1, "\x01"sv);
  check(1, "\x02"sv);
  check(63, "\x7e"sv);
  check(64, "\x80\x01"sv);
  check(-65, "\x81\x01"sv);
  check(15'000, "\xb0\xea\x01"sv);
  check(std::numeric_limits<int64_t>::max(), "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv);
  check(std::numeric_limits<int64_t>::min(), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv);
  std::string_view cut = "\x80"sv;
  CHECK_FALSE(take_varint(cut));
  std::string_view endless = "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv;
  CHECK_FALSE(take_varint(endless));
}

TEST_CASE("a Data message carries the old deadline field, an Error does not") {
  const std::string data = encode_tunnel_message(5, 7, TunnelType::data, "hello");
  CHECK(data == std::string("\x0a\x0e\x02\xb0\xea\x01hello"));
  const auto read = decode_tunnel_message(data);
  REQUIRE(read);
  CHECK(read->id == 5);
  CHECK(read->conn == 7);
  CHECK(read->is(TunnelType::data));
  CHECK(read->body == "hello");
  CHECK(encode_tunnel_message(1, 2, TunnelType::error, "EOF") == std::string("\x02\x04\x06"
                                                                             "EOF"));
  CHECK_FALSE(decode_tunnel_message("\x0a\x0e\x02"));
  CHECK_FALSE(decode_tunnel_message(""));
}

TEST_CASE("addresses and lists of connections") {
  const auto address = decode_tunnel_address("tcp/10.0.0.1:443");
  REQUIRE(address);
  CHECK(address->proto == "tcp");
  CHECK(address->address == "10.0.0.1:443");
  CHECK_FALSE(decode_tunnel_address("tcp"));
  CHECK_FALSE(decode_tunnel_address("/x"));
  CHECK_FALSE(decode_tunnel_address("tcp/" + std::string(300, 'a')));
  const std::vector<TunnelConnId> ids = {2, 300, 1 << 20, -1};
  const auto back = decode_connection_ids(encode_connection_ids(ids));
  REQUIRE(back);
  CHECK(*back == ids);
  CHECK_FALSE(decode_connection_ids("1234567"));
}
