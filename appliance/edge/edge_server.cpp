#include "appliance/edge/edge_server.h"

#include <sys/epoll.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include "appliance/edge/http_text.h"
#include "appliance/edge/lobby.h"
#include "appliance/edge/request_pool.h"
#include "appliance/edge/stream_hub.h"
#include "engine/base/websocket.h"

namespace appliance {
namespace {

using storage::Instant;
using storage::Millis;

// Most of them sleep in a commit at any moment: the more there are, the more writes share one sync
// of the disk.
int pool_size(int wanted) {
  if (wanted > 0) return wanted;
  return std::max(32, 4 * static_cast<int>(std::thread::hardware_concurrency()));
}

// What ends a stream of this head properly when the server stops.
std::shared_ptr<const std::string> farewell_of(const engine::Response& head) {
  if (head.status == 101 && http_text::has_item(head.headers.get("Upgrade"), "websocket")) {
    using namespace engine::websocket;
    return std::make_shared<const std::string>(
        frame(Opcode::close, close_payload(1001, "the server is stopping")));
  }
  if (http_text::has_item(head.headers.get("Transfer-Encoding"), "chunked"))
    return std::make_shared<const std::string>("0\r\n\r\n");
  return nullptr;
}

RequestLine line_of(const RequestReader& reader, const engine::Request& request) {
  return {request.method, request.target, reader.facts().http10, reader.facts().keep_alive};
}

}  // namespace

class EdgeServer::Impl : public std::enable_shared_from_this<EdgeServer::Impl> {
 public:
  Impl(EdgeOptions options, storage::Env& env, StreamHub& hub, Handler handler)
      : options_(std::move(options)),
        env_(env),
        hub_(hub),
        handler_(std::move(handler)),
        run_id_(env.random(UINT32_MAX)),
        pool_(
            pool_size(options_.pool_threads), handler_,
            [this](HttpEngine& engine, Job job) { serve(engine, std::move(job)); },
            [this] { return closing_.load(std::memory_order_relaxed); }),
        lobby_(options_, env, pool_, hub) {}

  engine::Result<engine::Unit> start() {
    TRY(lobby_.bind());
    lobby_.start();
    started_ = true;
    return engine::Unit{};
  }

  void stop(Instant deadline) {
    if (std::exchange(stopped_, true)) return;
    closing_ = true;
    if (started_) lobby_.begin_stop(deadline);
    lobby_.join();
    pool_.stop();
  }

  const std::vector<uint16_t>& ports() const { return lobby_.ports(); }

  EdgeCounters counters() const {
    const auto& from = lobby_.counters();
    EdgeCounters out;
    out.accepted = from.accepted;
    out.refused = from.refused;
    out.handshakes_failed = from.handshakes_failed;
    out.requests = from.requests;
    out.bad_requests = from.bad_requests;
    out.timeouts = from.timeouts;
    out.connections = from.connections;
    out.running = pool_.running();
    out.waiting = pool_.waiting();
    out.pending = pending_;
    return out;
  }

 private:
  class ReplyOnce;

  void serve(HttpEngine& engine, Job job) {
    Conn& conn = *job.conn;
    if (job.answer) {
      pending_.fetch_sub(1, std::memory_order_relaxed);
      Outcome outcome = engine.answer(job.line, std::move(*job.answer));
      return finish(conn, std::move(job.line), std::move(outcome));
    }
    engine::Request request = make_request(*job.reader);
    request.peer = conn.link.peer();
    request.certificate = conn.link.certificate();
    request.scheme = conn.link.is_tls() ? "https" : "http";
    request.id = next_id();
    RequestLine line = line_of(*job.reader, request);
    job.reader.reset();
    Outcome outcome = engine.run(line, request);
    finish(conn, std::move(line), std::move(outcome));
  }

  std::string next_id() {
    char text[32];
    uint64_t number = next_request_.fetch_add(1, std::memory_order_relaxed);
    int size = std::snprintf(text, sizeof text, "%08x-%08llx", static_cast<unsigned>(run_id_),
                             static_cast<unsigned long long>(number));
    return std::string(text, static_cast<size_t>(size));
  }

  void finish(Conn& conn, RequestLine line, Outcome outcome) {
    if (outcome.pending) return park(conn, std::move(line), std::move(*outcome.pending));
    if (outcome.stream) return to_hub(conn, std::move(outcome));
    write(conn, std::move(outcome));
  }

  void write(Conn& conn, Outcome outcome) {
    Outgoing outgoing(std::move(outcome.head), std::move(outcome.body), std::move(outcome.parts),
                      outcome.close);
    Io io = Io::ok;
    while (!outgoing.done() && io == Io::ok) {
      size_t put = 0;
      io = outgoing.write(conn.link, put);
    }
    if (io == Io::want_write || io == Io::want_read) {
      conn.unsent = std::make_unique<Outgoing>(std::move(outgoing));
      return give_back(conn, Conn::Phase::writing);
    }
    if (io != Io::ok) return give_back(conn, Conn::Phase::gone);
    if (outcome.close || closing_.load(std::memory_order_relaxed))
      return give_back(conn, Conn::Phase::linger);
    bool quiet = conn.leftover.empty() && !conn.more;
    conn.phase = Conn::Phase::idle;
    conn.deadline = env_.now() + Millis(options_.idle_timeout_ms);
    if (quiet && Lobby::become_idle(conn)) return;
    lobby_.give_back(&conn);
  }

  void give_back(Conn& conn, Conn::Phase phase) {
    conn.phase = phase;
    lobby_.give_back(&conn);
  }

  void park(Conn& conn, RequestLine line, engine::Pending pending);

  void to_hub(Conn& conn, Outcome outcome) {
    Adopted adopted;
    engine::Stream& stream = *outcome.stream;
    lobby_.forget(conn);
    adopted.link = std::move(conn.link);
    adopted.head = std::move(outcome.head);
    adopted.input = std::move(conn.leftover);
    adopted.handler = std::move(stream.handler);
    adopted.options = stream.options;
    if (!adopted.options.farewell && stream.head)
      adopted.options.farewell = farewell_of(*stream.head);
    if (adopted.options.client_bytes == engine::ClientBytes::by_head) {
      bool deliver = !stream.head || stream.head->status == 101;
      adopted.options.client_bytes =
          deliver ? engine::ClientBytes::deliver : engine::ClientBytes::keep;
    }
    bool keep = !outcome.close;
    adopted.give_back = [self = weak_from_this(), keep](Link link, std::string input) {
      auto server = self.lock();
      if (!server || !keep || server->closing_.load(std::memory_order_relaxed)) return;
      server->lobby_.adopt(std::move(link), std::move(input));
    };
    hub_.adopt(std::move(adopted));
    give_back(conn, Conn::Phase::gone);
  }

  void replied(Conn* conn, RequestLine line, engine::Answer answer) {
    Job job;
    job.conn = conn;
    job.line = std::move(line);
    job.answer = std::move(answer);
    pool_.push(std::move(job));
  }

  EdgeOptions options_;
  storage::Env& env_;
  StreamHub& hub_;
  Handler handler_;
  std::atomic<bool> closing_{false};
  std::atomic<uint64_t> pending_{0};
  std::atomic<uint64_t> next_request_{1};
  const uint64_t run_id_;
  bool started_ = false;
  bool stopped_ = false;
  RequestPool pool_;
  Lobby lobby_;  // gone before the pool, whose threads have ended by then
};

// The reply of one parked request: answers once, and answers for a handler that forgot.
class EdgeServer::Impl::ReplyOnce {
 public:
  ReplyOnce(std::weak_ptr<Impl> server, Conn* conn, RequestLine line)
      : server_(std::move(server)), conn_(conn), line_(std::move(line)) {}
  ReplyOnce(const ReplyOnce&) = delete;
  ReplyOnce& operator=(const ReplyOnce&) = delete;
  ~ReplyOnce() {
    give(refusal_response({500, "InternalError", "the request was given up without an answer"}));
  }

  void give(engine::Answer answer) {
    if (called_.exchange(true)) return;
    if (auto server = server_.lock()) server->replied(conn_, std::move(line_), std::move(answer));
  }

 private:
  std::atomic<bool> called_{false};
  std::weak_ptr<Impl> server_;
  Conn* conn_;
  RequestLine line_;
};

void EdgeServer::Impl::park(Conn& conn, RequestLine line, engine::Pending pending) {
  pending_.fetch_add(1, std::memory_order_relaxed);
  auto once = std::make_shared<ReplyOnce>(weak_from_this(), &conn, std::move(line));
  if (!pending.start) return;  // the last owner answers
  // From here on the connection may already be in other hands.
  pending.start([once](engine::Answer answer) { once->give(std::move(answer)); });
}

EdgeServer::EdgeServer(EdgeOptions options, storage::Env& env, StreamHub& hub, Handler handler)
    : impl_(std::make_shared<Impl>(std::move(options), env, hub, std::move(handler))) {}
EdgeServer::~EdgeServer() {
  impl_->stop(Instant::min());
}

engine::Result<engine::Unit> EdgeServer::start() {
  return impl_->start();
}
const std::vector<uint16_t>& EdgeServer::ports() const {
  return impl_->ports();
}
void EdgeServer::stop(Instant deadline) {
  impl_->stop(deadline);
}
EdgeCounters EdgeServer::counters() const {
  return impl_->counters();
}

}  // namespace appliance
