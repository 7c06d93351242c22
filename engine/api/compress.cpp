#include "engine/api/compress.h"

#define ZLIB_CONST
#include <zlib.h>

namespace engine {
namespace {

constexpr size_t kLeastBytes = 128u << 10;
constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for a gzip header

bool takes_gzip(const Request& request) {
  auto accepted = request.headers.get("Accept-Encoding");
  while (!accepted.empty()) {
    auto comma = accepted.find(',');
    auto one = accepted.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    // "gzip;q=0" is a refusal.
    if (one.substr(0, one.find_first_of("; ")) == "gzip")
      return one.find("q=0") == std::string_view::npos ||
             one.find("q=0.") != std::string_view::npos;
    if (comma == std::string_view::npos) break;
    accepted.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

void compress_answer(const Request& request, Response& response) {
  size_t bytes = response.body.size() + (response.parts ? response.parts->bytes() : 0);
  if (bytes <= kLeastBytes || response.headers.has("Content-Encoding") || !takes_gzip(request))
    return;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return;
  std::string out(deflateBound(&stream, bytes), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  auto feed = [&](std::string_view text) {
    stream.next_in = reinterpret_cast<const Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    deflate(&stream, Z_NO_FLUSH);
  };
  feed(response.body);
  if (response.parts) {
    for (size_t i = 0; i < response.parts->list().size(); ++i) {
      if (i > 0) feed(response.parts->between());
      feed(*response.parts->list()[i]);
    }
    feed(response.parts->after());
  }
  int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return;
  response.body = std::move(out);
  response.parts.reset();
  response.headers.set("Content-Encoding", "gzip");
  response.headers.add("Vary", "Accept-Encoding");
}

}  // namespace engine
