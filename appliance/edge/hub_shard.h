// HubShard: one of the hub's threads with its epoll, its streams and its timers.
// Thread: run() by its own; post, mark, adopt, connect, after, cancel from any. Owns: its streams.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "appliance/edge/hub_stream.h"
#include "storage/base/env.h"

namespace appliance {

class HubShard {
 public:
  explicit HubShard(storage::Env& env);
  ~HubShard();

  void adopt(Adopted connection);
  void connect(SocketAddress to, std::unique_ptr<ConnectionHandler> handler,
               engine::StreamOptions options, storage::Instant deadline);
  void post(storage::Task task);
  void after(TimerId id, storage::Millis delay, storage::Task task);
  bool cancel(TimerId id);
  void mark(std::shared_ptr<HubStream> stream);
  void begin_stop(storage::Instant deadline);
  void join();

  struct Counters {
    std::atomic<uint64_t> streams{0}, adopted{0}, connected{0}, closed_slow{0}, bytes_in{0},
        bytes_out{0};
    std::atomic<int64_t> queued{0};
  };
  Counters& counters() { return counters_; }

 private:
  using Stream = std::shared_ptr<HubStream>;

  void run();
  int wait_ms(storage::Instant now);
  void wake();
  void run_timers();
  void run_posted();
  void add(const Stream& stream);
  void open(HubStream& stream, const Frame& head);
  void on_event(HubStream& stream, uint32_t events);
  void connected(HubStream& stream);
  void failed(HubStream& stream, const engine::Status& why);
  void advance(HubStream& stream);
  void read(HubStream& stream);
  bool take_bytes(HubStream& stream, std::string_view bytes);
  void client_end(HubStream& stream);
  bool flush(HubStream& stream);  // true: everything queued is written
  bool write_some(HubStream& stream, size_t& written);
  void advance_queue(HubStream& stream, size_t written);
  bool refill(HubStream& stream);
  void drained(HubStream& stream);
  void give_back(HubStream& stream);
  void linger(HubStream& stream);
  void broken(HubStream& stream);
  void close(HubStream& stream);
  void go_on_later(HubStream& stream);
  void check_deadlines();
  void farewell_all();

  storage::Env& env_;
  int epoll_ = -1;
  int wake_ = -1;
  std::vector<Stream> streams_;
  std::vector<Stream> go_on_;
  size_t with_deadline_ = 0;
  storage::Instant next_check_;
  std::vector<char> scratch_;
  std::string gather_;
  storage::Instant now_;
  bool farewells_said_ = false;

  std::mutex mutex_;
  std::vector<Stream> dirty_;
  std::vector<storage::Task> posted_;
  std::map<std::pair<storage::Instant, TimerId>, storage::Task> timers_;
  std::map<TimerId, storage::Instant> timer_times_;
  std::optional<storage::Instant> stop_at_;
  std::atomic<bool> woken_{false};
  std::atomic<bool> stopping_{false};
  Counters counters_;
  std::thread thread_;
};

}  // namespace appliance
