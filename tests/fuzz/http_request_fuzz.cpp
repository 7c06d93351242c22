// room: appliance_edge
// The framing of requests: whatever comes, in whatever pieces, the reader says the same, takes no
// more than there is, and what it passes as a request has none of what it is there to keep out.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "appliance/edge/request_reader.h"

using appliance::RequestReader;

namespace {

struct Verdict {
  int code = 0;
  size_t used = 0;
  std::string head, body, path;
  bool operator==(const Verdict&) const = default;
};

Verdict read(std::string_view text, size_t piece) {
  static const RequestReader::Limits kLimits;
  RequestReader reader(kLimits);
  Verdict out;
  while (out.used < text.size() && !reader.done() && !reader.refused()) {
    std::string_view part = text.substr(out.used, piece);
    size_t took = reader.feed(part);
    if (took > part.size() || (took == 0 && !reader.refused())) __builtin_trap();
    out.used += took;
  }
  out.code = reader.done() ? 200 : reader.refused() ? reader.refusal().code : 0;
  if (reader.refused()) out.used = 0;  // how much of a bad request was looked at is of no interest
  if (reader.done()) {
    out.head = reader.head();
    out.body = reader.body();
    out.path = reader.path();
  }
  return out;
}

bool clean(const Verdict& verdict) {
  if (verdict.path.empty() || verdict.path[0] != '/') return false;
  if (verdict.path.find("//") != std::string::npos ||
      verdict.path.find("/../") != std::string::npos)
    return false;
  for (char c : verdict.path)
    if (static_cast<unsigned char>(c) < 0x20 || c == '\\') return false;
  for (size_t at = verdict.head.find('\n'); at != std::string::npos;
       at = verdict.head.find('\n', at + 1))
    if (at == 0 || verdict.head[at - 1] != '\r') return false;
  return verdict.body.size() <= engine::limits::kRequestBodyBytes;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {
      "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
      "POST /a%20b?x=y HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
      "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: "
      "100-continue\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: v\r\n\r\n",
      "GET http://h/p HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
      "\r\nOPTIONS /x/../y HTTP/1.1\r\nHost: h\r\nA : b\r\n c\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\n",
  };
}

int fuzz_one(std::span<const std::byte> input) {
  std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  Verdict whole = read(text, text.size() + 1);
  for (size_t piece : {1, 5})
    if (!(read(text, piece) == whole)) return 1;
  if (whole.code == 200 && !clean(whole)) return 2;
  return 0;
}
