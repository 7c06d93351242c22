#include "engine/tunnel/message.h"

namespace engine {
namespace {

// What remotedialer writes into the field that nobody reads any more.
constexpr int64_t kLegacyDeadlineMs = 15'000;
constexpr int kVarintBytesMax = 10;

}  // namespace

void append_varint(std::string& out, int64_t value) {
  // Zigzag, as Go's PutVarint: small negative numbers stay short.
  uint64_t bits = static_cast<uint64_t>(value) << 1;
  if (value < 0) bits = ~bits;
  while (bits >= 0x80) {
    out.push_back(static_cast<char>((bits & 0x7f) | 0x80));
    bits >>= 7;
  }
  out.push_back(static_cast<char>(bits));
}

std::optional<int64_t> take_varint(std::string_view& in) {
  uint64_t bits = 0;
  for (int i = 0; i < kVarintBytesMax && static_cast<size_t>(i) < in.size(); ++i) {
    const auto byte = static_cast<uint8_t>(in[i]);
    if (i == kVarintBytesMax - 1 && byte > 1) return std::nullopt;  // over 64 bits
    bits |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte & 0x80) continue;
    in.remove_prefix(static_cast<size_t>(i) + 1);
    const auto half = static_cast<int64_t>(bits >> 1);
    return (bits & 1) ? ~half : half;
  }
  return std::nullopt;
}

Result<TunnelMessage> decode_tunnel_message(std::string_view bytes) {
  TunnelMessage message;
  auto cut = [] { return Status::bad_request("tunnel message: the header is cut short"); };
  const auto id = take_varint(bytes);
  if (!id) return cut();
  const auto conn = take_varint(bytes);
  if (!conn) return cut();
  const auto type = take_varint(bytes);
  if (!type) return cut();
  message.id = *id;
  message.conn = *conn;
  message.type = *type;
  if (message.is(TunnelType::data) || message.is(TunnelType::connect)) {
    if (!take_varint(bytes)) return cut();
  }
  message.body = bytes;
  return message;
}

void append_tunnel_head(std::string& out, int64_t id, TunnelConnId conn, TunnelType type) {
  append_varint(out, id);
  append_varint(out, conn);
  append_varint(out, static_cast<int64_t>(type));
  if (type == TunnelType::data || type == TunnelType::connect) {
    append_varint(out, kLegacyDeadlineMs);
  }
}

std::string encode_tunnel_message(int64_t id, TunnelConnId conn, TunnelType type,
                                  std::string_view body) {
  std::string out;
  out.reserve(body.size() + 24);
  append_tunnel_head(out, id, conn, type);
  out.append(body);
  return out;
}

Result<TunnelAddress> decode_tunnel_address(std::string_view body) {
  if (body.size() > kTunnelAddressBytesMax) {
    return Status::bad_request("tunnel connect: the address is longer than " +
                               std::to_string(kTunnelAddressBytesMax) + " bytes");
  }
  const size_t slash = body.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == body.size()) {
    return Status::bad_request("tunnel connect: the address is not PROTOCOL/ADDRESS");
  }
  return TunnelAddress{std::string(body.substr(0, slash)), std::string(body.substr(slash + 1))};
}

std::string encode_connection_ids(const std::vector<TunnelConnId>& ids) {
  std::string out;
  out.reserve(ids.size() * 8);
  for (const TunnelConnId id : ids) {
    const auto bits = static_cast<uint64_t>(id);
    for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>((bits >> (8 * i)) & 0xff));
  }
  return out;
}

Result<std::vector<TunnelConnId>> decode_connection_ids(std::string_view body) {
  if (body.size() % 8 != 0) {
    return Status::bad_request("tunnel sync: the list is not made of ids of eight bytes");
  }
  std::vector<TunnelConnId> ids;
  ids.reserve(body.size() / 8);
  for (size_t at = 0; at < body.size(); at += 8) {
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; ++i) {
      bits |= static_cast<uint64_t>(static_cast<uint8_t>(body[at + i])) << (8 * i);
    }
    ids.push_back(static_cast<TunnelConnId>(bits));
  }
  return ids;
}

}  // namespace engine
