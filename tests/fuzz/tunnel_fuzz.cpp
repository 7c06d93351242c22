// room: engine_tunnel
// Any bytes as tunnel messages, to both roles: no crash, bounded memory, ids and windows held.
#include <algorithm>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tunnel/session.h"

int fuzz_one(std::span<const std::byte> input) {
  std::string_view bytes(reinterpret_cast<const char*>(input.data()), input.size());
  engine::TunnelLimits limits;
  limits.window_bytes = 256;
  limits.overrun_bytes = 1024;
  limits.connections = 8;
  limits.control_bytes = 4096;
  for (const auto role :
       {engine::TunnelSession::Role::server, engine::TunnelSession::Role::agent}) {
    engine::TunnelSession session(role, limits);
    if (role == engine::TunnelSession::Role::server) (void)session.connect("tcp", "a:1");
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const size_t length = std::min<size_t>(static_cast<uint8_t>(rest[0]), rest.size() - 1);
      if (!session.receive(rest.substr(1, length))) break;
      rest.remove_prefix(1 + length);
      for (const auto& event : session.take_events()) {
        if (event.what != engine::TunnelEvent::What::data) continue;
        if (session.outstanding(event.conn) > limits.overrun_bytes) std::abort();
        session.send(event.conn, event.bytes);
        if (length % 3 == 0) session.consumed(event.conn, event.bytes.size());
      }
      engine::TunnelFrame frame;
      if (length % 2 == 0 && session.next(frame)) {
        const std::string sent = frame.head + std::string(frame.payload);
        if (!engine::decode_tunnel_message(sent)) std::abort();
      }
    }
    if (session.size() > limits.connections) std::abort();
  }
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  const auto framed = [](std::initializer_list<std::string> messages) {
    std::string out;
    for (const auto& message : messages) {
      out.push_back(static_cast<char>(message.size()));
      out += message;
    }
    return out;
  };
  using engine::encode_tunnel_message;
  using engine::TunnelType;
  const std::string window = "\x80\x04";
  return {
      framed({encode_tunnel_message(1, 0, TunnelType::window, window),
              encode_tunnel_message(2, 2, TunnelType::connect, "tcp/a:1"),
              encode_tunnel_message(3, 2, TunnelType::data, std::string(90, 'd')),
              encode_tunnel_message(4, 2, TunnelType::window, window),
              encode_tunnel_message(5, 2, TunnelType::error, "EOF")}),
      framed({encode_tunnel_message(1, 2, TunnelType::data, "hello"),
              encode_tunnel_message(2, 2, TunnelType::pause, ""),
              encode_tunnel_message(3, 2, TunnelType::resume, ""),
              encode_tunnel_message(4, 0, TunnelType::sync_connections,
                                    engine::encode_connection_ids({2, 3})),
              encode_tunnel_message(5, 0, TunnelType::add_client, "c-1/7")}),
  };
}
