#include "engine/cluster/body_reader.h"

#include <algorithm>
#include <utility>

#include "engine/base/numbers.h"

namespace engine {
namespace {

constexpr size_t kLineBytesMax = 8192;
constexpr uint64_t kChunkBytesMax = uint64_t{1} << 40;

Status wrong(std::string_view why) {
  return Status::bad_request("the request's body: " + std::string(why));
}

}  // namespace

Result<std::optional<BodyReader>> BodyReader::of(const Request& request) {
  if (!request.body.empty()) return std::optional<BodyReader>();
  if (request.headers.has("Transfer-Encoding")) {
    return std::optional<BodyReader>(BodyReader(true, 0));
  }
  const std::string_view length = request.headers.get("Content-Length");
  if (length.empty()) return std::optional<BodyReader>();
  const auto bytes = parse_int(length);
  if (!bytes || *bytes < 0) return wrong("its Content-Length is no number");
  if (*bytes == 0) return std::optional<BodyReader>();
  return std::optional<BodyReader>(BodyReader(false, static_cast<uint64_t>(*bytes)));
}

std::string BodyReader::header() const {
  return chunked_ ? "Transfer-Encoding: chunked" : "Content-Length: " + std::to_string(length_);
}

Result<Unit> BodyReader::feed(std::string_view bytes,
                              const std::function<void(std::string_view)>& take) {
  while (!bytes.empty() && state_ != State::done) {
    if (state_ == State::data) {
      const auto part = bytes.substr(0, std::min<uint64_t>(left_, bytes.size()));
      take(part);
      left_ -= part.size();
      bytes.remove_prefix(part.size());
      if (left_ == 0) state_ = chunked_ ? State::data_end : State::done;
      continue;
    }
    const size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (line_.size() > kLineBytesMax) return wrong("a line of its chunks is too long");
    if (end == std::string_view::npos) return Unit{};
    bytes.remove_prefix(end + 1);
    if (!line_.ends_with('\r')) return wrong("a line of its chunks ends without CR");
    line_.pop_back();
    const std::string text = std::exchange(line_, {});
    TRY(line(text));
  }
  return Unit{};
}

Result<Unit> BodyReader::line(std::string_view text) {
  if (state_ == State::data_end) {
    if (!text.empty()) return wrong("a chunk is longer than it says");
    state_ = State::size;
    return Unit{};
  }
  if (state_ == State::trailer) {
    if (text.empty()) state_ = State::done;  // trailers are not passed on
    return Unit{};
  }
  const std::string_view digits = text.substr(0, text.find(';'));
  uint64_t size = 0;
  if (digits.empty() || digits.size() > 10) return wrong("a chunk's size is none");
  for (const char c : digits) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return wrong("a chunk's size is no hexadecimal number");
    size = size * 16 + static_cast<uint64_t>(digit);
  }
  if (size > kChunkBytesMax) return wrong("a chunk is too large");
  left_ = size;
  state_ = size == 0 ? State::trailer : State::data;
  return Unit{};
}

}  // namespace engine
