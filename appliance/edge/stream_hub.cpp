#include "appliance/edge/stream_hub.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "appliance/edge/hub_shard.h"

namespace appliance {

class StreamHub::Impl {
 public:
  Impl(storage::Env& env_in, HubOptions options) : env(env_in) {
    int cores = static_cast<int>(std::thread::hardware_concurrency());
    int count = std::clamp(options.shards > 0 ? options.shards : cores, 1, 4);
    for (int i = 0; i < count; ++i) shards.push_back(std::make_unique<HubShard>(env));
  }

  HubShard& next() { return *shards[turn.fetch_add(1, std::memory_order_relaxed) % shards.size()]; }

  storage::Env& env;
  std::vector<std::unique_ptr<HubShard>> shards;
  std::atomic<size_t> turn{0};
  std::atomic<uint64_t> timer{1};
};

StreamHub::StreamHub(storage::Env& env, HubOptions options)
    : impl_(std::make_unique<Impl>(env, options)) {}
StreamHub::~StreamHub() = default;

void StreamHub::adopt(Adopted connection) {
  impl_->next().adopt(std::move(connection));
}

void StreamHub::connect(SocketAddress to, std::unique_ptr<ConnectionHandler> handler,
                        engine::StreamOptions options, storage::Instant deadline) {
  impl_->next().connect(std::move(to), std::move(handler), std::move(options), deadline);
}

// Timers spread over the shards; the id tells which one has it.
TimerId StreamHub::after(storage::Millis delay, storage::Task task) {
  TimerId id = impl_->timer.fetch_add(1, std::memory_order_relaxed);
  impl_->shards[id % impl_->shards.size()]->after(id, delay, std::move(task));
  return id;
}

bool StreamHub::cancel(TimerId timer) {
  return impl_->shards[timer % impl_->shards.size()]->cancel(timer);
}
void StreamHub::post(storage::Task task) {
  impl_->next().post(std::move(task));
}

void StreamHub::stop(storage::Instant deadline) {
  for (auto& shard : impl_->shards) shard->begin_stop(deadline);
  for (auto& shard : impl_->shards) shard->join();
}

storage::Env& StreamHub::env() {
  return impl_->env;
}

HubCounters StreamHub::counters() const {
  HubCounters out;
  for (auto& shard : impl_->shards) {
    auto& from = shard->counters();
    out.streams += from.streams;
    out.adopted += from.adopted;
    out.connected += from.connected;
    out.closed_slow += from.closed_slow;
    out.bytes_in += from.bytes_in;
    out.bytes_out += from.bytes_out;
    out.queued_bytes += static_cast<uint64_t>(std::max<int64_t>(0, from.queued.load()));
  }
  return out;
}

}  // namespace appliance
