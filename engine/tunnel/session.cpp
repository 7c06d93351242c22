#include "engine/tunnel/session.h"

#include <algorithm>

namespace engine {

TunnelSession::TunnelSession(Role role, const TunnelLimits& limits) : role_(role), limits_(limits) {
  std::string window;
  append_varint(window, static_cast<int64_t>(limits_.window_bytes));
  control(0, TunnelType::window, window);
}

TunnelSession::Conn* TunnelSession::find(TunnelConnId conn) {
  const auto found = conns_.find(conn);
  return found == conns_.end() ? nullptr : &found->second;
}

void TunnelSession::control(TunnelConnId conn, TunnelType type, std::string_view body) {
  control_.push_back(encode_tunnel_message(next_message_++, conn, type, body));
  control_bytes_ += control_.back().size();
}

void TunnelSession::event(TunnelEvent::What what, TunnelConnId conn, std::string text) {
  events_.push_back({what, conn, {}, std::move(text)});
}

std::vector<TunnelEvent> TunnelSession::take_events() {
  std::vector<TunnelEvent> events;
  events.swap(events_);
  return events;
}

Result<TunnelConnId> TunnelSession::connect(std::string_view proto, std::string_view address) {
  if (conns_.size() >= limits_.connections) {
    return Status::service_unavailable("the tunnel carries " + std::to_string(conns_.size()) +
                                       " connections already, no more are allowed");
  }
  if (proto.size() + 1 + address.size() > kTunnelAddressBytesMax) {
    return Status::bad_request("the address is too long for the tunnel: " + std::string(address));
  }
  const TunnelConnId id = ++next_conn_;
  conns_[id];
  std::string body(proto);
  body += '/';
  body += address;
  control(id, TunnelType::connect, body);
  return id;
}

int64_t TunnelSession::credit(const Conn& conn) const {
  return peer_window_ + conn.granted - conn.sent;
}

bool TunnelSession::may_send(const Conn& conn) const {
  if (conn.queued() == 0 || conn.peer_paused) return false;
  return peer_window_ == 0 || credit(conn) > 0;
}

void TunnelSession::schedule(TunnelConnId id, Conn& conn) {
  if (conn.in_ring || !may_send(conn)) return;
  conn.in_ring = true;
  ring_.push_back(id);
}

bool TunnelSession::send(TunnelConnId id, std::string_view bytes) {
  Conn* conn = find(id);
  if (!conn || conn->finishing) return true;
  if (conn->out_at > 0 && conn->out_at >= conn->out.size() / 2) {
    conn->out.erase(0, conn->out_at);
    conn->out_at = 0;
  }
  conn->out.append(bytes);
  schedule(id, *conn);
  if (conn->queued() >= limits_.send_queue_bytes) conn->full = true;
  return !conn->full;
}

size_t TunnelSession::queued(TunnelConnId id) const {
  const auto found = conns_.find(id);
  return found == conns_.end() ? 0 : found->second.queued();
}

size_t TunnelSession::outstanding(TunnelConnId id) const {
  const auto found = conns_.find(id);
  return found == conns_.end() ? 0 : found->second.outstanding;
}

void TunnelSession::consumed(TunnelConnId id, size_t bytes) {
  Conn* conn = find(id);
  if (!conn) return;
  bytes = std::min(bytes, conn->outstanding);
  conn->outstanding -= bytes;
  if (peer_window_ > 0) {
    // Half a window at a time: one grant for many frames, and the sender never runs dry.
    conn->ungranted += bytes;
    if (conn->ungranted >= limits_.window_bytes / 2) {
      std::string grant;
      append_varint(grant, static_cast<int64_t>(conn->ungranted));
      conn->ungranted = 0;
      control(id, TunnelType::window, grant);
    }
  }
  if (conn->we_paused && conn->outstanding <= limits_.window_bytes / 4) {
    conn->we_paused = false;
    control(id, TunnelType::resume, {});
  }
}

void TunnelSession::finish(TunnelConnId id, std::string_view reason) {
  Conn* conn = find(id);
  if (!conn || conn->finishing) return;
  if (conn->queued() == 0) return abort(id, reason);
  conn->finishing = true;
  conn->reason = reason;
}

void TunnelSession::abort(TunnelConnId id, std::string_view reason) {
  if (conns_.erase(id) == 0) return;
  control(id, TunnelType::error, reason);
}

Result<Unit> TunnelSession::receive(std::string_view bytes) {
  const TunnelMessage message = TRY(decode_tunnel_message(bytes));
  if (control_bytes_ > limits_.control_bytes) {
    return Status::bad_request("tunnel: the peer asks faster than it takes answers");
  }
  switch (static_cast<TunnelType>(message.type)) {
    case TunnelType::data:
      on_data(message);
      return Unit{};
    case TunnelType::connect:
      return on_connect(message);
    case TunnelType::error:
      on_error(message);
      return Unit{};
    case TunnelType::pause:
      if (Conn* conn = find(message.conn)) conn->peer_paused = true;
      return Unit{};
    case TunnelType::resume:
      if (Conn* conn = find(message.conn)) {
        conn->peer_paused = false;
        schedule(message.conn, *conn);
      }
      return Unit{};
    case TunnelType::window:
      return on_window(message);
    case TunnelType::sync_connections:
      return on_sync(message);
    case TunnelType::add_client:
    case TunnelType::remove_client:
      if (message.body.size() > kTunnelClientKeyBytesMax) {
        return Status::bad_request("tunnel: the name of a peer's client is too long");
      }
      event(message.is(TunnelType::add_client) ? TunnelEvent::What::client_added
                                               : TunnelEvent::What::client_removed,
            0, std::string(message.body));
      return Unit{};
  }
  return Unit{};  // newer than we are: skipped, as remotedialer does
}

Result<Unit> TunnelSession::on_connect(const TunnelMessage& message) {
  TRY(decode_tunnel_address(message.body));
  if (role_ == Role::server) {
    control(message.conn, TunnelType::error, "connect not allowed");
    return Unit{};
  }
  if (find(message.conn)) {
    return Status::bad_request("tunnel: connection " + std::to_string(message.conn) +
                               " is asked for twice");
  }
  if (conns_.size() >= limits_.connections) {
    control(message.conn, TunnelType::error, "the agent carries too many connections");
    return Unit{};
  }
  conns_[message.conn];
  event(TunnelEvent::What::connect, message.conn, std::string(message.body));
  return Unit{};
}

void TunnelSession::on_data(const TunnelMessage& message) {
  Conn* conn = find(message.conn);
  if (!conn) {
    control(message.conn, TunnelType::error, "connection not found");
    return;
  }
  if (conn->finishing || message.body.empty()) return;
  conn->outstanding += message.body.size();
  conn->syncs_missed = 0;
  // The server's announcement precedes its first Connect, so its agent knows the window from the
  // start; the other way round the announcement may still be on its way.
  const bool strict = role_ == Role::server && peer_window_ > 0;
  const size_t most = strict ? limits_.window_bytes : limits_.overrun_bytes;
  if (conn->outstanding > most) {
    const std::string why = "flow control: " + std::to_string(conn->outstanding) +
                            " bytes in flight, at most " + std::to_string(most) + " are allowed";
    abort(message.conn, why);
    event(TunnelEvent::What::closed, message.conn, why);
    return;
  }
  if (peer_window_ == 0 && !conn->we_paused && conn->outstanding >= limits_.window_bytes) {
    conn->we_paused = true;
    control(message.conn, TunnelType::pause, {});
  }
  events_.push_back({TunnelEvent::What::data, message.conn, message.body, {}});
}

void TunnelSession::on_error(const TunnelMessage& message) {
  const auto found = conns_.find(message.conn);
  if (found == conns_.end()) return;  // its answer to ours, or a race: both sides are done with it
  const bool ours = found->second.finishing;
  conns_.erase(found);
  if (ours) return;
  constexpr size_t kReasonBytesMax = 300;
  std::string reason(message.body.substr(0, kReasonBytesMax));
  event(TunnelEvent::What::closed, message.conn, std::move(reason));
}

Result<Unit> TunnelSession::on_window(const TunnelMessage& message) {
  std::string_view body = message.body;
  const auto bytes = take_varint(body);
  constexpr int64_t kMost = int64_t{1} << 40;
  if (!bytes || *bytes <= 0 || *bytes > kMost) {
    return Status::bad_request("tunnel: a window that is not a number of bytes");
  }
  if (message.conn == 0) {
    if (peer_window_ != 0) return Status::bad_request("tunnel: the window is announced twice");
    peer_window_ = *bytes;
    return Unit{};
  }
  if (Conn* conn = find(message.conn)) {
    if (credit(*conn) > kMost) return Status::bad_request("tunnel: a window without end");
    conn->granted += *bytes;
    schedule(message.conn, *conn);
  }
  return Unit{};
}

Result<Unit> TunnelSession::on_sync(const TunnelMessage& message) {
  auto ids = TRY(decode_connection_ids(message.body));
  std::sort(ids.begin(), ids.end());
  std::vector<TunnelConnId> stale;
  for (auto& [id, conn] : conns_) {
    if (std::binary_search(ids.begin(), ids.end(), id)) {
      conn.syncs_missed = 0;
    } else if (++conn.syncs_missed > 1) {
      // Missing once may be a Connect that crossed the list on its way; twice is a lost close.
      stale.push_back(id);
    }
  }
  for (const TunnelConnId id : stale) {
    const bool ours = conns_[id].finishing;
    conns_.erase(id);
    if (!ours) event(TunnelEvent::What::closed, id, "the agent no longer knows this connection");
  }
  return Unit{};
}

void TunnelSession::fill(TunnelConnId id, Conn& conn, TunnelFrame& frame) {
  size_t bytes = std::min(conn.queued(), limits_.frame_bytes);
  if (peer_window_ > 0) bytes = std::min<size_t>(bytes, static_cast<size_t>(credit(conn)));
  frame.head.clear();
  append_tunnel_head(frame.head, next_message_++, id, TunnelType::data);
  frame.payload = std::string_view(conn.out).substr(conn.out_at, bytes);
  conn.out_at += bytes;
  conn.sent += static_cast<int64_t>(bytes);
  if (conn.full && conn.queued() <= limits_.send_queue_bytes / 2) {
    conn.full = false;
    if (!conn.finishing) event(TunnelEvent::What::writable, id, {});
  }
}

bool TunnelSession::next(TunnelFrame& frame) {
  if (!control_.empty()) {
    frame.head = std::move(control_.front());
    frame.payload = {};
    control_bytes_ -= frame.head.size();
    control_.pop_front();
    return true;
  }
  while (!ring_.empty()) {
    const TunnelConnId id = ring_.front();
    ring_.pop_front();
    Conn* conn = find(id);
    if (!conn) continue;
    conn->in_ring = false;
    if (!may_send(*conn)) continue;  // scheduled again by Resume or Window
    fill(id, *conn, frame);
    if (conn->queued() == 0 && conn->finishing) {
      sending_ = std::move(conn->out);
      frame.payload = std::string_view(sending_).substr(sending_.size() - frame.payload.size());
      const std::string reason = std::move(conn->reason);
      abort(id, reason);
    } else {
      schedule(id, *conn);
    }
    return true;
  }
  return false;
}

void TunnelSession::sync_connections() {
  control(0, TunnelType::sync_connections, encode_connection_ids(connections()));
}

void TunnelSession::announce(std::string_view client_key, int64_t session_key,
                             TunnelType add_or_remove) {
  std::string body(client_key);
  body += '/';
  body += std::to_string(session_key);
  control(0, add_or_remove, body);
}

std::vector<TunnelConnId> TunnelSession::connections() const {
  std::vector<TunnelConnId> ids;
  ids.reserve(conns_.size());
  for (const auto& [id, conn] : conns_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace engine
