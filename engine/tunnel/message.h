// Tunnel messages: one binary WebSocket message each, in remotedialer's wire format: signed varints
// for message id, connection id and type, for Data and Connect one more that once was a deadline,
// then the body. Window is ours: peers that do not know it skip it without a word.
// Thread: values. Owns: nothing; a decoded message views the bytes it was decoded from.
// Source: Go module github.com/rancher/remotedialer, message.go and encoding/binary's varints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"

namespace engine {

enum class TunnelType : int64_t {
  data = 1,
  connect = 2,
  error = 3,  // ends a connection; the text "EOF" is a good end
  add_client = 4,
  remove_client = 5,
  pause = 6,
  resume = 7,
  sync_connections = 8,
  // Ours. On connection 0: the window that every connection starts with, in bytes. On another: so
  // many bytes more may be sent.
  window = 40,
};

using TunnelConnId = int64_t;

struct TunnelMessage {
  int64_t id = 0;
  TunnelConnId conn = 0;
  int64_t type = 0;  // a TunnelType, or something newer that is to be skipped
  std::string_view body;
  bool is(TunnelType t) const { return type == static_cast<int64_t>(t); }
};

constexpr std::string_view kTunnelEof = "EOF";
constexpr size_t kTunnelAddressBytesMax = 266;
constexpr size_t kTunnelClientKeyBytesMax = 100;

void append_varint(std::string& out, int64_t value);
// Takes a varint off the front; nullopt when it is cut short or too long.
std::optional<int64_t> take_varint(std::string_view& in);

// BadRequest when the header is cut short.
Result<TunnelMessage> decode_tunnel_message(std::string_view bytes);
void append_tunnel_head(std::string& out, int64_t id, TunnelConnId conn, TunnelType type);
std::string encode_tunnel_message(int64_t id, TunnelConnId conn, TunnelType type,
                                  std::string_view body);

struct TunnelAddress {
  std::string proto;    // tcp
  std::string address;  // host:port
};
// The body of Connect: "tcp/10.43.0.1:443".
Result<TunnelAddress> decode_tunnel_address(std::string_view body);

// The body of SyncConnections: ids of eight bytes, least significant first.
std::string encode_connection_ids(const std::vector<TunnelConnId>& ids);
Result<std::vector<TunnelConnId>> decode_connection_ids(std::string_view body);

}  // namespace engine
