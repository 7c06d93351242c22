// HubStream: one connection in the hub. Frames may be queued by any thread; everything else happens
// on its shard's thread. Thread: as said at each member. Owns: its Link, its handler, its queue.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "appliance/edge/stream_hub.h"

namespace appliance {

class HubShard;

using Frame = std::shared_ptr<const std::string>;

class HubStream final : public engine::StreamSink, public std::enable_shared_from_this<HubStream> {
 public:
  explicit HubStream(HubShard& shard) : shard_(shard) {}

  // Any thread.
  bool send(Frame bytes) override;
  size_t queued_bytes() const override { return queued_.load(std::memory_order_relaxed); }
  void pause_reading() override;
  void resume_reading() override;
  void finish() override { end(End::finish); }
  void release() override { end(End::release); }
  void abort() override { end(End::abort); }
  // The last frame and finish() in one, so that no other frame gets in between.
  void say_farewell(const Frame& last);

 private:
  friend class HubShard;
  enum class End : uint8_t { none, finish, release, abort, slow };
  enum class Phase : uint8_t { connecting, open, lingering, closed };

  void end(End how);
  void mark_locked(std::unique_lock<std::mutex>& lock);

  HubShard& shard_;

  std::mutex mutex_;  // guards the members up to the next comment
  std::vector<Frame> queue_;
  End end_ = End::none;
  bool ended_ = false;   // nothing is taken any more
  bool closed_ = false;  // the shard has forgotten it, and may itself be gone
  bool dirty_ = false;   // in the shard's list
  bool above_ = false;   // was over half of the limit

  std::atomic<size_t> queued_{0};  // bytes in queue_ and sending_
  std::atomic<bool> paused_{false};

  // The shard's thread only.
  Phase phase_ = Phase::open;
  bool more_ = false;          // the socket may hold bytes that no new event will announce
  bool client_ended_ = false;  // on_client_end has been called
  bool listed_ = false;        // in the shard's list of connections to go on with
  bool outbound_ = false;
  Link link_;
  std::unique_ptr<engine::StreamHandler> handler_;
  engine::StreamOptions options_;
  std::function<void(Link, std::string)> give_back_;
  std::string kept_;  // the client's bytes for its next request
  std::vector<Frame> sending_;
  size_t sending_at_ = 0;  // first frame not written
  size_t frame_at_ = 0;    // bytes of it that are written
  storage::Instant deadline_ = storage::Instant::max();
  size_t index_ = 0;  // in the shard's list of all
};

}  // namespace appliance
