// Lobby: the one thread that owns every server connection that is not busy with a request and not
// in the hub. It accepts, handshakes TLS (in slices, so that a flood of handshakes does not delay
// requests), reads until a whole request is there, writes what a pool thread could not, and closes
// what is too slow. It never waits for anything but its epoll. Thread: run() by its own; the rest
// as said. Owns: listening sockets and connections.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "appliance/edge/conn.h"
#include "appliance/edge/deadline_wheel.h"
#include "appliance/edge/edge_server.h"
#include "appliance/edge/http_engine.h"
#include "appliance/edge/request_pool.h"

namespace appliance {

class Lobby {
 public:
  Lobby(const EdgeOptions& options, storage::Env& env, RequestPool& pool, const StreamHub& hub);
  ~Lobby();

  engine::Result<engine::Unit> bind();
  void start();
  const std::vector<uint16_t>& ports() const { return ports_; }

  // Any thread. The owner of a busy connection gives it back; its phase says how to go on.
  void give_back(Conn* conn);
  // The quiet way: true when the connection became idle and the lobby need not know.
  static bool become_idle(Conn& conn);
  // The owner of a busy connection: no more events for its socket, which goes elsewhere.
  void forget(Conn& conn);
  // Any thread: a connection comes back from the hub.
  void adopt(Link link, std::string input);

  void begin_stop(storage::Instant deadline);
  void join();
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

  struct Counters {
    std::atomic<uint64_t> accepted{0}, refused{0}, handshakes_failed{0}, requests{0},
        bad_requests{0}, timeouts{0};
    std::atomic<uint64_t> connections{0};
  };
  const Counters& counters() const { return counters_; }

 private:
  struct Listener {
    int fd = -1;
    TlsSource* tls = nullptr;
    bool paused = false;
  };

  engine::Result<engine::Unit> bind_one(const Listen& listen);
  static int listen_on(int fd);
  size_t hub_connections() const;
  void run();
  int wait_ms(storage::Instant now) const;
  void take_returned();
  void accept_some(size_t listener);
  void add(int fd, size_t listener, std::string peer);
  bool out_of_descriptors(int fd);
  void pause_accepting(storage::Instant until);
  void resume_accepting();

  void on_event(Conn& conn, uint32_t events);
  void advance(Conn& conn);
  void sniff(Conn& conn);
  void handshake_some();
  void handshake(Conn& conn);
  void answer_plain_on_tls(Conn& conn);
  void read_request(Conn& conn);
  bool feed(Conn& conn,
            std::string_view bytes);  // true: the connection is not ours to read any more
  void count_body(Conn& conn);
  void send_continue(Conn& conn);
  void dispatch(Conn& conn);
  void refuse(Conn& conn, const Refusal& refusal);
  void send_and_close(Conn& conn, engine::Response response);
  void write_rest(Conn& conn);
  void linger(Conn& conn);
  void discard(Conn& conn);
  void expire(Conn& conn, storage::Instant now);
  void set_deadline(Conn& conn, storage::Instant at);
  void go_on_later(Conn& conn);
  void close(Conn& conn);
  void close_idle();
  void close_listeners();

  const EdgeOptions& options_;
  storage::Env& env_;
  RequestPool& pool_;
  const StreamHub& hub_;
  HttpEngine::Handler no_handler_;
  HttpEngine engine_;  // writes refusals
  RequestReader::Limits limits_;
  size_t connections_max_ = 0;

  int epoll_ = -1;
  int wake_ = -1;
  int reserve_ = -1;  // a descriptor kept to be able to refuse politely when there are none left
  std::vector<Listener> listeners_;
  std::vector<uint16_t> ports_;
  DeadlineWheel wheel_;
  std::deque<Conn*> handshakes_;  // ready for a step
  size_t handshaking_ = 0;
  std::vector<Conn*> go_on_;  // had more to do than one turn allows
  std::vector<Job> jobs_;     // of this turn
  size_t bodies_bytes_ = 0;
  std::optional<storage::Instant> accept_again_;
  std::vector<char> scratch_;
  storage::Instant now_;
  storage::Instant unstuck_at_;

  std::mutex mutex_;
  std::vector<Conn*> returned_;
  std::vector<std::pair<Link, std::string>> adopted_;
  std::atomic<bool> woken_{false};
  std::atomic<bool> stopping_{false};
  std::optional<storage::Instant> stop_at_;  // under mutex_ until the lobby has seen stopping_
  Counters counters_;
  std::thread thread_;
};

}  // namespace appliance
