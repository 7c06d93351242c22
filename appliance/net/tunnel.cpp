#include "appliance/net/tunnel.h"

#include <array>

#include "storage/base/log.h"

namespace appliance {

using engine::TunnelConnId;
using engine::TunnelEvent;
using engine::TunnelSession;
using engine::websocket::Opcode;

namespace {

// What may wait in the socket's queue ahead of the session: enough to keep the line busy, little
// enough that a frame which becomes ready now is on the wire soon.
constexpr size_t kSocketQueueBytes = 256u << 10;
constexpr size_t kAheadBytes = kSocketQueueBytes / 2 + (16u << 10);
// A stream's queue over this is a writer that does not look at queued_bytes().
constexpr size_t kStreamQueueBytes = 8u << 20;

engine::websocket::Side side_of(TunnelSession::Role role) {
  return role == TunnelSession::Role::server ? engine::websocket::Side::server
                                             : engine::websocket::Side::client;
}

}  // namespace

// What the WebSocket reader finds, with the tunnel's lock held.
class Tunnel::Incoming final : public engine::websocket::Events {
 public:
  explicit Incoming(Tunnel& tunnel) : tunnel_(tunnel) {}
  std::string why;

  void on_message(Opcode opcode, std::string_view payload) override {
    if (!why.empty()) return;
    if (opcode != Opcode::binary) {
      why = "a message that is not binary";
      return;
    }
    if (auto taken = tunnel_.session_.receive(payload); !taken) why = taken.error().message();
    tunnel_.take_events();
  }
  void on_ping(std::string_view payload) override { tunnel_.send_frame(Opcode::pong, payload); }
  void on_close(uint16_t code, std::string_view reason) override {
    why = "closed by the other side (" + std::to_string(code) + ")";
    if (!reason.empty()) why += ": " + std::string(reason);
  }

 private:
  Tunnel& tunnel_;
};

std::shared_ptr<Tunnel> Tunnel::create(storage::Env& env, StreamHub& hub, TunnelOptions options) {
  return std::shared_ptr<Tunnel>(new Tunnel(env, hub, std::move(options)));
}

Tunnel::Tunnel(storage::Env& env, StreamHub& hub, TunnelOptions options)
    : env_(env),
      hub_(hub),
      options_(std::move(options)),
      session_(options_.role, options_.limits),
      reader_(side_of(options_.role)),
      heard_ns_(env.now().time_since_epoch().count()),
      synced_(env.now()) {}

Tunnel::~Tunnel() = default;

engine::StreamOptions Tunnel::stream_options() {
  engine::StreamOptions options;
  options.queue_bytes_max = kSocketQueueBytes;
  return options;
}

storage::WallTime Tunnel::last_heard() const {
  const auto silent = env_.now().time_since_epoch() - std::chrono::nanoseconds(heard_ns_.load());
  return env_.wall() - silent;
}

size_t Tunnel::streams() const {
  std::lock_guard lock(mutex_);
  return streams_.size();
}

void Tunnel::send_frame(Opcode opcode, std::string_view payload) {
  if (!sink_) return;
  std::string bytes;
  if (options_.role == TunnelSession::Role::server) {
    bytes = engine::websocket::frame(opcode, payload);
  } else {
    std::array<std::byte, 4> key{};
    env_.random_secret(key);
    bytes = engine::websocket::masked_frame(opcode, payload, key);
  }
  sink_->send(std::make_shared<const std::string>(std::move(bytes)));
}

void Tunnel::pump() {
  engine::TunnelFrame frame;
  while (sink_ && sink_->queued_bytes() < kAheadBytes && session_.next(frame)) {
    if (frame.payload.empty()) {
      send_frame(Opcode::binary, frame.head);
      continue;
    }
    scratch_.assign(frame.head);
    scratch_.append(frame.payload);
    send_frame(Opcode::binary, scratch_);
  }
  take_events();  // a queue that emptied is writable again
}

void Tunnel::take_events() {
  for (auto& event : session_.take_events()) take_event(event);
}

void Tunnel::take_event(TunnelEvent& event) {
  if (event.what == TunnelEvent::What::connect) {
    auto address = engine::decode_tunnel_address(event.text);
    auto stream = std::make_shared<TunnelStream>(shared_from_this(), event.conn);
    streams_[event.conn] = stream;
    // The session has looked at the address already.
    if (address) asked_.emplace_back(std::move(*address), std::move(stream));
    return;
  }
  const auto found = streams_.find(event.conn);
  if (found == streams_.end()) return;
  TunnelStream& stream = *found->second;
  switch (event.what) {
    case TunnelEvent::What::data:
      stream.inbox_.append(event.bytes);
      schedule(stream);
      break;
    case TunnelEvent::What::writable:
      stream.drained_ = true;
      schedule(stream);
      break;
    case TunnelEvent::What::closed: {
      const auto kept = found->second;
      stream.end(std::move(event.text));
      break;
    }
    default:
      break;
  }
}

void Tunnel::schedule(TunnelStream& stream) {
  if (stream.busy_ || !stream.handler_ || !stream.has_step()) return;
  stream.busy_ = true;
  ready_.push_back(stream.shared_from_this());
}

void Tunnel::deliver_here(Lock lock) {
  while (!ready_.empty() || !asked_.empty()) {
    auto ready = std::exchange(ready_, {});
    auto asked = std::exchange(asked_, {});
    lock.unlock();
    for (auto& [address, stream] : asked) {
      if (options_.on_connect) {
        options_.on_connect(address, stream);
      } else {
        stream->refuse("connect not allowed");
      }
    }
    for (const auto& stream : ready) stream->deliver();
    lock.lock();
  }
}

void Tunnel::deliver_later(Lock lock) {
  if (ready_.empty()) return;
  lock.unlock();
  hub_.post([self = shared_from_this()] { self->deliver_here(Lock(self->mutex_)); });
}

void Tunnel::opened(std::shared_ptr<engine::StreamSink> sink) {
  Lock lock(mutex_);
  if (!open_) {
    sink->abort();
    return;
  }
  sink_ = std::move(sink);
  heard_ns_ = env_.now().time_since_epoch().count();
  pump();
  deliver_here(std::move(lock));
  arm();
}

void Tunnel::received(std::string_view bytes) {
  Lock lock(mutex_);
  if (!open_) return;
  heard_ns_.store(env_.now().time_since_epoch().count(), std::memory_order_relaxed);
  Incoming incoming(*this);
  const auto failure = reader_.feed(bytes, incoming);
  if (failure && incoming.why.empty()) {
    incoming.why = failure->reason;
    send_frame(Opcode::close, engine::websocket::close_payload(failure->code, failure->reason));
  }
  pump();
  if (!incoming.why.empty()) {
    shut(std::move(lock), incoming.why, !failure);
    return;
  }
  deliver_here(std::move(lock));
}

void Tunnel::drained() {
  Lock lock(mutex_);
  pump();
  deliver_here(std::move(lock));
}

void Tunnel::ended(const std::string& why) {
  shut(Lock(mutex_), why, false);
}

void Tunnel::close(const std::string& why) {
  shut(Lock(mutex_), why, true);
}

void Tunnel::shut(Lock lock, const std::string& why, bool say) {
  if (!open_.exchange(false)) return;
  if (say) send_frame(Opcode::close, engine::websocket::close_payload(1000, why.substr(0, 120)));
  if (sink_) sink_->finish();
  sink_ = nullptr;
  for (auto& [id, stream] : std::exchange(streams_, {})) stream->end("the tunnel ended: " + why);
  asked_.clear();
  deliver_later(std::move(lock));
  if (options_.on_closed) options_.on_closed(why);
}

void Tunnel::dial(const std::string& address, std::unique_ptr<ConnectionHandler> handler) {
  Lock lock(mutex_);
  if (!open_) {
    lock.unlock();
    auto stream = std::make_shared<TunnelStream>(shared_from_this(), 0);
    stream->attach(std::move(handler));
    stream->refuse("the tunnel has ended");
    return;
  }
  auto id = session_.connect("tcp", address);
  auto stream = std::make_shared<TunnelStream>(shared_from_this(), id ? *id : 0);
  stream->handler_ = std::move(handler);
  if (id) {
    streams_[*id] = stream;
    pump();
  } else {
    stream->end(id.error().message());
  }
  schedule(*stream);
  deliver_later(std::move(lock));
}

void Tunnel::arm() {
  hub_.after(options_.ping_every, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tick();
  });
}

void Tunnel::tick() {
  Lock lock(mutex_);
  if (!open_) return;
  const auto now = env_.now();
  const auto silent = now.time_since_epoch() - std::chrono::nanoseconds(heard_ns_.load());
  if (silent > options_.silence_max) {
    const auto seconds = std::chrono::duration_cast<storage::Seconds>(silent).count();
    shut(std::move(lock), "nothing heard for " + std::to_string(seconds) + " s", true);
    return;
  }
  send_frame(Opcode::ping, {});
  if (options_.role == TunnelSession::Role::agent && now - synced_ >= options_.sync_every) {
    synced_ = now;
    session_.sync_connections();
  }
  pump();
  deliver_here(std::move(lock));
  arm();
}

void TunnelStream::attach(std::unique_ptr<ConnectionHandler> handler) {
  Tunnel::Lock lock(tunnel_->mutex_);
  handler_ = std::move(handler);
  tunnel_->schedule(*this);
  tunnel_->deliver_later(std::move(lock));
}

void TunnelStream::refuse(const std::string& why) {
  Tunnel::Lock lock(tunnel_->mutex_);
  tunnel_->session_.abort(id_, why);
  end(why);
  tunnel_->pump();
  tunnel_->deliver_later(std::move(lock));
}

bool TunnelStream::send(std::shared_ptr<const std::string> bytes) {
  Tunnel::Lock lock(tunnel_->mutex_);
  if (ended_) return false;
  tunnel_->session_.send(id_, *bytes);
  tunnel_->pump();
  if (tunnel_->session_.queued(id_) > kStreamQueueBytes) {
    tunnel_->session_.abort(id_, "too much is queued");
    end("its queue is over the limit of " + std::to_string(kStreamQueueBytes) + " bytes");
    tunnel_->pump();
  }
  const bool ok = !ended_;
  tunnel_->deliver_later(std::move(lock));
  return ok;
}

size_t TunnelStream::queued_bytes() const {
  std::lock_guard lock(tunnel_->mutex_);
  return tunnel_->session_.queued(id_);
}

void TunnelStream::pause_reading() {
  std::lock_guard lock(tunnel_->mutex_);
  paused_ = true;
}

void TunnelStream::resume_reading() {
  Tunnel::Lock lock(tunnel_->mutex_);
  paused_ = false;
  tunnel_->schedule(*this);
  tunnel_->deliver_later(std::move(lock));
}

void TunnelStream::finish() {
  Tunnel::Lock lock(tunnel_->mutex_);
  if (ended_) return;
  tunnel_->session_.finish(id_);
  end(std::string(engine::kTunnelEof));
  tunnel_->pump();
  tunnel_->deliver_later(std::move(lock));
}

void TunnelStream::abort() {
  Tunnel::Lock lock(tunnel_->mutex_);
  inbox_.clear();
  if (ended_) {
    tunnel_->schedule(*this);
  } else {
    tunnel_->session_.abort(id_);
    end(std::string(engine::kTunnelEof));
    tunnel_->pump();
  }
  tunnel_->deliver_later(std::move(lock));
}

void TunnelStream::end(std::string why) {
  if (ended_) return;
  ended_ = true;
  why_ = std::move(why);
  tunnel_->streams_.erase(id_);
  tunnel_->schedule(*this);
}

bool TunnelStream::has_step() const {
  if (done_) return false;
  return !opened_ || drained_ || (!inbox_.empty() && !paused_) || (ended_ && inbox_.empty());
}

TunnelStream::Step TunnelStream::next_step(std::string& bytes) {
  if (done_) return Step::none;
  if (!opened_) {
    opened_ = true;
    return Step::open;
  }
  if (drained_) {
    drained_ = false;
    return Step::drained;
  }
  if (!inbox_.empty() && !paused_) {
    bytes.clear();
    bytes.swap(inbox_);
    return Step::bytes;
  }
  if (ended_ && inbox_.empty()) {
    done_ = true;
    return Step::closed;
  }
  return Step::none;
}

void TunnelStream::deliver() {
  std::string bytes;
  while (true) {
    Tunnel::Lock lock(tunnel_->mutex_);
    const Step step = next_step(bytes);
    if (step == Step::none) {
      busy_ = false;
      return;
    }
    ConnectionHandler& handler = *handler_;
    lock.unlock();
    switch (step) {
      case Step::open:
        handler.on_open(shared_from_this());
        break;
      case Step::drained:
        handler.on_drained();
        break;
      case Step::bytes:
        handler.on_bytes(bytes);
        lock.lock();
        tunnel_->session_.consumed(id_, bytes.size());
        tunnel_->pump();
        tunnel_->deliver_later(std::move(lock));
        break;
      default: {
        if (why_ == engine::kTunnelEof) {
          handler.on_client_end();
        } else {
          handler.on_error(engine::Status::service_unavailable("through the tunnel: " + why_));
        }
        handler.on_closed();
        lock.lock();
        const auto last = std::move(handler_);
        lock.unlock();
        return;
      }
    }
  }
}

}  // namespace appliance
