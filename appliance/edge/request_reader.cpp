#include "appliance/edge/request_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "appliance/edge/http_text.h"

namespace appliance {
namespace {

namespace limits = engine::limits;

constexpr std::string_view kMethods[] = {"GET",    "POST", "PUT",    "PATCH",
                                         "DELETE", "HEAD", "OPTIONS"};

// A smaller body of known size is cheaper whole.
constexpr uint64_t kStreamedBodyBytes = 256u << 10;
// Growth of a body's buffer is left to what arrives: a large Content-Length alone costs nobody
// memory.
constexpr size_t kBodyReserveBytes = 64u << 10;

}  // namespace

bool RequestReader::refuse(int code, std::string_view reason, std::string message) {
  phase_ = Phase::refused;
  refusal_ = Refusal{code, std::string(reason), std::move(message)};
  return false;
}

size_t RequestReader::feed(std::string_view bytes) {
  size_t used = 0;
  while (used < bytes.size() && phase_ != Phase::done && phase_ != Phase::refused) {
    std::string_view rest = bytes.substr(used);
    switch (phase_) {
      case Phase::head:
        used += feed_head(rest);
        break;
      case Phase::body:
      case Phase::chunk_data:
        used += feed_body(rest);
        break;
      case Phase::chunk_end:
        used += feed_chunk_end(rest);
        break;
      default:
        used += feed_line(rest);
        break;
    }
  }
  return used;
}

// Every line end is looked at as it arrives, so that a bare LF is refused at once and not after a
// timeout.
size_t RequestReader::feed_head(std::string_view bytes) {
  const size_t before = head_.size();
  const size_t room = limits_->head_bytes + 1 - std::min(before, limits_->head_bytes);
  std::string_view take = bytes.substr(0, room);
  size_t from = 0;
  while (true) {
    const void* found = std::memchr(take.data() + from, '\n', take.size() - from);
    if (!found) break;
    size_t at = static_cast<size_t>(static_cast<const char*>(found) - take.data());
    size_t global = before + at;
    char previous = at > 0 ? take[at - 1] : (before > 0 ? head_.back() : '\0');
    if (previous != '\r') {
      bad("a line of the request head ends with a bare LF: lines end with CR LF");
      return bytes.size();
    }
    bool empty = global == line_at_ + 1;
    if (empty && line_at_ == 0) {
      // An empty line before a request is an old client's mistake that the standard asks us to
      // overlook, once.
      if (skipped_line_) return bad("the request begins with empty lines"), bytes.size();
      skipped_line_ = true;
      head_.clear();
      return at + 1;
    }
    line_at_ = static_cast<uint32_t>(global + 1);
    from = at + 1;
    if (empty) {
      head_.append(take.data(), from);
      head_done_now();
      return from;
    }
  }
  head_.append(take);
  if (head_.size() > limits_->head_bytes) {
    refuse(431, "RequestHeaderFieldsTooLarge",
           "the request head is larger than " + std::to_string(limits_->head_bytes) + " bytes");
  }
  return take.size();
}

void RequestReader::head_done_now() {
  if (head_.size() > limits_->head_bytes) {
    refuse(431, "RequestHeaderFieldsTooLarge",
           "the request head is larger than " + std::to_string(limits_->head_bytes) + " bytes");
    return;
  }
  size_t end = head_.find("\r\n");
  if (!parse_request_line(std::string_view(head_).substr(0, end))) return;
  facts_.fields_at = end + 2;
  if (!parse_fields()) return;
  if (!saw_host_ && !facts_.http10) {
    bad("an HTTP/1.1 request needs a Host header");
    return;
  }
  if (saw_length_ && facts_.chunked) {
    bad("the request has both Content-Length and Transfer-Encoding");
    return;
  }
  if (facts_.chunked && facts_.http10) {
    bad("Transfer-Encoding in an HTTP/1.0 request");
    return;
  }
  facts_.keep_alive = facts_.http10 ? wants_keep_ && !wants_close_ : !wants_close_;
  bool has_body = facts_.chunked || facts_.content_length > 0;
  if (!has_body) {
    phase_ = Phase::done;
    return;
  }
  bool large = facts_.chunked || facts_.content_length > kStreamedBodyBytes;
  if (large && limits_->streams_body && limits_->streams_body(method(), path_)) {
    // What follows on this connection is a body that only the stream understands, so it serves no
    // other request.
    facts_.body_streams = true;
    facts_.keep_alive = false;
    phase_ = Phase::done;
    return;
  }
  body_max_ =
      limits_->body_bytes ? limits_->body_bytes(method(), path_) : limits::kRequestBodyBytes;
  if (facts_.content_length > body_max_) {
    refuse(413, "RequestEntityTooLarge",
           "the request body has " + std::to_string(facts_.content_length) +
               " bytes; the limit here is " + std::to_string(body_max_));
    return;
  }
  left_ = facts_.content_length;
  phase_ = facts_.chunked ? Phase::chunk_size : Phase::body;
  if (!facts_.chunked) body_.reserve(std::min<size_t>(left_, kBodyReserveBytes));
}

bool RequestReader::parse_request_line(std::string_view line) {
  if (line.substr(0, 14) == "PRI * HTTP/2.0")
    return refuse(505, "HTTPVersionNotSupported", "HTTP/2 is not spoken here: use HTTP/1.1");
  size_t space = line.find(' ');
  if (space == std::string_view::npos) return bad("the request line has no target");
  std::string_view method = line.substr(0, space);
  if (!http_text::is_token(method)) return bad("the method is not a token");
  facts_.method_size = space;
  size_t last = line.rfind(' ');
  if (last == space) return bad("the request line has no HTTP version");
  std::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.0") {
    facts_.http10 = true;
  } else if (version != "HTTP/1.1") {
    if (version.substr(0, 5) == "HTTP/")
      return refuse(505, "HTTPVersionNotSupported", "only HTTP/1.1 and HTTP/1.0 are spoken here");
    return bad("the request line does not end with an HTTP version");
  }
  if (std::find(std::begin(kMethods), std::end(kMethods), method) == std::end(kMethods)) {
    if (method == "CONNECT" || method == "TRACE")
      return refuse(405, "MethodNotAllowed",
                    "the method " + std::string(method) + " is not allowed");
    return refuse(501, "NotImplemented", "the method is not known here");
  }
  return parse_target(space + 1, last - space - 1);
}

bool RequestReader::parse_target(size_t at, size_t size) {
  std::string_view target = std::string_view(head_).substr(at, size);
  if (target.empty()) return bad("the request target is empty");
  if (size > limits::kRequestTargetBytes) {
    return refuse(414, "RequestURITooLong",
                  "the request target is longer than " +
                      std::to_string(limits::kRequestTargetBytes) + " bytes");
  }
  for (char c : target) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f)
      return bad("the request target has a character that must be escaped");
    if (c == '#') return bad("the request target has a fragment");
  }
  // Absolute form is for proxies, but a server must understand it: the path begins after the
  // authority.
  for (std::string_view scheme : {"http://", "https://"}) {
    if (target.size() <= scheme.size() || !http_text::same(target.substr(0, scheme.size()), scheme))
      continue;
    size_t slash = target.find('/', scheme.size());
    if (slash == std::string_view::npos) return bad("the request target has no path");
    at += slash;
    target.remove_prefix(slash);
    break;
  }
  if (target[0] != '/') return bad("the request target is not a path");
  facts_.target_at = at;
  facts_.target_size = target.size();
  facts_.path_size = std::min(target.find('?'), target.size());
  if (auto wrong = decode_path(target.substr(0, facts_.path_size), path_))
    return bad(std::move(*wrong));
  return true;
}

bool RequestReader::parse_fields() {
  std::string_view rest = std::string_view(head_).substr(facts_.fields_at);
  size_t count = 0;
  while (true) {
    size_t end = rest.find("\r\n");
    if (end == 0) return true;
    if (++count > limits::kRequestHeaders) {
      return refuse(
          431, "RequestHeaderFieldsTooLarge",
          "the request has more than " + std::to_string(limits::kRequestHeaders) + " headers");
    }
    if (!parse_field(rest.substr(0, end))) return false;
    rest.remove_prefix(end + 2);
  }
}

bool RequestReader::parse_field(std::string_view line) {
  if (line[0] == ' ' || line[0] == '\t')
    return bad("a header is continued on a second line (obs-fold)");
  size_t colon = line.find(':');
  if (colon == std::string_view::npos) return bad("a header line has no colon");
  std::string_view name = line.substr(0, colon);
  if (name.empty()) return bad("a header has no name");
  if (name.back() == ' ' || name.back() == '\t')
    return bad("there is a space before a header's colon");
  if (!http_text::is_token(name))
    return bad("a header's name has a character that names may not have");
  std::string_view value = http_text::trim(line.substr(colon + 1));
  for (char c : value) {
    auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f)
      return bad("the header " + std::string(name) + " has a control character");
  }
  return check_known_field(name, value);
}

bool RequestReader::check_known_field(std::string_view name, std::string_view value) {
  using http_text::same;
  switch (name.size()) {
    case 4:
      if (!same(name, "host")) return true;
      if (saw_host_) return bad("the request has more than one Host header");
      saw_host_ = true;
      for (char c : value) {
        if (c == '/' || c == '@' || c == '\\' || c == '?' || c == ',' || c == '<' || c == '"' ||
            c <= ' ')
          return bad("the Host header is not a host");
      }
      return true;
    case 6:
      if (!same(name, "expect")) return true;
      if (!same(value, "100-continue"))
        return refuse(417, "ExpectationFailed", "only the expectation 100-continue can be met");
      facts_.expects_continue = !facts_.http10;
      return true;
    case 10:
      if (!same(name, "connection")) return true;
      wants_close_ = wants_close_ || http_text::has_item(value, "close");
      wants_keep_ = wants_keep_ || http_text::has_item(value, "keep-alive");
      return true;
    case 14:
      return same(name, "content-length") ? content_length(value) : true;
    case 17:
      return same(name, "transfer-encoding") ? transfer_encoding(value) : true;
    default:
      return true;
  }
}

bool RequestReader::content_length(std::string_view value) {
  if (saw_length_) return bad("the request has more than one Content-Length");
  saw_length_ = true;
  if (value.empty() || value.size() > 15)
    return bad("Content-Length is not a number that can be right");
  for (char c : value) {
    if (c < '0' || c > '9') return bad("Content-Length is not a number");
    facts_.content_length = facts_.content_length * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
}

bool RequestReader::transfer_encoding(std::string_view value) {
  if (facts_.chunked) return bad("the request has more than one Transfer-Encoding");
  if (!http_text::same(value, "chunked"))
    return refuse(501, "NotImplemented", "the only transfer encoding understood here is chunked");
  facts_.chunked = true;
  return true;
}

size_t RequestReader::feed_body(std::string_view bytes) {
  size_t take = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  body_.append(bytes.data(), take);
  left_ -= take;
  if (left_ == 0) phase_ = phase_ == Phase::body ? Phase::done : Phase::chunk_end;
  return take;
}

size_t RequestReader::feed_chunk_end(std::string_view bytes) {
  // left_ counts the bytes of the CR LF after a chunk's data that have been seen.
  if (bytes[0] != (left_ == 0 ? '\r' : '\n')) {
    bad("a chunk does not end where its size says");
    return 1;
  }
  if (++left_ == 2) {
    left_ = 0;
    phase_ = Phase::chunk_size;
  }
  return 1;
}

// A line of chunked coding: a size, or a trailer.
size_t RequestReader::feed_line(std::string_view bytes) {
  const void* found = std::memchr(bytes.data(), '\n', bytes.size());
  size_t take = found ? static_cast<size_t>(static_cast<const char*>(found) - bytes.data()) + 1
                      : bytes.size();
  size_t most = phase_ == Phase::trailer ? limits::kTrailerBytes : limits::kChunkLineBytes;
  if (line_.size() + take > most) {
    if (phase_ == Phase::trailer) {
      refuse(431, "RequestHeaderFieldsTooLarge", "the trailer of the request body is too long");
    } else {
      bad("a chunk's size line is too long");
    }
    return take;
  }
  line_.append(bytes.data(), take);
  if (found) line_done();
  return take;
}

void RequestReader::line_done() {
  if (line_.size() < 2 || line_[line_.size() - 2] != '\r') {
    bad("a line of the chunked body ends with a bare LF");
    return;
  }
  std::string_view line(line_.data(), line_.size() - 2);
  if (phase_ == Phase::chunk_size) {
    if (!chunk_size(line)) return;
  } else if (line.empty()) {
    phase_ = Phase::done;
  } else {
    // Trailers are checked and then dropped: nothing here needs one.
    trailer_bytes_ += static_cast<uint32_t>(line_.size());
    size_t colon = line.find(':');
    if (colon == std::string_view::npos || !http_text::is_token(line.substr(0, colon))) {
      bad("a trailer line is not a header");
      return;
    }
    if (trailer_bytes_ > limits::kTrailerBytes) {
      refuse(431, "RequestHeaderFieldsTooLarge", "the trailer of the request body is too long");
      return;
    }
  }
  line_.clear();
}

bool RequestReader::chunk_size(std::string_view line) {
  uint64_t size = 0;
  size_t digits = 0;
  while (digits < line.size()) {
    int digit = http_text::hex_digit(line[digits]);
    if (digit < 0) break;
    size = size * 16 + static_cast<uint64_t>(digit);
    if (++digits > 12) return bad("a chunk's size is not a number that can be right");
  }
  if (digits == 0) return bad("a chunk has no size");
  for (char c : line.substr(digits)) {
    auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f)
      return bad("a chunk's extension has a control character");
  }
  std::string_view extension = http_text::trim(line.substr(digits));
  if (!extension.empty() && extension[0] != ';')
    return bad("a chunk's size is not a hexadecimal number");
  if (size == 0) {
    phase_ = Phase::trailer;
    return true;
  }
  if (size > body_max_ || body_.size() + size > body_max_) {
    return refuse(
        413, "RequestEntityTooLarge",
        "the request body is larger than the limit here, " + std::to_string(body_max_) + " bytes");
  }
  left_ = size;
  phase_ = Phase::chunk_data;
  return true;
}

std::optional<std::string> decode_path(std::string_view raw, std::string& decoded) {
  decoded.clear();
  decoded.reserve(raw.size());
  // The one id that holds slashes, escaped or not; it is the last part of its path and names
  // nothing but itself.
  constexpr std::string_view kPrincipals = "/v3/principals/";
  const size_t opaque = raw.starts_with(kPrincipals) ? kPrincipals.size() : raw.size();
  for (size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      int high = i + 1 < raw.size() ? http_text::hex_digit(raw[i + 1]) : -1;
      int low = i + 2 < raw.size() ? http_text::hex_digit(raw[i + 2]) : -1;
      if (high < 0 || low < 0) return "the path has an escape that is not two hexadecimal digits";
      c = static_cast<char>(high * 16 + low);
      i += 2;
      if ((c == '/' && i < opaque) || c == '\\') return "the path has an encoded slash";
      if (c == '\0') return "the path has an encoded NUL";
    }
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return "the path has a control character";
    if (c == '\\') return "the path has a backslash";
    if (c == '/' && i < opaque && !decoded.empty() && decoded.back() == '/')
      return "the path has an empty segment ('//')";
    decoded += c;
  }
  for (size_t at = 0; at < std::min(opaque, decoded.size());) {
    size_t end = std::min(decoded.find('/', at + 1), decoded.size());
    std::string_view segment = std::string_view(decoded).substr(at + 1, end - at - 1);
    if (segment == "." || segment == "..") return "the path has a '.' or '..' segment";
    at = end;
  }
  return std::nullopt;
}

engine::Request make_request(RequestReader& reader) {
  engine::Request request;
  const HeadFacts& facts = reader.facts();
  std::string_view head = reader.head();
  request.method = head.substr(0, facts.method_size);
  request.target = head.substr(facts.target_at, facts.target_size);
  request.path = std::move(reader.path());
  if (facts.path_size < facts.target_size) {
    request.raw_query = request.target.substr(facts.path_size + 1);
    request.query = engine::Query::parse(request.raw_query);
  }
  std::string_view rest = head.substr(facts.fields_at);
  for (size_t end = rest.find("\r\n"); end > 0; end = rest.find("\r\n")) {
    std::string_view line = rest.substr(0, end);
    size_t colon = line.find(':');
    request.headers.add(std::string(line.substr(0, colon)),
                        std::string(http_text::trim(line.substr(colon + 1))));
    rest.remove_prefix(end + 2);
  }
  request.body = std::move(reader.body());
  return request;
}

engine::Response refusal_response(const Refusal& refusal) {
  engine::Response response;
  response.status = refusal.code;
  response.headers.add("Content-Type", "application/json");
  response.body =
      "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
      "\"message\":";
  http_text::append_json(response.body, refusal.message);
  response.body += ",\"reason\":";
  http_text::append_json(response.body, refusal.reason);
  response.body += ",\"code\":" + std::to_string(refusal.code) + "}\n";
  return response;
}

}  // namespace appliance
