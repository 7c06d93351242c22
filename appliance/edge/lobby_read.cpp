// The lobby's reading and writing: from bytes to whole requests, and the rest of answers.
#include <sys/socket.h>

#include <algorithm>

#include "appliance/edge/lobby.h"

namespace appliance {

using storage::Millis;

namespace {

// What one connection may move in one turn of the lobby before others are served.
constexpr size_t kTurnBytes = 256u << 10;
constexpr auto kLingerTime = Millis(2'000);
constexpr auto kLingerTimeAtStop = Millis(200);

}  // namespace

void Lobby::read_request(Conn& conn) {
  if (!conn.leftover.empty()) {
    std::string bytes = std::move(conn.leftover);
    conn.leftover = {};
    if (feed(conn, bytes)) return;
  }
  for (size_t turn = 0; turn < kTurnBytes;) {
    if (!conn.more) return;
    size_t got = 0;
    Io io = conn.link.read(scratch_, got);
    if (io == Io::want_read || io == Io::want_write) {
      conn.more = false;
      return;
    }
    // A client that ends in the middle of a request is not owed an answer.
    if (io != Io::ok) return close(conn);
    turn += got;
    conn.more = conn.client_ended || conn.link.more_to_read();
    if (feed(conn, std::string_view(scratch_.data(), got))) return;
  }
  go_on_later(conn);
}

bool Lobby::feed(Conn& conn, std::string_view bytes) {
  bool fresh = !conn.reader;
  if (fresh) conn.reader = std::make_unique<RequestReader>(limits_);
  RequestReader& reader = *conn.reader;
  bool had_head = reader.head_done();
  size_t used = reader.feed(bytes);
  if (reader.done()) {
    conn.leftover.assign(bytes.substr(used));
    if (conn.leftover.empty()) conn.leftover = {};
    if (reader.facts().body_streams && reader.facts().expects_continue) send_continue(conn);
    dispatch(conn);
    return true;
  }
  if (reader.refused()) {
    refuse(conn, reader.refusal());
    return true;
  }
  if (conn.phase == Conn::Phase::idle) {
    conn.phase = Conn::Phase::reading;
    set_deadline(conn, now_ + Millis(options_.header_timeout_ms));
  }
  if (reader.head_done()) {
    if (!had_head) {
      conn.body_end = now_ + Millis(engine::limits::kBodyTotalTimeoutMs);
      if (reader.facts().expects_continue && reader.body_bytes() == 0) send_continue(conn);
    }
    count_body(conn);
    if (conn.phase == Conn::Phase::linger || conn.phase == Conn::Phase::writing) return true;
    set_deadline(conn, std::min(conn.body_end, now_ + Millis(options_.body_progress_timeout_ms)));
  }
  return false;
}

// Half-read bodies are the one thing that clients can make us hold: all together they have a limit.
void Lobby::count_body(Conn& conn) {
  size_t bytes = conn.reader->body_bytes();
  bodies_bytes_ += bytes - conn.body_counted;
  conn.body_counted = bytes;
  if (bodies_bytes_ > engine::limits::kBodiesInFlightBytes)
    refuse(conn, {503, "ServiceUnavailable",
                  "too many large requests are arriving at once; try again later"});
}

void Lobby::send_continue(Conn& conn) {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  size_t put = 0;
  // The client has had no answer on this request yet, so the socket is empty unless it pipelines
  // without reading: then it can do without the word.
  (void)conn.link.write(kContinue, put);
}

void Lobby::dispatch(Conn& conn) {
  bodies_bytes_ -= std::exchange(conn.body_counted, 0);
  if (pool_.waiting() + jobs_.size() >= engine::limits::kRequestsWaiting)
    return refuse(conn, {429, "TooManyRequests", "too many requests are waiting; try again later"});
  counters_.requests.fetch_add(1, std::memory_order_relaxed);
  conn.phase = Conn::Phase::serving;
  conn.state.store(Conn::kBusy, std::memory_order_release);
  Job job;
  job.conn = &conn;
  job.reader = std::move(conn.reader);
  jobs_.push_back(std::move(job));
}

void Lobby::refuse(Conn& conn, const Refusal& refusal) {
  counters_.bad_requests.fetch_add(1, std::memory_order_relaxed);
  engine::Response response = refusal_response(refusal);
  if (refusal.code == 429 || refusal.code == 503) response.headers.add("Retry-After", "1");
  send_and_close(conn, std::move(response));
}

void Lobby::send_and_close(Conn& conn, engine::Response response) {
  bodies_bytes_ -= std::exchange(conn.body_counted, 0);
  RequestLine line;
  line.method = conn.reader && conn.reader->method() == "HEAD" ? "HEAD" : "GET";
  line.keep_alive = false;
  Outcome outcome = engine_.answer(line, std::move(response));
  conn.reader.reset();
  conn.leftover = {};
  conn.unsent = std::make_unique<Outgoing>(std::move(outcome.head), std::move(outcome.body),
                                           std::move(outcome.parts), true);
  conn.phase = Conn::Phase::writing;
  set_deadline(conn, now_ + Millis(options_.write_progress_timeout_ms));
  write_rest(conn);
}

void Lobby::write_rest(Conn& conn) {
  Outgoing& unsent = *conn.unsent;
  for (size_t turn = 0; turn < kTurnBytes;) {
    size_t put = 0;
    Io io = unsent.write(conn.link, put);
    if (io == Io::want_write || io == Io::want_read) return;
    if (io != Io::ok) return close(conn);
    if (unsent.done()) {
      bool close_after = unsent.close_after();
      conn.unsent.reset();
      if (close_after) return linger(conn);
      conn.phase = Conn::Phase::idle;
      conn.more = true;
      set_deadline(conn, now_ + Millis(options_.idle_timeout_ms));
      return go_on_later(conn);
    }
    turn += put;
    conn.deadline = now_ + Millis(options_.write_progress_timeout_ms);
  }
  go_on_later(conn);
}

// Closing a socket with unread bytes in it resets the connection, and the client might lose the
// answer that says what was wrong. So the write side ends first, and what still comes is thrown
// away for a short while.
void Lobby::linger(Conn& conn) {
  conn.link.shutdown_write();
  conn.phase = Conn::Phase::linger;
  set_deadline(conn, now_ + (stopping() ? kLingerTimeAtStop : kLingerTime));
  discard(conn);
}

void Lobby::discard(Conn& conn) {
  for (size_t turn = 0; turn < kTurnBytes;) {
    ssize_t got = recv(conn.link.fd(), scratch_.data(), scratch_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return close(conn);
    turn += static_cast<size_t>(got);
  }
  go_on_later(conn);
}

}  // namespace appliance
