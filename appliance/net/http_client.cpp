#include "appliance/net/http_client.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "appliance/edge/http_text.h"
#include "appliance/net/http_response.h"

namespace appliance {
namespace {

using engine::Status;
using storage::Instant;
using storage::Millis;

constexpr auto kReapEvery = Millis(5'000);
constexpr int kHttpsPort = 443;
constexpr int kHttpPort = 80;

bool may_repeat(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE";
}

std::string host_of(const Endpoint& to) {
  std::string host = to.host.find(':') != std::string::npos ? "[" + to.host + "]" : to.host;
  if (to.port == kHttpsPort || to.port == kHttpPort) return host;
  return host + ":" + std::to_string(to.port);
}

std::shared_ptr<const std::string> wire_of(const OutRequest& request, const std::string& host) {
  std::string out;
  out.reserve(512 + request.body.size());
  out += request.method + " " + request.target + " HTTP/1.1\r\nHost: " + host + "\r\n";
  bool upgrade = request.headers.has("Upgrade");
  for (const auto& [name, value] : request.headers) {
    if (http_text::same(name, "host") || http_text::same(name, "content-length") ||
        http_text::same(name, "transfer-encoding")) {
      continue;
    }
    if (http_text::same(name, "connection") && !upgrade) continue;
    if (!http_text::is_token(name) ||
        value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      continue;
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  bool has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
                  request.method == "PATCH";
  if (!request.body_follows.empty()) {
    out += request.body_follows + "\r\n";
  } else if (has_body) {
    out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  out += "\r\n";
  out += request.body;
  return std::make_shared<const std::string>(std::move(out));
}

}  // namespace

// What outlives the client object: calls and connections under way hold it.
class HttpClient::Impl : public std::enable_shared_from_this<HttpClient::Impl> {
 public:
  class Connection;
  class Handler;
  class CallImpl;

  Impl(storage::Env& env, StreamHub& hub, Dialer& dialer, Endpoint to, HttpClientOptions options)
      : env_(env), hub_(hub), dialer_(dialer), to_(std::move(to)), options_(std::move(options)) {
    if (options_.host_header.empty()) options_.host_header = host_of(to_);
  }

  std::shared_ptr<Exchange> send(OutRequest request, std::unique_ptr<ResponseHandler> handler);
  void start(const std::shared_ptr<CallImpl>& call);
  void dial(const std::shared_ptr<CallImpl>& call);
  bool keep(const std::shared_ptr<Connection>& connection);
  void forget(const Connection* connection);
  void stop();

  storage::Env& env() { return env_; }
  StreamHub& hub() { return hub_; }

 private:
  void reap_later();
  void reap();

  storage::Env& env_;
  StreamHub& hub_;
  Dialer& dialer_;
  const Endpoint to_;
  HttpClientOptions options_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Connection>> idle_;  // the last one was used last
  std::vector<std::weak_ptr<CallImpl>> calls_;
  size_t prune_at_ = 64;
  bool reaping_ = false;
  bool stopped_ = false;
  std::mutex dialing_;  // held while the dialer is called: it may go after stop()
  bool may_dial_ = true;
};

// One request. Its handler is called from its connection's hub thread only; timers and other
// threads only close the connection and leave word why.
class HttpClient::Impl::CallImpl final : public Exchange,
                                         public std::enable_shared_from_this<CallImpl> {
 public:
  CallImpl(std::shared_ptr<Impl> client, OutRequest request,
           std::unique_ptr<ResponseHandler> handler, Instant deadline)
      : client_(std::move(client)),
        request_(std::move(request)),
        handler_(std::move(handler)),
        deadline_(deadline) {}

  void cancel() override { stop_with(std::nullopt); }
  void pause_reading() override {
    if (auto sink = current()) sink->pause_reading();
  }
  void resume_reading() override {
    if (auto sink = current()) sink->resume_reading();
  }
  bool send(std::shared_ptr<const std::string> bytes) override {
    if (!upgraded_.load() && !body_follows()) return false;
    std::shared_ptr<engine::StreamSink> sink;
    {
      std::lock_guard lock(mutex_);
      if (stopped_) return false;
      if (!head_sent_) {
        waiting_ += *bytes;
        return waiting_.size() <= engine::limits::kStreamQueueBytes;
      }
      sink = sink_;
    }
    return sink && sink->send(std::move(bytes));
  }
  size_t queued_bytes() const override {
    std::lock_guard lock(mutex_);
    return waiting_.size() + (sink_ ? sink_->queued_bytes() : 0);
  }
  void end_body() override { body_whole_.store(true); }
  bool body_follows() const { return !request_.body_follows.empty(); }
  // Nothing more of the request is to come: the connection may carry another.
  bool sent_all() const { return !body_follows() || body_whole_.load(); }
  void finish() override {
    if (auto sink = current()) sink->finish();
  }

  // Takes a connection and sends; false when the call has been given up meanwhile.
  bool run_on(std::shared_ptr<engine::StreamSink> sink, const std::string& host) {
    {
      std::lock_guard lock(mutex_);
      if (stopped_) return false;
      sink_ = sink;
      // Under the lock: what follows comes after the head and after what has waited for it.
      sink->send(wire_of(request_, host));
      if (!waiting_.empty())
        sink->send(std::make_shared<const std::string>(std::exchange(waiting_, {})));
      head_sent_ = true;
    }
    return true;
  }

  // One timer at a time: until the head, then between pieces of the body.
  void arm(Millis time, const char* what) {
    TimerId timer = client_->hub().after(time, [weak = weak_from_this(), what] {
      if (auto self = weak.lock()) self->stop_with(Status::timeout(what));
    });
    TimerId old = timer_.exchange(timer);
    if (old != 0) client_->hub().cancel(old);
  }
  void disarm() {
    if (TimerId old = timer_.exchange(0)) client_->hub().cancel(old);
  }

  // Why it was ended from our side, if it was.
  bool given_up(std::optional<Status>& why) {
    std::lock_guard lock(mutex_);
    why = why_;
    return stopped_;
  }
  void end_with(std::optional<Status> why) {
    disarm();
    auto handler = std::move(handler_);
    {
      std::lock_guard lock(mutex_);
      sink_.reset();
      stopped_ = true;
    }
    if (!handler) return;
    if (why) {
      handler->on_error(*why);
    } else {
      handler->on_end();
    }
  }
  void drop_handler() {
    disarm();
    std::lock_guard lock(mutex_);
    handler_.reset();
    sink_.reset();
  }
  void set_upgraded() { upgraded_.store(true); }
  void stop_with(std::optional<Status> why) {
    std::shared_ptr<engine::StreamSink> sink;
    {
      std::lock_guard lock(mutex_);
      if (stopped_) return;
      stopped_ = true;
      why_ = std::move(why);
      sink = sink_;
    }
    if (sink) sink->abort();
  }

  const OutRequest& request() const { return request_; }
  ResponseHandler* handler() { return handler_.get(); }
  Instant deadline() const { return deadline_; }
  bool first_try() { return !std::exchange(tried_, true); }

 private:
  std::shared_ptr<engine::StreamSink> current() const {
    std::lock_guard lock(mutex_);
    return sink_;
  }

  std::shared_ptr<Impl> client_;
  const OutRequest request_;
  std::unique_ptr<ResponseHandler> handler_;
  const Instant deadline_;
  std::atomic<TimerId> timer_{0};
  bool tried_ = false;
  std::atomic<bool> upgraded_{false};
  std::atomic<bool> body_whole_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<engine::StreamSink> sink_;
  std::string waiting_;  // of a body that follows, until there is a connection
  bool head_sent_ = false;
  bool stopped_ = false;
  std::optional<Status> why_;
};

// One connection: dialing, busy with a call, or idle.
class HttpClient::Impl::Connection final : public std::enable_shared_from_this<Connection>,
                                           ResponseParser::Events {
 public:
  Connection(std::shared_ptr<Impl> client, std::shared_ptr<CallImpl> call)
      : client_(std::move(client)), call_(std::move(call)) {}

  // From the pool, by the thread that sends. False: it is closing, take another.
  bool reuse(std::shared_ptr<CallImpl> call, const std::string& host) {
    std::shared_ptr<engine::StreamSink> sink;
    {
      std::lock_guard lock(mutex_);
      if (closed_ || call_) return false;
      call_ = call;
      parser_.emplace(call->request().method);
      reused_ = true;
      sink = sink_;
    }
    if (!call->run_on(sink, host)) sink->abort();
    return true;
  }

  void on_open(std::shared_ptr<engine::StreamSink> sink, const std::string& host) {
    auto call = current();
    {
      std::lock_guard lock(mutex_);
      sink_ = sink;
      parser_.emplace(call->request().method);
    }
    if (!call->run_on(sink, host)) sink->abort();
  }

  void on_bytes(std::string_view bytes) {
    auto call = current();
    std::optional<Status> why;
    if (!call || call->given_up(why)) {
      // Bytes that nobody asked for: this connection is not to be trusted with another request.
      if (!call) sink_->abort();
      return;
    }
    bool had_head = parser_->head_done();
    auto used = parser_->feed(bytes, *this);
    if (!used) {
      call->end_with(used.error());
      clear();
      return sink_->abort();
    }
    if (parser_->done()) return answered(call, *used == bytes.size());
    if (!had_head && parser_->head_done()) call->disarm();
    if (parser_->head_done() && call->request().body_timeout.count() > 0) {
      call->arm(call->request().body_timeout,
                "the other server stopped sending in the middle of its answer");
    }
  }

  void on_drained() {
    auto call = current();
    if (call && call->handler()) call->handler()->on_drained();
  }

  void on_client_end() {
    closing();
    auto call = current();
    if (!call || !parser_) return;
    std::optional<Status> why;
    if (call->given_up(why)) return;
    if (retry(call)) return;
    auto ended = parser_->end();
    call->end_with(ended ? std::nullopt : std::optional(ended.error()));
    clear();
  }

  void on_error(const Status& why) { why_ = why; }

  void on_closed() {
    closing();
    auto call = current();
    clear();
    if (!call) return;
    std::optional<Status> why;
    if (call->given_up(why)) return why ? call->end_with(why) : call->drop_handler();
    if (retry(call)) return;
    if (!why_ && parser_) {
      auto ended = parser_->end();
      if (!ended) why_ = ended.error();
      if (ended) return call->end_with(std::nullopt);
    }
    call->end_with(why_.value_or(Status::service_unavailable("the connection was closed")));
  }

  void close() {
    std::shared_ptr<engine::StreamSink> sink;
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
      sink = sink_;
    }
    if (sink) sink->finish();
  }
  Instant idle_since() const { return idle_since_; }
  void set_idle_since(Instant at) { idle_since_ = at; }

 private:
  void on_head(engine::Response head) override {
    if (head.status == 101) call_->set_upgraded();
    call_->handler()->on_head(std::move(head));
  }
  void on_body(std::string_view bytes) override { call_->handler()->on_body(bytes); }

  std::shared_ptr<CallImpl> current() {
    std::lock_guard lock(mutex_);
    return call_;
  }
  void clear() {
    std::lock_guard lock(mutex_);
    call_.reset();
  }
  void closing() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    client_->forget(this);
  }

  // The whole answer is there. The connection goes back before the handler hears of the end, so
  // that its next request finds it.
  void answered(const std::shared_ptr<CallImpl>& call, bool nothing_after) {
    bool reusable = parser_->reusable() && nothing_after && call->sent_all();
    std::optional<Status> why;
    if (call->given_up(why)) return;
    call->disarm();
    clear();
    sink_->resume_reading();
    if (!reusable || !client_->keep(shared_from_this())) sink_->finish();
    call->end_with(std::nullopt);
  }

  // A kept connection that the server closed before it saw this request: a new one may carry it.
  bool retry(const std::shared_ptr<CallImpl>& call) {
    if (!reused_ || call->body_follows() || !parser_ || parser_->begun() ||
        !may_repeat(call->request().method) || !call->first_try())
      return false;
    clear();
    client_->dial(call);
    return true;
  }

  std::shared_ptr<Impl> client_;
  std::mutex mutex_;
  std::shared_ptr<CallImpl> call_;
  std::shared_ptr<engine::StreamSink> sink_;
  bool closed_ = false;
  bool reused_ = false;
  std::optional<ResponseParser> parser_;
  std::optional<Status> why_;
  Instant idle_since_;
};

// What the dialer holds: passes calls to the shared connection.
class HttpClient::Impl::Handler final : public ConnectionHandler {
 public:
  Handler(std::shared_ptr<Connection> connection, std::string host)
      : connection_(std::move(connection)), host_(std::move(host)) {}
  void on_open(std::shared_ptr<engine::StreamSink> sink) override {
    connection_->on_open(std::move(sink), host_);
  }
  void on_bytes(std::string_view bytes) override { connection_->on_bytes(bytes); }
  void on_drained() override { connection_->on_drained(); }
  void on_client_end() override { connection_->on_client_end(); }
  void on_error(const Status& why) override { connection_->on_error(why); }
  void on_closed() override { connection_->on_closed(); }

 private:
  std::shared_ptr<Connection> connection_;
  std::string host_;
};

std::shared_ptr<Exchange> HttpClient::Impl::send(OutRequest request,
                                                 std::unique_ptr<ResponseHandler> handler) {
  Instant deadline = env_.now() + request.head_timeout;
  auto call = std::make_shared<CallImpl>(shared_from_this(), std::move(request), std::move(handler),
                                         deadline);
  {
    std::lock_guard lock(mutex_);
    if (calls_.size() >= prune_at_) {
      std::erase_if(calls_, [](const auto& weak) { return weak.expired(); });
      prune_at_ = 2 * calls_.size() + 64;
    }
    calls_.push_back(call);
  }
  call->handler()->on_begin(call);
  call->arm(call->request().head_timeout, "the other server did not answer in time");
  start(call);
  return call;
}

void HttpClient::Impl::start(const std::shared_ptr<CallImpl>& call) {
  while (!call->body_follows()) {
    std::shared_ptr<Connection> connection;
    {
      std::lock_guard lock(mutex_);
      if (idle_.empty()) break;
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    if (connection->reuse(call, options_.host_header)) return;
  }
  dial(call);
}

void HttpClient::Impl::dial(const std::shared_ptr<CallImpl>& call) {
  auto connection = std::make_shared<Connection>(shared_from_this(), call);
  std::unique_lock lock(dialing_);
  if (!may_dial_) {
    lock.unlock();
    return call->end_with(Status::service_unavailable("the client was closed"));
  }
  dialer_.dial(to_, std::make_unique<Handler>(std::move(connection), options_.host_header),
               call->deadline());
}

bool HttpClient::Impl::keep(const std::shared_ptr<Connection>& connection) {
  bool begin = false;
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || idle_.size() >= options_.idle_max) return false;
    connection->set_idle_since(env_.now());
    idle_.push_back(connection);
    begin = !std::exchange(reaping_, true);
  }
  if (begin) reap_later();
  return true;
}

void HttpClient::Impl::forget(const Connection* connection) {
  std::shared_ptr<Connection> dropped;
  std::lock_guard lock(mutex_);
  auto found = std::find_if(idle_.begin(), idle_.end(),
                            [&](const auto& held) { return held.get() == connection; });
  if (found == idle_.end()) return;
  dropped = std::move(*found);
  idle_.erase(found);
}

void HttpClient::Impl::reap_later() {
  hub_.after(std::min(kReapEvery, options_.idle_timeout), [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->reap();
  });
}

void HttpClient::Impl::reap() {
  std::vector<std::shared_ptr<Connection>> old;
  bool more;
  {
    std::lock_guard lock(mutex_);
    Instant before = env_.now() - options_.idle_timeout;
    auto young = std::partition(idle_.begin(), idle_.end(),
                                [&](const auto& held) { return held->idle_since() <= before; });
    std::move(idle_.begin(), young, std::back_inserter(old));
    idle_.erase(idle_.begin(), young);
    more = reaping_ = !idle_.empty() && !stopped_;
  }
  for (auto& connection : old) connection->close();
  if (more) reap_later();
}

void HttpClient::Impl::stop() {
  {
    std::lock_guard lock(dialing_);
    may_dial_ = false;
  }
  std::vector<std::shared_ptr<Connection>> idle;
  std::vector<std::weak_ptr<CallImpl>> calls;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    idle.swap(idle_);
    calls.swap(calls_);
  }
  for (auto& connection : idle) connection->close();
  for (auto& weak : calls)
    if (auto call = weak.lock())
      call->stop_with(Status::service_unavailable("the client was closed"));
}

HttpClient::HttpClient(storage::Env& env, StreamHub& hub, Dialer& dialer, Endpoint to,
                       HttpClientOptions options)
    : impl_(std::make_shared<Impl>(env, hub, dialer, std::move(to), std::move(options))) {}
HttpClient::~HttpClient() {
  impl_->stop();
}

std::shared_ptr<Exchange> HttpClient::send(OutRequest request,
                                           std::unique_ptr<ResponseHandler> handler) {
  return impl_->send(std::move(request), std::move(handler));
}

}  // namespace appliance
