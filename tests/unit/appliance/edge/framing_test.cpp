#include <catch2/catch_test_macros.hpp>

#include "appliance/edge/request_reader.h"
#include "tests/support/edge_client.h"

using appliance::RequestReader;

namespace {

const RequestReader::Limits kLimits;

// The code that a whole text is refused with; 200 when it is taken, 0 when it is not complete. In
// pieces of several sizes, which must not matter.
int code_of(const std::string& text, const RequestReader::Limits& limits = kLimits) {
  int first = -1;
  for (size_t piece : {size_t{1}, size_t{3}, size_t{17}, text.size()}) {
    RequestReader reader(limits);
    for (size_t at = 0; at < text.size() && !reader.done() && !reader.refused(); at += piece)
      reader.feed(std::string_view(text).substr(at, piece));
    int code = reader.done() ? 200 : reader.refused() ? reader.refusal().code : 0;
    if (first >= 0 && code != first) return -1;
    first = code;
  }
  return first;
}

int with_line(const std::string& line) {
  return code_of("GET / HTTP/1.1\r\nHost: h\r\n" + line + "\r\n\r\n");
}
int with_path(const std::string& path) {
  return code_of("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
}
int with_body(const std::string& lines, const std::string& body) {
  return code_of("POST / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n" + body);
}

}  // namespace

TEST_CASE("framing: both Content-Length and Transfer-Encoding") {
  CHECK(with_body("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n") == 400);
  CHECK(with_body("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n") == 400);
}

TEST_CASE("framing: lines end with CR LF, and nothing else") {
  CHECK(code_of("GET / HTTP/1.1\nHost: h\n\n") == 400);
  CHECK(code_of("GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n") == 400);
  CHECK(code_of("GET / HTTP/1.1\r\nHost: h\r\n\n") == 400);
  CHECK(code_of("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n") == 400);
  CHECK(code_of("GET / HTTP/1.1\r\nHost: h\r\r\n\r\n") == 400);
  CHECK(code_of("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n") ==
        200);  // one empty line before is overlooked
  CHECK(code_of("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
}

TEST_CASE("framing: header lines") {
  CHECK(with_line("A: b") == 200);
  CHECK(with_line("A:b") == 200);
  CHECK(with_line("A:") == 200);
  CHECK(with_line("A: \xc3\xa9") == 200);
  CHECK(with_line("A : b") == 400);
  CHECK(with_line("A\t: b") == 400);
  CHECK(with_line(": b") == 400);
  CHECK(with_line("no colon") == 400);
  CHECK(with_line("A: b\r\n folded") == 400);
  CHECK(with_line("A: b\r\n\tfolded") == 400);
  CHECK(code_of("GET / HTTP/1.1\r\n Host: h\r\n\r\n") == 400);
  CHECK(with_line(std::string("A: b\0c", 6)) == 400);
  CHECK(with_line("A: b\x01") == 400);
  CHECK(with_line("A: b\x7f") == 400);
  CHECK(with_line("A(): b") == 400);
  CHECK(with_line("\xc3\xa9: b") == 400);
}

TEST_CASE("framing: Host") {
  CHECK(code_of("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(code_of("GET / HTTP/1.0\r\n\r\n") == 200);
  CHECK(with_line("Host: other") == 400);
  CHECK(code_of("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == 400);
  CHECK(code_of("GET / HTTP/1.1\r\nHost: user@h\r\n\r\n") == 400);
}

TEST_CASE("framing: Content-Length") {
  CHECK(with_body("Content-Length: 2\r\n", "ab") == 200);
  CHECK(with_body("Content-Length: 0\r\n", "") == 200);
  CHECK(with_body("Content-Length: 3\r\n", "ab") == 0);
  for (const char* value :
       {"", "-1", "+1", "1a", "0x1", "1 2", "1,1", "1.0", "99999999999999999999"})
    CHECK(with_body("Content-Length: " + std::string(value) + "\r\n", "a") == 400);
  CHECK(with_body("Content-Length: 1\r\nContent-Length: 1\r\n", "a") == 400);
  CHECK(with_body("Content-Length: 1\r\nContent-Length: 2\r\n", "a") == 400);
}

TEST_CASE("framing: Transfer-Encoding") {
  CHECK(with_body("Transfer-Encoding: chunked\r\n", "0\r\n\r\n") == 200);
  CHECK(with_body("Transfer-Encoding: Chunked\r\n", "0\r\n\r\n") == 200);
  CHECK(with_body("Transfer-Encoding: gzip\r\n", "") == 501);
  CHECK(with_body("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n") == 501);
  CHECK(with_body("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n") == 501);
  CHECK(with_body("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n") ==
        400);
  CHECK(code_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
}

TEST_CASE("framing: chunks") {
  auto chunks = [](const std::string& body) {
    return with_body("Transfer-Encoding: chunked\r\n", body);
  };
  CHECK(chunks("3\r\nabc\r\n0\r\n\r\n") == 200);
  CHECK(chunks("A\r\n0123456789\r\n0\r\n\r\n") == 200);
  CHECK(chunks("3;name=value\r\nabc\r\n0\r\nTrailer: x\r\n\r\n") == 200);
  CHECK(chunks("3 ; x\r\nabc\r\n0\r\n\r\n") == 200);
  CHECK(chunks("3\r\nabc") == 0);
  CHECK(chunks("3\nabc\r\n0\r\n\r\n") == 400);
  CHECK(chunks("3\r\nabcd\r\n0\r\n\r\n") == 400);
  CHECK(chunks("3\r\nabc\n0\r\n\r\n") == 400);
  CHECK(chunks("\r\nabc\r\n0\r\n\r\n") == 400);
  CHECK(chunks("-3\r\nabc\r\n0\r\n\r\n") == 400);
  CHECK(chunks("0x3\r\nabc\r\n0\r\n\r\n") == 400);
  CHECK(chunks("3 3\r\nabc\r\n0\r\n\r\n") == 400);
  CHECK(chunks("fffffffffffffffff\r\nabc") == 400);
  CHECK(chunks("ffffffffffff\r\nabc") == 413);
  CHECK(chunks("3;" + std::string(300, 'x') + "\r\nabc\r\n0\r\n\r\n") == 400);
  CHECK(chunks("0\r\nBad Trailer: x\r\n\r\n") == 400);
  CHECK(chunks("0\r\nT: " + std::string(9000, 'x') + "\r\n\r\n") == 431);
}

TEST_CASE("framing: sizes") {
  CHECK(with_line("A: " + std::string(70'000, 'x')) == 431);
  CHECK(code_of("GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(1u << 20, 'x')) == 431);
  CHECK(with_path("/" + std::string(40'000, 'x')) == 414);
  std::string many;
  for (int i = 0; i < 250; ++i) many += "A" + std::to_string(i) + ": b\r\n";
  CHECK(with_line(many + "Z: z") == 431);
  CHECK(with_body("Content-Length: 104857600\r\n", "") == 413);
  RequestReader::Limits limits;
  limits.body_bytes = [](std::string_view method, std::string_view path) {
    return method == "POST" && path == "/big" ? size_t{10} << 20 : size_t{4};
  };
  CHECK(code_of("POST /big HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcde", limits) == 200);
  CHECK(code_of("POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcde", limits) ==
        413);
  CHECK(code_of("POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                limits) == 413);
}

TEST_CASE("framing: request lines") {
  CHECK(code_of("GET / HTTP/1.1\r\nHost: h\r\n\r\n") == 200);
  CHECK(code_of("GET  / HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(code_of("GET /  HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(code_of("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(code_of("GET /\r\nHost: h\r\n\r\n") == 400);
  CHECK(code_of("GET\r\n\r\n") == 400);
  CHECK(code_of("GET / HTTP/1.1 \r\nHost: h\r\n\r\n") == 400);
  CHECK(code_of("GET / http/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(code_of("GET / HTTP/2.0\r\nHost: h\r\n\r\n") == 505);
  CHECK(code_of("GET / HTTP/0.9\r\n\r\n") == 505);
  CHECK(code_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
  CHECK(code_of("BREW / HTTP/1.1\r\nHost: h\r\n\r\n") == 501);
  CHECK(code_of("get / HTTP/1.1\r\nHost: h\r\n\r\n") == 501);
  CHECK(code_of("G@T / HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(code_of("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n") == 405);
  CHECK(code_of("TRACE / HTTP/1.1\r\nHost: h\r\n\r\n") == 405);
  CHECK(code_of("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(code_of("\x16\x03\x01\x02\r\n\r\n") == 400);
  CHECK(code_of("GET http://h/x?y HTTP/1.1\r\nHost: h\r\n\r\n") == 200);
  CHECK(code_of("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(code_of("GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
}

TEST_CASE("framing: paths that could mean two things are refused") {
  for (const char* path :
       {"/a%2fb",    "/a%2Fb",  "/a%5cb", "/a\\b", "/a%00b",    "/..", "/../x", "/a/../b", "/a/..",
        "/%2e%2e/x", "/.%2E/x", "/./x",   "/a/.",  "//",        "//x", "/a//b", "/a%0ab",  "/a%7fb",
        "/a%zzb",    "/a%2",    "/a%",    "/a#b",  "/\xc3\xa9", "x",   "../x",  "*"})
    CHECK(with_path(path) == 400);
  for (const char* path : {"/", "/a", "/a/", "/a.b/..c", "/...", "/a%20b", "/a%c3%a9", "/a:b@c",
                           "/a?b=//../%2f%00", "/?", "/a+b", "/a;b=c"})
    CHECK(with_path(path) == 200);
  // The one id with slashes names nothing but itself, whatever it holds; NUL and the rest do not.
  for (const char* path : {"/v3/principals/local%3A%2F%2Fu-1", "/v3/principals/local://u-1",
                           "/v3/principals/a/../x", "/v3/principals/a?b"})
    CHECK(with_path(path) == 200);
  for (const char* path :
       {"/v3/principals/a%00", "/v3/principals/../x", "/v3/principals/a%5cb", "/v3/../principals/x",
        "/v3//principals/x", "/v3/principalsx/a%2fb", "/v3/principals%2fa/b"})
    CHECK(with_path(path) == 400);
}

TEST_CASE("a request from a checked head") {
  RequestReader reader(kLimits);
  std::string text =
      "PUT /a%20b/c?x=1&y=%20z&x=2 HTTP/1.1\r\nHost: h\r\nX-A:  one \r\nx-a: "
      "two\r\nContent-Length: 2\r\n\r\nokNEXT";
  CHECK(reader.feed(text) == text.size() - 4);
  REQUIRE(reader.done());
  auto request = appliance::make_request(reader);
  CHECK(request.method == "PUT");
  CHECK(request.target == "/a%20b/c?x=1&y=%20z&x=2");
  CHECK(request.path == "/a b/c");
  CHECK(request.raw_query == "x=1&y=%20z&x=2");
  CHECK(request.query.get("y") == " z");
  CHECK(request.query.all("x").size() == 2);
  auto values = request.headers.all("X-A");
  REQUIRE(values.size() == 2);
  CHECK(values[0] == "one");
  CHECK(values[1] == "two");
  CHECK(request.body == "ok");
}

TEST_CASE("header values reach the handler as they were sent") {
  // cpp-httplib would decode the escapes: an identity could be written in a way that only one of
  // two servers understands.
  test::Edge edge([](engine::Request& request) -> engine::Answer {
    return test::text(std::string(request.headers.get("Authorization")) + "|" +
                      std::string(request.headers.get("Range")));
  });
  test::Client client(edge.port());
  auto answer = client.ask(
      "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a%2Fb+%41\r\nRange: bytes=0-1\r\n\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.body == "Bearer a%2Fb+%41|bytes=0-1");
}

TEST_CASE("refusals are Status JSON, then the connection ends, and others go on") {
  test::Edge edge([](engine::Request&) -> engine::Answer { return test::text("fine"); });
  struct Case {
    std::string bytes;
    int code;
    const char* reason;
  };
  const Case cases[] = {
      {"GET /a%2fb HTTP/1.1\r\nHost: h\r\n\r\n", 400, "BadRequest"},
      {"GET / HTTP/1.1\nHost: h\n\n", 400, "BadRequest"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 104857600\r\n\r\n", 413,
       "RequestEntityTooLarge"},
      {"GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(1u << 20, 'x'), 431,
       "RequestHeaderFieldsTooLarge"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "NotImplemented"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTPVersionNotSupported"},
  };
  for (const auto& one : cases) {
    for (bool secure : {false, true}) {
      test::Client client(secure ? edge.tls_port() : edge.port());
      if (secure) REQUIRE(client.tls(edge.context()));
      client.send(one.bytes);
      auto answer = client.answer();
      CHECK(answer.status == one.code);
      CHECK(answer.head.find("Connection: close\r\n") != std::string::npos);
      CHECK(answer.head.find("Content-Type: application/json\r\n") != std::string::npos);
      CHECK(answer.body.find("\"kind\":\"Status\"") != std::string::npos);
      CHECK(answer.body.find("\"reason\":\"" + std::string(one.reason) + "\"") !=
            std::string::npos);
      CHECK(client.closed());
    }
    test::Client other(edge.port());
    CHECK(other.get("/").status == 200);
  }
  CHECK(edge.server().counters().bad_requests == 12);
}

TEST_CASE("a body of 100 MB that is sent all the same gets its 413 and harms nobody") {
  test::Edge edge([](engine::Request&) -> engine::Answer { return test::text("fine"); });
  test::Client client(edge.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 104857600\r\n\r\n");
  std::string piece(1u << 20, 'x');
  for (int i = 0; i < 100 && client.send(piece); ++i) {
  }
  CHECK(client.answer().status == 413);
  test::Client other(edge.port());
  CHECK(other.get("/").status == 200);
}
