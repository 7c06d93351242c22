#include "appliance/net/http_response.h"

#include <algorithm>
#include <cstring>

#include "appliance/edge/http_text.h"
#include "engine/base/limits.h"

namespace appliance {
namespace {

using engine::Result;
using engine::Status;
using engine::Unit;

constexpr size_t kLineBytes = 8u << 10;

Status bad(const std::string& what) {
  return Status::other(502, "BadGateway", "the other server's answer is not HTTP: " + what);
}

}  // namespace

Result<size_t> ResponseParser::feed(std::string_view bytes, Events& events) {
  size_t used = 0;
  if (!bytes.empty()) begun_ = true;
  while (used < bytes.size() && phase_ != Phase::done) {
    std::string_view rest = bytes.substr(used);
    switch (phase_) {
      case Phase::head:
        used += TRY(feed_head(rest, events));
        break;
      case Phase::length:
      case Phase::chunk_data: {
        size_t take = static_cast<size_t>(std::min<uint64_t>(left_, rest.size()));
        events.on_body(rest.substr(0, take));
        used += take;
        left_ -= take;
        if (left_ == 0) phase_ = phase_ == Phase::length ? Phase::done : Phase::chunk_end;
        break;
      }
      case Phase::until_end:
      case Phase::raw:
        events.on_body(rest);
        used += rest.size();
        break;
      default:
        used += TRY(feed_line(rest));
        break;
    }
  }
  return used;
}

Result<size_t> ResponseParser::feed_head(std::string_view bytes, Events& events) {
  const size_t before = buffer_.size();
  for (size_t from = 0;;) {
    size_t at = bytes.find('\n', from);
    if (at == std::string_view::npos) break;
    char previous = at > 0 ? bytes[at - 1] : (before > 0 ? buffer_.back() : '\0');
    if (previous != '\r') return bad("a line ends with a bare LF");
    bool empty = before + at == line_at_ + 1;
    line_at_ = before + at + 1;
    from = at + 1;
    if (!empty) continue;
    buffer_.append(bytes.substr(0, from));
    TRY(head_now(events));
    return from;
  }
  if (before + bytes.size() > engine::limits::kResponseHeadBytes)
    return bad("its head is too large");
  buffer_.append(bytes);
  return bytes.size();
}

Result<Unit> ResponseParser::head_now(Events& events) {
  std::string text = std::move(buffer_);
  buffer_.clear();
  line_at_ = 0;
  std::string_view rest = text;
  std::string_view line = rest.substr(0, rest.find("\r\n"));
  rest.remove_prefix(line.size() + 2);
  bool http10 = line.substr(0, 9) == "HTTP/1.0 ";
  if (!http10 && line.substr(0, 9) != "HTTP/1.1 ") return bad("no status line");
  engine::Response head;
  head.status = 0;
  for (char c : line.substr(9, 3)) {
    if (c < '0' || c > '9') return bad("no status code");
    head.status = head.status * 10 + (c - '0');
  }
  if (head.status < 100 || (line.size() > 12 && line[12] != ' ')) return bad("no status code");
  for (size_t end = rest.find("\r\n"); end > 0; end = rest.find("\r\n")) {
    std::string_view field = rest.substr(0, end);
    size_t colon = field.find(':');
    if (colon == std::string_view::npos || !http_text::is_token(field.substr(0, colon)))
      return bad("a header has no name");
    std::string_view value = http_text::trim(field.substr(colon + 1));
    for (char c : value) {
      auto byte = static_cast<unsigned char>(c);
      if ((byte < 0x20 && c != '\t') || byte == 0x7f)
        return bad("a header has a control character");
    }
    head.headers.add(std::string(field.substr(0, colon)), std::string(value));
    rest.remove_prefix(end + 2);
  }
  if (head.status < 200 && head.status != 101)
    return Unit{};  // an interim answer: the real one follows
  TRY(frame(head, http10));
  events.on_head(std::move(head));
  return Unit{};
}

Result<Unit> ResponseParser::frame(const engine::Response& head, bool http10) {
  bool close = false, keep = false;
  for (std::string_view value : head.headers.all("Connection")) {
    close = close || http_text::has_item(value, "close");
    keep = keep || http_text::has_item(value, "keep-alive");
  }
  keep_alive_ = !close && (!http10 || keep);
  if (head.status == 101) {
    phase_ = Phase::raw;
    return Unit{};
  }
  auto encodings = head.headers.all("Transfer-Encoding");
  auto lengths = head.headers.all("Content-Length");
  if (!encodings.empty() && !lengths.empty())
    return bad("both Content-Length and Transfer-Encoding");
  for (std::string_view length : lengths)
    if (length != lengths[0]) return bad("two different Content-Length");
  bool no_body = method_ == "HEAD" || head.status == 204 || head.status == 304;
  if (no_body) {
    phase_ = Phase::done;
  } else if (!encodings.empty()) {
    if (encodings.size() > 1 || !http_text::same(encodings[0], "chunked"))
      return bad("an unknown Transfer-Encoding");
    phase_ = Phase::chunk_size;
  } else if (!lengths.empty()) {
    if (lengths[0].empty() || lengths[0].size() > 18) return bad("Content-Length is not a number");
    for (char c : lengths[0]) {
      if (c < '0' || c > '9') return bad("Content-Length is not a number");
      left_ = left_ * 10 + static_cast<uint64_t>(c - '0');
    }
    phase_ = left_ > 0 ? Phase::length : Phase::done;
  } else {
    phase_ = Phase::until_end;
    keep_alive_ = false;
  }
  return Unit{};
}

Result<size_t> ResponseParser::feed_line(std::string_view bytes) {
  size_t at = bytes.find('\n');
  size_t take = at == std::string_view::npos ? bytes.size() : at + 1;
  if (buffer_.size() + take > kLineBytes) return bad("a line of its chunked body is too long");
  buffer_.append(bytes.substr(0, take));
  if (at == std::string_view::npos) return take;
  if (buffer_.size() < 2 || buffer_[buffer_.size() - 2] != '\r')
    return bad("a line of its chunked body ends with a bare LF");
  std::string_view line(buffer_.data(), buffer_.size() - 2);
  if (phase_ == Phase::chunk_end) {
    if (!line.empty()) return bad("a chunk does not end where its size says");
    phase_ = Phase::chunk_size;
  } else if (phase_ == Phase::trailer) {
    if (line.empty()) phase_ = Phase::done;
  } else {
    size_t digits = 0;
    left_ = 0;
    for (; digits < line.size() && http_text::hex_digit(line[digits]) >= 0; ++digits) {
      if (digits == 15) return bad("a chunk's size is too large");
      left_ = left_ * 16 + static_cast<uint64_t>(http_text::hex_digit(line[digits]));
    }
    std::string_view extension = http_text::trim(line.substr(digits));
    if (digits == 0 || (!extension.empty() && extension[0] != ';'))
      return bad("a chunk has no size");
    phase_ = left_ == 0 ? Phase::trailer : Phase::chunk_data;
  }
  buffer_.clear();
  return take;
}

Result<Unit> ResponseParser::end() {
  if (phase_ == Phase::done || phase_ == Phase::raw) return Unit{};
  if (phase_ == Phase::until_end) {
    phase_ = Phase::done;
    return Unit{};
  }
  return Status::other(502, "BadGateway",
                       begun_ ? "the other server closed the connection in the middle of its answer"
                              : "the other server closed the connection without an answer");
}

}  // namespace appliance
