#include "appliance/net/agent_join.h"

#include <mutex>
#include <utility>

namespace appliance {

using engine::StreamSink;

namespace {

constexpr storage::Millis kDialTimeout{10'000};
// What the server may have in flight to the cluster on one connection, and the queue that holds it:
// at half of it the stream waits, and one delivery more must still fit.
constexpr size_t kWindowBytes = 256u << 10;
constexpr size_t kApiQueueBytes = 3 * kWindowBytes;
// Towards the server little is read ahead: the tunnel's turn-taking decides what is read next.
constexpr size_t kTunnelQueueBytes = 32u << 10;

class Join final : public std::enable_shared_from_this<Join> {
 public:
  enum class Side : uint8_t { tunnel = 0, api = 1 };
  explicit Join(std::shared_ptr<TunnelStream> stream) { sinks_[0] = std::move(stream); }

  void opened(Side side, std::shared_ptr<StreamSink> sink) {
    std::shared_ptr<StreamSink> tunnel;
    {
      std::lock_guard lock(mutex_);
      if (!ended_) {
        sinks_[index(side)] = sink;
        tunnel = sinks_[index(Side::tunnel)];
        sink = nullptr;
      }
    }
    if (sink) return sink->abort();
    // What the server sent meanwhile was held in the tunnel.
    if (side == Side::api && tunnel) tunnel->resume_reading();
  }

  void bytes(Side from, std::string_view bytes) {
    const Side side = other(from);
    const auto to = at(side);
    const auto source = at(from);
    if (!to || !source || !to->send(std::make_shared<const std::string>(bytes))) return;
    if (to->queued_bytes() < full(side)) return;
    source->pause_reading();
    // It may have drained between the two lines; then nobody would say so again.
    if (to->queued_bytes() <= low(side)) source->resume_reading();
  }

  void drained(Side side) {
    if (const auto source = at(other(side))) source->resume_reading();
  }

  // A side ended: what it sent is passed on, then the other ends too.
  void ended(Side side, const std::string& why) {
    std::shared_ptr<StreamSink> sinks[2];
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(ended_, true)) return;
      std::swap(sinks, sinks_);
    }
    if (const auto& own = sinks[index(side)]) own->finish();
    const auto& rest = sinks[index(other(side))];
    if (!rest) return;
    if (side == Side::api && !why.empty()) {
      static_cast<TunnelStream&>(*rest).refuse(why);
    } else {
      rest->finish();
    }
  }

 private:
  static size_t index(Side side) { return static_cast<size_t>(side); }
  static Side other(Side side) { return side == Side::tunnel ? Side::api : Side::tunnel; }
  // Where a side's queue calls itself full, and drained: see TunnelSession and StreamSink.
  static size_t full(Side side) {
    return side == Side::tunnel ? kTunnelQueueBytes : kApiQueueBytes / 2 + 1;
  }
  static size_t low(Side side) {
    return side == Side::tunnel ? kTunnelQueueBytes / 2 : kApiQueueBytes / 2;
  }
  std::shared_ptr<StreamSink> at(Side side) {
    std::lock_guard lock(mutex_);
    return sinks_[index(side)];
  }

  std::mutex mutex_;
  std::shared_ptr<StreamSink> sinks_[2];
  bool ended_ = false;
};

class JoinSide final : public ConnectionHandler {
 public:
  JoinSide(std::shared_ptr<Join> join, Join::Side side) : join_(std::move(join)), side_(side) {}
  void on_open(std::shared_ptr<StreamSink> sink) override { join_->opened(side_, std::move(sink)); }
  void on_bytes(std::string_view bytes) override { join_->bytes(side_, bytes); }
  void on_drained() override { join_->drained(side_); }
  void on_client_end() override { join_->ended(side_, {}); }
  void on_error(const engine::Status& why) override { why_ = why.message(); }
  void on_closed() override { join_->ended(side_, why_); }

 private:
  const std::shared_ptr<Join> join_;
  const Join::Side side_;
  std::string why_;
};

}  // namespace

engine::StreamOptions join_options() {
  engine::StreamOptions options;
  options.queue_bytes_max = kApiQueueBytes;
  return options;
}

engine::TunnelLimits join_limits() {
  engine::TunnelLimits limits;
  limits.window_bytes = kWindowBytes;
  limits.overrun_bytes = kApiQueueBytes;
  limits.send_queue_bytes = kTunnelQueueBytes;
  return limits;
}

void join_stream(storage::Env& env, Dialer& dialer, const Endpoint& to,
                 std::shared_ptr<TunnelStream> stream) {
  auto join = std::make_shared<Join>(stream);
  stream->pause_reading();
  stream->attach(std::make_unique<JoinSide>(join, Join::Side::tunnel));
  dialer.dial(to, std::make_unique<JoinSide>(std::move(join), Join::Side::api),
              env.now() + kDialTimeout);
}

}  // namespace appliance
