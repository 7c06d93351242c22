#include "appliance/net/agent_loop.h"

#include <algorithm>
#include <array>
#include <utility>

#include "appliance/net/agent_join.h"
#include "engine/base/base64.h"
#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/base/websocket.h"
#include "engine/cluster/registration.h"
#include "engine/cluster/transport.h"
#include "storage/base/log.h"

namespace appliance {

using engine::ClusterAccess;
using engine::Response;
using engine::Result;
using engine::Status;
using engine::StreamSink;
using storage::Millis;

namespace {

constexpr size_t kCaBytesMax = 256u << 10;
constexpr size_t kRefusalBytesMax = 4096;
constexpr Millis kHandshake{15'000};

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

// A connection that was upgraded, as the tunnel wants it.
class UpgradedSink final : public StreamSink {
 public:
  explicit UpgradedSink(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  bool send(std::shared_ptr<const std::string> bytes) override {
    return exchange_->send(std::move(bytes));
  }
  size_t queued_bytes() const override { return exchange_->queued_bytes(); }
  void pause_reading() override { exchange_->pause_reading(); }
  void resume_reading() override { exchange_->resume_reading(); }
  void finish() override { exchange_->finish(); }
  void release() override { exchange_->finish(); }
  void abort() override { exchange_->cancel(); }

 private:
  const std::shared_ptr<Exchange> exchange_;
};

}  // namespace

// HTTP to the server, over TLS that trusts the pinned CA.
struct AgentLoop::Server {
  std::unique_ptr<TlsDialer> tls;
  std::unique_ptr<HttpClient> client;

  static Result<std::shared_ptr<Server>> create(AgentLoop& loop, TlsClient options) {
    auto server = std::make_shared<Server>();
    server->tls = TRY(TlsDialer::create(loop.hub_, loop.to_server_, std::move(options)));
    HttpClientOptions http;
    http.host_header = loop.server_.authority();
    server->client = std::make_unique<HttpClient>(
        loop.env_, loop.hub_, *server->tls, Endpoint{loop.server_.host, loop.server_.port}, http);
    return server;
  }
};

// GET /cacerts, whose answer is believed only for its checksum.
class AgentLoop::CaFetch final : public ResponseHandler {
 public:
  CaFetch(std::shared_ptr<AgentLoop> loop, std::shared_ptr<Server> server)
      : loop_(std::move(loop)), server_(std::move(server)) {}
  void on_head(Response head) override { answer_ = std::move(head); }
  void on_body(std::string_view bytes) override {
    if (answer_.body.size() < kCaBytesMax) answer_.body.append(bytes);
  }
  void on_end() override { done(std::move(answer_)); }
  void on_error(const Status& why) override { done(why); }

 private:
  void done(Result<Response> answer) {
    // The client is let go outside its own call.
    loop_->hub_.post([loop = loop_, server = std::move(server_), answer = std::move(answer)] {
      loop->got_ca(answer);
    });
  }
  const std::shared_ptr<AgentLoop> loop_;
  std::shared_ptr<Server> server_;
  Response answer_;
};

// The upgrade request's answer, and the WebSocket after it.
class AgentLoop::Socket final : public ResponseHandler {
 public:
  Socket(std::shared_ptr<AgentLoop> loop, std::shared_ptr<Tunnel> tunnel, std::string accept)
      : loop_(std::move(loop)), tunnel_(std::move(tunnel)), accept_(std::move(accept)) {}

  void on_head(Response head) override {
    answer_ = std::move(head);
    if (answer_.status != 101) return;
    if (answer_.headers.get("Sec-WebSocket-Accept") != accept_) {
      return tunnel_->ended("the server's answer is no WebSocket's");
    }
    open_ = true;
    loop_->upgraded(tunnel_);
  }
  void on_body(std::string_view bytes) override {
    if (open_) return tunnel_->received(bytes);
    if (answer_.body.size() < kRefusalBytesMax) answer_.body.append(bytes);
  }
  void on_drained() override { tunnel_->drained(); }
  void on_end() override {
    if (open_) return tunnel_->ended("the server closed the connection");
    refused();
  }
  void on_error(const Status& why) override {
    loop_->untrusted_ = why.is(kUntrustedCertificate);
    if (open_ || answer_.status == 200) return tunnel_->ended(why.message());
    refused();
  }

 private:
  void refused() {
    const Status status = engine::status_of(answer_);
    loop_->refusal_ = answer_.status < 500 && answer_.status != 429;
    tunnel_->ended("the server refuses this agent (" + std::to_string(status.code()) +
                   "): " + status.message());
  }
  const std::shared_ptr<AgentLoop> loop_;
  const std::shared_ptr<Tunnel> tunnel_;
  const std::string accept_;
  Response answer_;
  bool open_ = false;
};

Result<std::shared_ptr<AgentLoop>> AgentLoop::create(storage::Env& env, StreamHub& hub,
                                                     AgentOptions options) {
  ClusterAccess server;
  TRY(engine::set_server(server, options.server));
  if (!server.tls) {
    return Status::bad_request("--server must begin with https://: a token is sent to it");
  }
  if (options.token.empty()) return Status::bad_request("--token is missing");
  options.ca_checksum = lower(options.ca_checksum);
  return std::shared_ptr<AgentLoop>(new AgentLoop(env, hub, std::move(options), std::move(server)));
}

AgentLoop::AgentLoop(storage::Env& env, StreamHub& hub, AgentOptions options, ClusterAccess server)
    : env_(env),
      hub_(hub),
      options_(std::move(options)),
      server_(std::move(server)),
      to_server_(env, hub, ProxySettings::from_environment(), Tunnel::stream_options()),
      to_cluster_(env, hub, ProxySettings{}, join_options()) {}

AgentLoop::~AgentLoop() = default;

void AgentLoop::start() {
  env_.post([self = shared_from_this()] { self->attempt(); });
}

void AgentLoop::stop() {
  std::shared_ptr<Tunnel> tunnel;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    tunnel = tunnel_;
  }
  if (tunnel) tunnel->close("the agent stops");
}

void AgentLoop::attempt() {
  auto access = options_.access();
  if (!access) return failed(access.error().message());
  bool trusted;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    access_ = std::move(*access);
    trusted = link_ != nullptr;
  }
  if (trusted) return connect();
  if (!options_.ca_checksum.empty()) return fetch_ca();
  auto server = Server::create(*this, {});
  if (!server) return failed(server.error().message());
  {
    std::lock_guard lock(mutex_);
    link_ = std::move(*server);
  }
  connect();
}

void AgentLoop::fetch_ca() {
  TlsClient options;
  options.insecure = true;  // nothing of this connection is believed but what has the checksum
  auto server = Server::create(*this, std::move(options));
  if (!server) return failed(server.error().message());
  OutRequest request;
  request.target = "/cacerts";
  request.headers.add("User-Agent", "paddock-agent");
  request.head_timeout = kHandshake;
  request.body_timeout = kHandshake;
  HttpClient& client = *(*server)->client;
  client.send(std::move(request),
              std::make_unique<CaFetch>(shared_from_this(), std::move(*server)));
}

void AgentLoop::got_ca(Result<Response> answer) {
  if (!answer) return failed(answer.error().message());
  if (answer->status != 200 || answer->body.empty()) {
    return failed("the server gives no CA at /cacerts (" + std::to_string(answer->status) + ")");
  }
  const std::string is = lower(engine::sha256_hex(answer->body));
  if (is != options_.ca_checksum) {
    refusal_ = true;
    return failed("wrong checksum: the CA of " + options_.server + " has the checksum " + is +
                  ", but --ca-checksum says " + options_.ca_checksum +
                  "; this is not the server that the command was made for, or its CA has changed");
  }
  TlsClient options;
  options.ca_pem = std::move(answer->body);
  auto server = Server::create(*this, std::move(options));
  if (!server) return failed("the server's CA cannot be used: " + server.error().message());
  {
    std::lock_guard lock(mutex_);
    link_ = std::move(*server);
  }
  connect();
}

void AgentLoop::connect() {
  std::array<std::byte, 16> random{};
  env_.random_secret(random);
  const std::string key = engine::base64_encode(
      std::string_view(reinterpret_cast<const char*>(random.data()), random.size()));
  TunnelOptions options;
  options.role = engine::TunnelSession::Role::agent;
  options.limits = join_limits();
  options.on_connect = [weak = weak_from_this()](const engine::TunnelAddress& address,
                                                 std::shared_ptr<TunnelStream> stream) {
    if (const auto self = weak.lock()) self->dial(address, stream);
  };
  options.on_closed = [weak = weak_from_this()](const std::string& why) {
    if (const auto self = weak.lock()) self->failed(why);
  };
  auto tunnel = Tunnel::create(env_, hub_, std::move(options));
  OutRequest request;
  request.target = server_.base_path + "/v3/connect";
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", "websocket");
  request.headers.add("Sec-WebSocket-Version", "13");
  request.headers.add("Sec-WebSocket-Key", key);
  request.headers.add("User-Agent", "paddock-agent");
  request.headers.add(std::string(engine::kTunnelTokenHeader), options_.token);
  request.head_timeout = kHandshake;
  std::shared_ptr<Server> link;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    request.headers.add(std::string(engine::kTunnelParamsHeader),
                        engine::encode_tunnel_params(access_));
    tunnel_ = tunnel;
    link = link_;
    refusal_ = false;
  }
  auto exchange = link->client->send(
      std::move(request),
      std::make_unique<Socket>(shared_from_this(), tunnel, engine::websocket::accept_key(key)));
  bool open;
  {
    std::lock_guard lock(mutex_);
    exchange_ = exchange;
    open = upgraded_ == tunnel;
  }
  if (open) tunnel->opened(std::make_shared<UpgradedSink>(std::move(exchange)));
}

void AgentLoop::upgraded(std::shared_ptr<Tunnel> tunnel) {
  std::shared_ptr<Exchange> exchange;
  std::string api;
  {
    std::lock_guard lock(mutex_);
    upgraded_ = tunnel;
    failures_ = 0;
    exchange = exchange_;
    api = access_.authority();
  }
  storage::log::info("connected", {{"server", options_.server}, {"cluster API", api}});
  if (exchange) tunnel->opened(std::make_shared<UpgradedSink>(std::move(exchange)));
}

void AgentLoop::dial(const engine::TunnelAddress& address,
                     const std::shared_ptr<TunnelStream>& stream) {
  std::string allowed;
  Endpoint to;
  {
    std::lock_guard lock(mutex_);
    allowed = access_.authority();
    to = {access_.host, access_.port};
  }
  if (address.proto != "tcp" || address.address != allowed) {
    storage::log::warn("refused to dial", {{"address", address.address}, {"allowed", allowed}});
    return stream->refuse("this agent dials nothing but the cluster's API at " + allowed);
  }
  join_stream(env_, to_cluster_, to, stream);
}

void AgentLoop::failed(std::string why) {
  const bool untrusted = untrusted_.exchange(false);
  if (options_.ca_checksum.empty() && untrusted) {
    why +=
        "; without --ca-checksum this machine's own CAs must know the server: the command that "
        "the server shows carries the checksum";
  }
  Millis most = options_.wait_max;
  int failures;
  {
    std::lock_guard lock(mutex_);
    tunnel_ = nullptr;
    exchange_ = nullptr;
    upgraded_ = nullptr;
    if (stopped_) return;
    failures = failures_++;
    if (refusal_) most = options_.wait_refused_max;
    // The next attempt looks at the server's CA afresh. A server that is only away keeps its CA: a
    // thousand agents that come back must not all ask for it.
    if (untrusted && !options_.ca_checksum.empty()) {
      hub_.post([link = std::exchange(link_, nullptr)] {});
    }
  }
  // A thousand agents lose a server in the same moment: they come back spread over this time.
  const Millis top = std::min(most, Millis{3'000} * (1 << std::min(failures, 4)));
  const Millis wait{200 + static_cast<int64_t>(env_.random(static_cast<uint64_t>(top.count())))};
  storage::log::warn(
      "not connected",
      {{"server", options_.server}, {"why", why}, {"next attempt in ms", wait.count()}});
  env_.post_after(wait, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->attempt();
  });
}

}  // namespace appliance
