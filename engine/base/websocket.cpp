#include "engine/base/websocket.h"

#include <algorithm>
#include <bit>

#include "engine/base/base64.h"
#include "engine/base/utf8.h"

namespace engine::websocket {
namespace {

constexpr size_t kControlBytes = 125;

bool is_control(Opcode opcode) {
  return (static_cast<unsigned>(opcode) & 8) != 0;
}

bool is_known(unsigned opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

bool is_close_code(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) || code == 1012 ||
         code == 1013 || code == 1014 || (code >= 3000 && code <= 4999);
}

void append_header(std::string& out, Opcode opcode, size_t size, unsigned mask_bit) {
  out += static_cast<char>(0x80 | static_cast<unsigned>(opcode));
  int bytes = 0;
  if (size < 126) {
    out += static_cast<char>(mask_bit | size);
  } else if (size <= 0xffff) {
    out += static_cast<char>(mask_bit | 126);
    bytes = 2;
  } else {
    out += static_cast<char>(mask_bit | 127);
    bytes = 8;
  }
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i));
}

void mask(char* data, size_t size, const std::array<unsigned char, 4>& key, uint64_t at) {
  for (size_t i = 0; i < size; ++i) data[i] = static_cast<char>(data[i] ^ key[(at + i) & 3]);
}

// SHA-1 is asked for by the protocol as a mark, not as protection; this is all of it (RFC 3174).
class Sha1 {
 public:
  static std::string of(std::string_view text) {
    Sha1 sum;
    std::string padded(text);
    padded += '\x80';
    while (padded.size() % 64 != 56) padded += '\0';
    uint64_t bits = uint64_t{text.size()} * 8;
    for (int i = 7; i >= 0; --i) padded += static_cast<char>(bits >> (8 * i));
    for (size_t at = 0; at < padded.size(); at += 64) sum.block(padded.data() + at);
    std::string out;
    for (uint32_t word : sum.state_)
      for (int i = 3; i >= 0; --i) out += static_cast<char>(word >> (8 * i));
    return out;
  }

 private:
  void block(const char* bytes) {
    std::array<uint32_t, 80> w;
    for (size_t i = 0; i < 16; ++i) {
      w[i] = 0;
      for (size_t k = 0; k < 4; ++k)
        w[i] = w[i] << 8 | static_cast<unsigned char>(bytes[4 * i + k]);
    }
    for (size_t i = 16; i < 80; ++i)
      w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = state_;
    for (size_t i = 0; i < 80; ++i) {
      uint32_t f = i < 20   ? (b & c) | (~b & d)
                   : i < 40 ? b ^ c ^ d
                   : i < 60 ? (b & c) | (b & d) | (c & d)
                            : b ^ c ^ d;
      static constexpr uint32_t kRound[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
      uint32_t next = std::rotl(a, 5) + f + e + kRound[i / 20] + w[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    const std::array<uint32_t, 5> sums = {a, b, c, d, e};
    for (size_t i = 0; i < 5; ++i) state_[i] += sums[i];
  }

  std::array<uint32_t, 5> state_ = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
};

// Each item of a comma-separated header, in all of its lines.
template <class Visit>
void each_item(const Headers& headers, std::string_view name, Visit&& visit) {
  for (std::string_view list : headers.all(name)) {
    while (!list.empty()) {
      size_t comma = std::min(list.find(','), list.size());
      std::string_view item = list.substr(0, comma);
      while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
      while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
      if (!item.empty()) visit(item);
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
  }
}

bool same(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

bool has_item(const Headers& headers, std::string_view name, std::string_view wanted) {
  bool found = false;
  each_item(headers, name, [&](std::string_view item) { found = found || same(item, wanted); });
  return found;
}

// host[:port] of scheme://host[:port], with the scheme's own port taken off.
std::string_view authority(std::string_view origin) {
  size_t at = origin.find("://");
  if (at == std::string_view::npos) return {};
  std::string_view scheme = origin.substr(0, at);
  std::string_view rest = origin.substr(at + 3);
  rest = rest.substr(0, rest.find('/'));
  std::string_view own = scheme == "https" || scheme == "wss" ? ":443" : ":80";
  if (rest.size() > own.size() && rest.substr(rest.size() - own.size()) == own)
    rest.remove_suffix(own.size());
  return rest;
}

}  // namespace

std::string frame(Opcode opcode, std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + 10);
  append_header(out, opcode, payload.size(), 0);
  out += payload;
  return out;
}

std::string masked_frame(Opcode opcode, std::string_view payload, std::array<std::byte, 4> key) {
  std::string out;
  out.reserve(payload.size() + 14);
  append_header(out, opcode, payload.size(), 0x80);
  auto bytes = std::bit_cast<std::array<unsigned char, 4>>(key);
  for (unsigned char byte : bytes) out += static_cast<char>(byte);
  size_t at = out.size();
  out += payload;
  mask(out.data() + at, payload.size(), bytes, 0);
  return out;
}

std::string close_payload(uint16_t code, std::string_view reason) {
  std::string out;
  out += static_cast<char>(code >> 8);
  out += static_cast<char>(code & 0xff);
  size_t take = std::min(reason.size(), kControlBytes - 2);
  // Not in the middle of a character.
  while (take > 0 && take < reason.size() &&
         (static_cast<unsigned char>(reason[take]) & 0xc0) == 0x80)
    --take;
  out += reason.substr(0, take);
  return out;
}

std::optional<Reader::Failure> Reader::feed(std::string_view bytes, Events& events) {
  while (!bytes.empty() && !closed_) {
    if (auto failure = step(bytes, events)) {
      closed_ = true;
      return failure;
    }
  }
  return std::nullopt;
}

// One step: bytes of a header, or of a payload.
std::optional<Reader::Failure> Reader::step(std::string_view& bytes, Events& events) {
  if (!in_frame_) {
    while (header_size_ < header_needs() && !bytes.empty()) {
      header_[header_size_++] = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
    }
    if (header_size_ < header_needs()) return std::nullopt;
    if (auto failure = header_done()) return failure;
    if (left_ > 0) return std::nullopt;
    return frame_done(events);
  }
  size_t take = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  std::string& into = is_control(opcode_) ? control_ : message_;
  size_t before = into.size();
  into.append(bytes.data(), take);
  if (side_ == Side::server) mask(into.data() + before, take, mask_, mask_at_);
  mask_at_ += take;
  left_ -= take;
  bytes.remove_prefix(take);
  if (left_ > 0) return std::nullopt;
  return frame_done(events);
}

// The second byte tells how long the header is.
size_t Reader::header_needs() const {
  if (header_size_ < 2) return 2;
  unsigned length = header_[1] & 0x7fu;
  return size_t{2} + (length == 126 ? 2 : length == 127 ? 8 : 0) + (header_[1] & 0x80u ? 4 : 0);
}

std::optional<Reader::Failure> Reader::header_done() {
  unsigned first = header_[0];
  bool masked = (header_[1] & 0x80u) != 0;
  unsigned length = header_[1] & 0x7fu;
  size_t at = 2;
  left_ = length;
  if (length >= 126) {
    left_ = 0;
    for (size_t bytes = length == 126 ? 2 : 8; bytes > 0; --bytes)
      left_ = left_ << 8 | header_[at++];
  }
  if (masked) std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(at), 4, mask_.begin());
  header_size_ = 0;
  mask_at_ = 0;
  in_frame_ = true;
  fin_ = (first & 0x80u) != 0;
  if (first & 0x70u) return Failure{1002, "an extension was used that was not agreed on"};
  if (!is_known(first & 0x0fu)) return Failure{1002, "a frame has an unknown opcode"};
  opcode_ = static_cast<Opcode>(first & 0x0fu);
  if (masked != (side_ == Side::server)) {
    return Failure{1002, masked ? "a server's frame is masked" : "a client's frame is not masked"};
  }
  if (is_control(opcode_)) {
    if (!fin_ || left_ > kControlBytes)
      return Failure{1002, "a control frame is fragmented or too long"};
    return std::nullopt;
  }
  if ((length == 126 && left_ < 126) || (length == 127 && left_ <= 0xffff))
    return Failure{1002, "a frame's length is not written in the shortest way"};
  bool continues = opcode_ == Opcode::continuation;
  if (continues != message_opcode_.has_value())
    return Failure{
        1002, continues ? "a fragment belongs to no message" : "a message begins within another"};
  if (!continues) message_opcode_ = opcode_;
  if (left_ > message_bytes_max_ || message_.size() + left_ > message_bytes_max_)
    return Failure{1009,
                   "a message is larger than " + std::to_string(message_bytes_max_) + " bytes"};
  return std::nullopt;
}

std::optional<Reader::Failure> Reader::frame_done(Events& events) {
  in_frame_ = false;
  if (!is_control(opcode_)) {
    if (!fin_) return std::nullopt;
    Opcode opcode = *message_opcode_;
    message_opcode_.reset();
    if (opcode == Opcode::text && !is_utf8(message_))
      return Failure{1007, "a text message is not UTF-8"};
    std::string message = std::move(message_);
    message_ = {};
    events.on_message(opcode, message);
    return std::nullopt;
  }
  std::string payload = std::move(control_);
  control_ = {};
  if (opcode_ == Opcode::ping) {
    events.on_ping(payload);
  } else if (opcode_ == Opcode::pong) {
    events.on_pong(payload);
  } else {
    if (payload.size() == 1) return Failure{1002, "a close frame has half a code"};
    uint16_t code = 1005;
    std::string_view reason;
    if (payload.size() >= 2) {
      code = static_cast<uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                   static_cast<unsigned char>(payload[1]));
      reason = std::string_view(payload).substr(2);
      if (!is_close_code(code))
        return Failure{1002, "a close frame has a code that may not be sent"};
      if (!is_utf8(reason)) return Failure{1007, "a close frame's reason is not UTF-8"};
    }
    closed_ = true;
    events.on_close(code, reason);
  }
  return std::nullopt;
}

std::string accept_key(std::string_view key) {
  return base64_encode(Sha1::of(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

bool is_upgrade(const Request& request) {
  return request.method == "GET" && has_item(request.headers, "Connection", "upgrade") &&
         has_item(request.headers, "Upgrade", "websocket");
}

Result<Response> accept(const Request& request, std::initializer_list<std::string_view> protocols,
                        std::string& chosen) {
  if (!is_upgrade(request))
    return Status::bad_request("this address answers WebSocket upgrades only");
  if (request.headers.get("Sec-WebSocket-Version") != "13")
    return Status::other(426, "UpgradeRequired", "only WebSocket version 13 is spoken here");
  std::string_view key = request.headers.get("Sec-WebSocket-Key");
  auto raw = base64_decode(key);
  if (!raw || raw->size() != 16)
    return Status::bad_request("Sec-WebSocket-Key is not 16 bytes in base64");
  chosen.clear();
  bool offered = false;
  each_item(request.headers, "Sec-WebSocket-Protocol", [&](std::string_view) { offered = true; });
  for (std::string_view ours : protocols) {
    if (chosen.empty() && has_item(request.headers, "Sec-WebSocket-Protocol", ours)) chosen = ours;
  }
  if (offered && chosen.empty() && protocols.size() > 0)
    return Status::bad_request("none of the offered WebSocket protocols is spoken here");
  Response response;
  response.status = 101;
  response.headers.add("Upgrade", "websocket");
  response.headers.add("Connection", "Upgrade");
  response.headers.add("Sec-WebSocket-Accept", accept_key(key));
  if (!chosen.empty()) response.headers.add("Sec-WebSocket-Protocol", chosen);
  return response;
}

bool origin_allowed(const Request& request, std::initializer_list<std::string_view> allowed) {
  std::string_view origin = request.headers.get("Origin");
  if (origin.empty()) return !request.headers.has("Origin");
  std::string_view from = authority(origin);
  if (from.empty()) return false;
  std::string host = request.scheme + "://" + std::string(request.headers.get("Host"));
  if (same(from, authority(host))) return true;
  return std::any_of(allowed.begin(), allowed.end(), [&](std::string_view other) {
    return !authority(other).empty() && same(from, authority(other));
  });
}

}  // namespace engine::websocket
