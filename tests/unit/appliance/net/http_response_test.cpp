#include <catch2/catch_test_macros.hpp>

#include "appliance/net/http_response.h"

using appliance::ResponseParser;

namespace {

struct Seen final : ResponseParser::Events {
  engine::Response head;
  std::string body;
  int heads = 0;
  void on_head(engine::Response in) override {
    head = std::move(in);
    ++heads;
  }
  void on_body(std::string_view bytes) override { body += bytes; }
};

// Feeds in pieces of each size, so that every boundary is crossed.
void expect(const std::string& text, const std::string& body, size_t used_wanted,
            const std::string& method = "GET") {
  for (size_t piece : {1, 2, 3, 7, 1000}) {
    ResponseParser parser(method);
    Seen seen;
    size_t used = 0;
    while (used < text.size() && !parser.done()) {
      auto took = parser.feed(std::string_view(text).substr(used, piece), seen);
      REQUIRE(took);
      used += *took;
    }
    CHECK(seen.heads == 1);
    CHECK(seen.body == body);
    CHECK(used == used_wanted);
  }
}

std::string refused(const std::string& text) {
  ResponseParser parser("GET");
  Seen seen;
  auto took = parser.feed(text, seen);
  if (took && !parser.done()) {
    auto end = parser.end();
    return end ? "" : end.error().message();
  }
  return took ? "" : took.error().message();
}

}  // namespace

TEST_CASE("answers are framed by length, chunks, the end of the connection, or nothing") {
  std::string plain = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  expect(plain + "HTTP/1.1", "hello", plain.size());
  std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: "
      "y\r\n\r\n";
  expect(chunked + "more", "hello!", chunked.size());
  std::string open = "HTTP/1.1 200 OK\r\n\r\nuntil the end";
  expect(open, "until the end", open.size());
  std::string none = "HTTP/1.1 204 No Content\r\n\r\n";
  expect(none + "x", "", none.size());
  std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
  expect(head + "x", "", head.size(), "HEAD");
  std::string interim =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 "
      "200\r\nContent-Length: 0\r\n\r\n";
  expect(interim, "", interim.size());
  std::string upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nraw\0bytes";
  expect(upgrade, "raw", upgrade.size());
}

TEST_CASE("whether a connection may be used again") {
  auto reusable = [](const std::string& text) {
    ResponseParser parser("GET");
    Seen seen;
    REQUIRE(parser.feed(text, seen));
    return parser.reusable();
  };
  CHECK(reusable("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  CHECK_FALSE(reusable("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
  CHECK_FALSE(reusable("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  CHECK(reusable("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"));
  CHECK_FALSE(reusable("HTTP/1.1 200 OK\r\n\r\nx"));
}

TEST_CASE("an answer that breaks the framing is refused with what is wrong") {
  CHECK(refused("SSH-2.0-OpenSSH\r\n\r\n").find("status line") != std::string::npos);
  CHECK(refused("HTTP/1.1 200 OK\nA: b\r\n\r\n").find("bare LF") != std::string::npos);
  CHECK(refused("HTTP/1.1 2x0 OK\r\n\r\n").find("status code") != std::string::npos);
  CHECK(refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
            .find("different") != std::string::npos);
  CHECK(refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
            .find("both") != std::string::npos);
  CHECK(refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n").find("unknown") !=
        std::string::npos);
  CHECK(refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").find("no size") !=
        std::string::npos);
  CHECK(refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n").find("chunk") !=
        std::string::npos);
  CHECK(refused("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort").find("middle") !=
        std::string::npos);
  CHECK(refused("HTTP/1.1 200 OK\r\nNo-Colon\r\n\r\n").find("no name") != std::string::npos);
  CHECK(refused(std::string("HTTP/1.1 200 OK\r\nA: ") + std::string(300'000, 'x'))
            .find("too large") != std::string::npos);
}
