#include "appliance/net/one_call.h"

#include <mutex>
#include <optional>

#include "appliance/net/http_client.h"
#include "engine/base/digest.h"
#include "engine/base/text.h"
#include "engine/cluster/access.h"

namespace appliance {

using engine::Response;
using engine::Result;
using engine::Status;
using engine::Unit;

namespace {

constexpr size_t kAnswerBytesMax = 4u << 20;

// What the hub's thread writes and the caller waits for.
struct Waiting {
  explicit Waiting(storage::Env& env) : gate(env.make_gate()) {}
  const std::unique_ptr<storage::Gate> gate;
  std::mutex mutex;
  std::optional<Result<Response>> result;

  void end(Result<Response> came) {
    {
      std::lock_guard lock(mutex);
      if (result) return;
      result.emplace(std::move(came));
    }
    gate->open();
  }
};

class Collect final : public ResponseHandler {
 public:
  explicit Collect(std::shared_ptr<Waiting> waiting) : waiting_(std::move(waiting)) {}
  void on_head(Response head) override { answer_ = std::move(head); }
  void on_body(std::string_view bytes) override {
    if (answer_.body.size() + bytes.size() > kAnswerBytesMax)
      return waiting_->end(Status::too_large("the server's answer is too long"));
    answer_.body.append(bytes);
  }
  void on_end() override { waiting_->end(std::move(answer_)); }
  void on_error(const Status& why) override { waiting_->end(why); }

 private:
  const std::shared_ptr<Waiting> waiting_;
  Response answer_;
};

Result<Response> ask(storage::Env& env, StreamHub& hub, const engine::ClusterAccess& to,
                     TlsClient trust, OneCall call) {
  TcpDialer tcp(env, hub, ProxySettings::from_environment());
  auto tls = TRY(TlsDialer::create(hub, tcp, std::move(trust)));
  HttpClient client(env, hub, *tls, {to.host, to.port}, {.host_header = to.authority()});
  OutRequest request;
  request.method = std::move(call.method);
  request.target = to.base_path + call.path;
  request.body = std::move(call.body);
  request.head_timeout = call.timeout;
  request.body_timeout = call.timeout;
  request.headers.add("Accept", "application/json");
  request.headers.add("User-Agent", "paddock");
  if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
  if (!call.bearer.empty()) request.headers.add("Authorization", "Bearer " + call.bearer);
  auto waiting = std::make_shared<Waiting>(env);
  auto exchange = client.send(std::move(request), std::make_unique<Collect>(waiting));
  const auto deadline = env.now() + 2 * call.timeout;
  for (;;) {
    const uint64_t seen = waiting->gate->seen();
    {
      std::lock_guard lock(waiting->mutex);
      if (waiting->result) return std::move(*waiting->result);
    }
    if (waiting->gate->wait(seen, deadline)) continue;
    exchange->cancel();
    return Status::timeout(to.authority() + " did not answer in time");
  }
}

Result<engine::ClusterAccess> place_of(const CallServer& server) {
  engine::ClusterAccess to;
  TRY(engine::set_server(to, server.url));
  if (!to.tls) return Status::bad_request("the server's address must begin with https://");
  return to;
}

}  // namespace

Result<Unit> learn_ca(storage::Env& env, StreamHub& hub, CallServer& server) {
  if (!server.ca_pem.empty() || server.ca_checksum.empty()) return Unit{};
  TlsClient trust;
  trust.insecure = true;  // nothing of this connection is believed but what has the checksum
  auto answer = TRY(ask(env, hub, TRY(place_of(server)), std::move(trust), {.path = "/cacerts"}));
  if (answer.status != 200 ||
      engine::lower(engine::sha256_hex(answer.body)) != engine::lower(server.ca_checksum))
    return Status::bad_request("the CA of " + server.url +
                               " has another checksum than --ca-checksum says: this is not the "
                               "server that it was made for, or its CA has changed");
  server.ca_pem = std::move(answer.body);
  return Unit{};
}

Result<Response> one_call(storage::Env& env, StreamHub& hub, const CallServer& server,
                          OneCall call) {
  TlsClient trust;
  trust.ca_pem = server.ca_pem;
  return ask(env, hub, TRY(place_of(server)), std::move(trust), std::move(call));
}

}  // namespace appliance
