#include "appliance/routes/connect.h"

#include "engine/base/websocket.h"
#include "engine/cluster/registration.h"
#include "storage/base/log.h"

namespace appliance {

using engine::Answer;
using engine::Request;
using engine::Response;
using engine::Result;
using engine::Status;
using engine::Stream;

namespace {

// The WebSocket below a tunnel: it joins the cluster's ways when it opens and leaves when it ends.
class TunnelSocket final : public engine::StreamHandler {
 public:
  TunnelSocket(Clusters& clusters, Clusters::Arrival arrival, std::shared_ptr<Tunnel> tunnel)
      : clusters_(clusters), arrival_(std::move(arrival)), tunnel_(std::move(tunnel)) {}

  void on_open(std::shared_ptr<engine::StreamSink> sink) override {
    tunnel_->opened(std::move(sink));
    if (auto joined = clusters_.arrived(arrival_, tunnel_); !joined) {
      tunnel_->close(joined.error().message());
    }
  }
  void on_bytes(std::string_view bytes) override { tunnel_->received(bytes); }
  void on_drained() override { tunnel_->drained(); }
  void on_client_end() override { tunnel_->ended("the agent closed the connection"); }
  void on_closed() override { tunnel_->ended("the connection broke"); }

 private:
  Clusters& clusters_;
  const Clusters::Arrival arrival_;
  const std::shared_ptr<Tunnel> tunnel_;
};

}  // namespace

Response status_answer(const Status& status) {
  Response response;
  response.status = status.code();
  response.headers.add("Content-Type", "application/json");
  if (status.retry_after_seconds() > 0) {
    response.headers.add("Retry-After", std::to_string(status.retry_after_seconds()));
  }
  response.body = engine::dump(engine::Json::object({{"kind", "Status"},
                                                     {"apiVersion", "v1"},
                                                     {"metadata", engine::Json::object()},
                                                     {"status", "Failure"},
                                                     {"message", status.message()},
                                                     {"reason", status.reason()},
                                                     {"code", status.code()}}));
  return response;
}

ConnectRoute::ConnectRoute(storage::Env& env, StreamHub& hub, Clusters& clusters,
                           const engine::RegistrationTokens& tokens)
    : env_(env), hub_(hub), clusters_(clusters), tokens_(tokens) {}

Answer ConnectRoute::handle(Request& request) {
  auto stream = connect(request);
  if (stream) return std::move(*stream);
  storage::log::warn("agent refused", {{"peer", request.peer}, {"why", stream.error().message()}});
  return status_answer(stream.error());
}

Result<Stream> ConnectRoute::connect(const Request& request) {
  const std::string_view token = request.headers.get(engine::kTunnelTokenHeader);
  if (token.empty()) {
    return Status::unauthorized("a registration token is needed in the header " +
                                std::string(engine::kTunnelTokenHeader));
  }
  auto found = TRY(tokens_.find(token));
  Clusters::Arrival arrival;
  arrival.cluster_id = std::move(found.cluster_id);
  arrival.token_name = std::move(found.name);
  arrival.access =
      TRY(engine::decode_tunnel_params(request.headers.get(engine::kTunnelParamsHeader)));
  std::string chosen;
  Stream stream;
  stream.head = TRY(engine::websocket::accept(request, {}, chosen));

  // on_closed must know the tunnel that it is given to, and must not keep it alive.
  auto self = std::make_shared<std::weak_ptr<Tunnel>>();
  TunnelOptions options;
  options.role = engine::TunnelSession::Role::server;
  options.limits.send_queue_bytes = 256u << 10;
  options.on_closed = [&clusters = clusters_, id = arrival.cluster_id,
                       self](const std::string& why) {
    if (const auto tunnel = self->lock()) clusters.left(id, tunnel.get(), why);
  };
  auto tunnel = Tunnel::create(env_, hub_, std::move(options));
  *self = tunnel;
  stream.options = Tunnel::stream_options();
  stream.handler = std::make_unique<TunnelSocket>(clusters_, std::move(arrival), std::move(tunnel));
  return stream;
}

}  // namespace appliance
