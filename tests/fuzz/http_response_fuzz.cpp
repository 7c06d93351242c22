// room: appliance_net
// Answers of other servers: the parser says the same in whatever pieces they come.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "appliance/net/http_response.h"

using appliance::ResponseParser;

namespace {

struct Verdict final : ResponseParser::Events {
  int status = 0;
  std::string body;
  bool failed = false, done = false, reusable = false;
  size_t used = 0;
  void on_head(engine::Response head) override { status = head.status; }
  void on_body(std::string_view bytes) override { body += bytes; }
};

Verdict read(std::string_view text, size_t piece) {
  ResponseParser parser("GET");
  Verdict out;
  while (out.used < text.size() && !parser.done()) {
    std::string_view part = text.substr(out.used, piece);
    auto took = parser.feed(part, out);
    if (!took) {
      out.failed = true;
      break;
    }
    if (*took > part.size() || *took == 0) __builtin_trap();
    out.used += *took;
  }
  out.done = parser.done();
  out.reusable = parser.reusable();
  return out;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
      "HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\n\r\nall",
      "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nraw",
  };
}

int fuzz_one(std::span<const std::byte> input) {
  std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  Verdict whole = read(text, text.size() + 1);
  for (size_t piece : {1, 5}) {
    Verdict other = read(text, piece);
    if (other.failed != whole.failed || other.status != whole.status || other.done != whole.done)
      return 1;
    if (!whole.failed &&
        (other.body != whole.body || other.used != whole.used || other.reusable != whole.reusable))
      return 2;
  }
  return 0;
}
