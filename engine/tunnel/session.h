// TunnelSession: one tunnel as a pure state machine. Messages in (receive), messages out (next),
// events for the owner (take_events); no socket, no clock, no thread. Many connections share the
// tunnel fairly: control first, then Data frames of bounded size in turn, so that a watch waits
// behind one frame of each busy neighbour and never behind a neighbour's whole stream.
//
// Flow control is by bytes and for each connection alone. What was received and not yet consumed is
// counted: between two of us a sender stops when the receiver's window is used up; a peer that
// knows only remotedialer's Pause and Resume gets those at the same mark, and is cut off if it goes
// on. On the way out, send() says when the connection's queue is full: stop reading its source
// until `writable`.
// Thread: one at a time (the owner's lock). Owns: what is queued. Errors: BadRequest for a peer
// that breaks the protocol; the tunnel is to be closed then.
// Source: github.com/rancher/remotedialer session.go, connection.go, back_pressure.go.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/tunnel/message.h"

namespace engine {

struct TunnelLimits {
  size_t window_bytes = 512u << 10;     // received and not consumed, of one connection
  size_t overrun_bytes = 16u << 20;     // the same for a peer that only knows Pause: then it is cut
  size_t send_queue_bytes = 64u << 10;  // of one connection: send() says full
  size_t frame_bytes = 16u << 10;       // payload of one Data message
  size_t connections = 8192;
  size_t control_bytes = 4u << 20;  // queued control messages: then the tunnel is broken
};

struct TunnelEvent {
  enum class What : uint8_t {
    connect,         // the peer asks for a connection: text is PROTOCOL/ADDRESS
    data,            // bytes for the owner, which calls consumed() when it has passed them on
    closed,          // the peer ended it (text: why, "EOF" for a good end); the id is forgotten
    writable,        // send() takes bytes again
    client_added,    // a peer server says that it holds this client's tunnel: text is KEY/SESSION
    client_removed,  // ... and that it does so no more
  } what;
  TunnelConnId conn;
  std::string_view bytes;  // data: views the message given to receive()
  std::string text;
};

// One message to send: head and payload, to be written one after the other.
struct TunnelFrame {
  std::string head;
  std::string_view payload;  // valid until the next call of the session
};

class TunnelSession {
 public:
  enum class Role : uint8_t { server, agent };
  explicit TunnelSession(Role role, const TunnelLimits& limits = {});
  TunnelSession(const TunnelSession&) = delete;
  TunnelSession& operator=(const TunnelSession&) = delete;

  // Asks the peer for a connection. There is no acknowledgement: data may be sent at once, and a
  // failure arrives as `closed`. 503 when the tunnel carries as many as it may.
  Result<TunnelConnId> connect(std::string_view proto, std::string_view address);
  // Queues all of it. False: the queue is full now, wait for `writable`. Unknown ids swallow.
  bool send(TunnelConnId conn, std::string_view bytes);
  size_t queued(TunnelConnId conn) const;
  // The owner has passed on so many bytes of `data`.
  void consumed(TunnelConnId conn, size_t bytes);
  // Ends it from this side: after what is queued (finish), or now (abort).
  void finish(TunnelConnId conn, std::string_view reason = kTunnelEof);
  void abort(TunnelConnId conn, std::string_view reason = kTunnelEof);

  Result<Unit> receive(std::string_view message);
  // The next message to send; false when there is none that may be sent now.
  bool next(TunnelFrame& frame);
  std::vector<TunnelEvent> take_events();

  // An agent's list of live connections, from which the server drops the stale: each minute.
  void sync_connections();
  // To a peer server: this client's tunnel is (no longer) here.
  void announce(std::string_view client_key, int64_t session_key, TunnelType add_or_remove);

  std::vector<TunnelConnId> connections() const;
  size_t size() const { return conns_.size(); }
  bool peer_has_window() const { return peer_window_ > 0; }
  size_t outstanding(TunnelConnId conn) const;

 private:
  struct Conn {
    std::string out;
    size_t out_at = 0;
    int64_t sent = 0;
    int64_t granted = 0;
    size_t outstanding = 0;
    size_t ungranted = 0;
    bool peer_paused = false;
    bool we_paused = false;
    bool in_ring = false;
    bool full = false;
    bool finishing = false;
    uint8_t syncs_missed = 0;
    std::string reason;
    size_t queued() const { return out.size() - out_at; }
  };

  Conn* find(TunnelConnId conn);
  bool may_send(const Conn&) const;
  int64_t credit(const Conn&) const;
  void schedule(TunnelConnId id, Conn&);
  void control(TunnelConnId conn, TunnelType type, std::string_view body);
  void event(TunnelEvent::What what, TunnelConnId conn, std::string text);
  Result<Unit> on_connect(const TunnelMessage&);
  void on_data(const TunnelMessage&);
  void on_error(const TunnelMessage&);
  Result<Unit> on_window(const TunnelMessage&);
  Result<Unit> on_sync(const TunnelMessage&);
  void fill(TunnelConnId id, Conn&, TunnelFrame& frame);

  const Role role_;
  const TunnelLimits limits_;
  std::unordered_map<TunnelConnId, Conn> conns_;
  std::deque<TunnelConnId> ring_;
  std::deque<std::string> control_;
  size_t control_bytes_ = 0;
  std::vector<TunnelEvent> events_;
  int64_t next_message_ = 1;
  TunnelConnId next_conn_ = 1;
  int64_t peer_window_ = 0;  // 0: the peer knows only Pause and Resume
  std::string sending_;      // what the last frame's payload views, when its connection is gone
};

}  // namespace engine
