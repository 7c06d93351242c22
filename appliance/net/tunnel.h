// Tunnel: one open tunnel. Below it a WebSocket connection in the hub, inside it a TunnelSession,
// above it byte streams that look like any connection (StreamSink, ConnectionHandler). The server's
// end dials; the agent's end is asked to (on_connect). Each end pings every five seconds; when the
// other was last heard is the heartbeat. Little is queued in the socket ahead of the session, so
// that its turn-taking decides who goes next.
// Thread: any. A stream's handler is called by one thread at a time, in order, on_closed last,
// never from inside a call of its sink. Owns: its streams and their handlers; not the Env and the
// hub.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "appliance/edge/stream_hub.h"
#include "engine/base/websocket.h"
#include "engine/tunnel/session.h"
#include "storage/base/env.h"

namespace appliance {

class TunnelStream;

struct TunnelOptions {
  engine::TunnelSession::Role role = engine::TunnelSession::Role::server;
  engine::TunnelLimits limits = {};
  storage::Millis ping_every{5'000};
  storage::Millis silence_max{20'000};  // nothing heard for so long: the tunnel is closed
  storage::Millis sync_every{60'000};   // agent: the list of live connections
  // Agent: the server asks for a connection. The stream is given a handler by attach(), or refused
  // by refuse(); here or later, from any thread.
  std::function<void(const engine::TunnelAddress&, std::shared_ptr<TunnelStream>)> on_connect;
  std::function<void(const std::string& why)> on_closed;  // once
};

class Tunnel final : public std::enable_shared_from_this<Tunnel> {
 public:
  static std::shared_ptr<Tunnel> create(storage::Env& env, StreamHub& hub, TunnelOptions options);
  ~Tunnel();

  // For the WebSocket connection below.
  static engine::StreamOptions stream_options();

  // From the connection below, in order: its sink, the bytes after the upgrade, its end.
  void opened(std::shared_ptr<engine::StreamSink> sink);
  void received(std::string_view bytes);
  void drained();
  void ended(const std::string& why);

  // Server: a stream to an address as the agent sees it ("10.96.0.1:443").
  void dial(const std::string& address, std::unique_ptr<ConnectionHandler> handler);
  // Ends the tunnel and all its streams.
  void close(const std::string& why);

  bool is_open() const { return open_.load(std::memory_order_relaxed); }
  storage::WallTime last_heard() const;
  size_t streams() const;

 private:
  friend class TunnelStream;
  class Incoming;
  using Lock = std::unique_lock<std::mutex>;

  Tunnel(storage::Env& env, StreamHub& hub, TunnelOptions options);
  void send_frame(engine::websocket::Opcode opcode, std::string_view payload);  // with the lock
  void pump();                                                                  // with the lock
  void take_events();                                                           // with the lock
  void take_event(engine::TunnelEvent& event);                                  // with the lock
  void schedule(TunnelStream& stream);                                          // with the lock
  void deliver_here(Lock lock);   // releases the lock, calls handlers on this thread
  void deliver_later(Lock lock);  // releases the lock, calls handlers on a hub thread
  void shut(Lock lock, const std::string& why, bool say);
  void tick();
  void arm();

  storage::Env& env_;
  StreamHub& hub_;
  const TunnelOptions options_;
  mutable std::mutex mutex_;
  engine::TunnelSession session_;
  engine::websocket::Reader reader_;
  std::shared_ptr<engine::StreamSink> sink_;
  std::unordered_map<engine::TunnelConnId, std::shared_ptr<TunnelStream>> streams_;
  std::vector<std::shared_ptr<TunnelStream>> ready_;
  std::vector<std::pair<engine::TunnelAddress, std::shared_ptr<TunnelStream>>> asked_;
  std::string scratch_;
  std::atomic<bool> open_{true};
  std::atomic<int64_t> heard_ns_{0};
  storage::Instant synced_{};
};

// One connection inside a tunnel.
class TunnelStream final : public engine::StreamSink,
                           public std::enable_shared_from_this<TunnelStream> {
 public:
  TunnelStream(std::shared_ptr<Tunnel> tunnel, engine::TunnelConnId id)
      : tunnel_(std::move(tunnel)), id_(id) {}

  // Gives it its handler; on_open follows on a hub thread. Once.
  void attach(std::unique_ptr<ConnectionHandler> handler);
  void refuse(const std::string& why);

  bool send(std::shared_ptr<const std::string> bytes) override;
  size_t queued_bytes() const override;
  void pause_reading() override;
  void resume_reading() override;
  void finish() override;
  void release() override { finish(); }
  void abort() override;

 private:
  friend class Tunnel;
  enum class Step : uint8_t { none, open, drained, bytes, closed };
  void deliver();
  Step next_step(std::string& bytes);  // with the tunnel's lock
  bool has_step() const;               // with the tunnel's lock
  void end(std::string why);           // with the tunnel's lock

  const std::shared_ptr<Tunnel> tunnel_;
  const engine::TunnelConnId id_;
  // Guarded by the tunnel's lock; the handler is called by the thread that found busy_ false.
  std::unique_ptr<ConnectionHandler> handler_;
  std::string inbox_;
  std::string why_;
  bool busy_ = false;
  bool opened_ = false;
  bool paused_ = false;
  bool drained_ = false;
  bool ended_ = false;
  bool done_ = false;
};

}  // namespace appliance
