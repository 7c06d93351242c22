#include "appliance/net/clusters.h"

#include <algorithm>
#include <utility>

#include "appliance/net/call.h"
#include "storage/base/log.h"

namespace appliance {

using engine::ClusterAccess;
using engine::ClusterLink;
using engine::Result;
using engine::Status;
using engine::Unit;

namespace {

// Requests of one cluster under way at a time, watches included.
constexpr int kRequestsMax = 4096;
// An agent that keeps coming back with a credential that its cluster refuses is sent away this
// often.
constexpr storage::Seconds kSendBackEvery{60};

// Dials inside whichever tunnel of the cluster is open at that moment.
class TunnelDialer final : public Dialer {
 public:
  TunnelDialer(const Clusters& clusters, StreamHub& hub, std::string id)
      : clusters_(clusters), hub_(hub), id_(std::move(id)) {}

  void dial(const Endpoint& to, std::unique_ptr<ConnectionHandler> handler,
            storage::Instant) override {
    const auto tunnel = clusters_.tunnel(id_);
    if (!tunnel) {
      hub_.post([handler = std::shared_ptr<ConnectionHandler>(std::move(handler)), id = id_] {
        handler->on_error(Status::service_unavailable("cluster " + id + " has no tunnel now"));
        handler->on_closed();
      });
      return;
    }
    ClusterAccess address;
    address.host = to.host;
    address.port = to.port;
    tunnel->dial(address.authority(), std::move(handler));
  }

 private:
  const Clusters& clusters_;
  StreamHub& hub_;
  const std::string id_;
};

}  // namespace

ClusterWay::ClusterWay(storage::Env& env, StreamHub& hub, ClusterAccess access,
                       std::unique_ptr<Dialer> owned, Dialer& below)
    : env_(env), hub_(hub), access_(std::move(access)), owned_(std::move(owned)), below_(below) {}

Result<Unit> ClusterWay::open() {
  Dialer* dialer = owned_ ? owned_.get() : &below_;
  if (access_.tls) {
    TlsClient options;
    options.server_name = access_.tls_server_name;
    options.ca_pem = access_.ca_pem;
    options.certificate_pem = access_.certificate_pem;
    options.key_pem = access_.key_pem;
    options.insecure = access_.insecure;
    tls_ = TRY(TlsDialer::create(hub_, *dialer, std::move(options)));
    dialer = tls_.get();
  }
  HttpClientOptions options;
  options.host_header = access_.authority();
  client_ = std::make_unique<HttpClient>(env_, hub_, *dialer, Endpoint{access_.host, access_.port},
                                         options);
  return Unit{};
}

bool ClusterWay::enter() {
  if (in_flight_.fetch_add(1, std::memory_order_relaxed) < kRequestsMax) return true;
  leave();
  return false;
}

Clusters::Clusters(storage::Env& env, StreamHub& hub, Dialer& tcp)
    : env_(env), hub_(hub), tcp_(tcp) {}

Clusters::~Clusters() = default;

void Clusters::on_change(std::function<void(const std::string&)> listener) {
  listener_ = std::move(listener);
}

void Clusters::changed(std::string_view cluster_id) const {
  if (listener_) listener_(std::string(cluster_id));
}

Result<std::shared_ptr<ClusterWay>> Clusters::make_way(const std::string& id,
                                                       const ClusterAccess& access,
                                                       bool through_tunnel) {
  std::unique_ptr<Dialer> dialer;
  if (through_tunnel) dialer = std::make_unique<TunnelDialer>(*this, hub_, id);
  auto way = std::make_shared<ClusterWay>(env_, hub_, access, std::move(dialer), tcp_);
  TRY(way->open());
  return way;
}

Result<Unit> Clusters::arrived(const Arrival& arrival, std::shared_ptr<Tunnel> tunnel) {
  std::shared_ptr<ClusterWay> old;
  {
    std::lock_guard lock(mutex_);
    Entry& entry = entries_[arrival.cluster_id];
    if (!entry.way || entry.direct || !(entry.way->access() == arrival.access)) {
      old = std::exchange(entry.way, TRY(make_way(arrival.cluster_id, arrival.access, true)));
      entry.direct = false;
    }
    if (entry.tunnels.empty()) entry.since = env_.wall();
    entry.tunnels.push_back({std::move(tunnel), arrival.token_name});
    entry.problem.clear();
  }
  storage::log::info("cluster agent connected",
                     {{"cluster", arrival.cluster_id}, {"api", arrival.access.authority()}});
  changed(arrival.cluster_id);
  return Unit{};
}

void Clusters::left(std::string_view cluster_id, const Tunnel* tunnel, const std::string& why) {
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(cluster_id);
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    const auto gone = std::find_if(entry.tunnels.begin(), entry.tunnels.end(),
                                   [&](const Held& held) { return held.tunnel.get() == tunnel; });
    if (gone == entry.tunnels.end()) return;
    const auto heard = gone->tunnel->last_heard();
    entry.tunnels.erase(gone);
    if (entry.tunnels.empty()) {
      entry.since = env_.wall();
      entry.heartbeat = heard;
      entry.problem = why;
    }
  }
  storage::log::info("cluster agent left", {{"cluster", cluster_id}, {"why", why}});
  changed(cluster_id);
}

std::shared_ptr<Tunnel> Clusters::tunnel(std::string_view cluster_id) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(cluster_id);
  if (found == entries_.end()) return nullptr;
  const auto& held = found->second.tunnels;
  for (auto at = held.rbegin(); at != held.rend(); ++at) {
    if (at->tunnel->is_open()) return at->tunnel;
  }
  return nullptr;
}

Result<std::shared_ptr<ClusterWay>> Clusters::way(std::string_view cluster_id) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(cluster_id);
  std::string why = "cluster " + std::string(cluster_id) + " is not connected";
  if (found != entries_.end()) {
    const Entry& entry = found->second;
    if (entry.way && (entry.direct || !entry.tunnels.empty())) return entry.way;
    if (entry.since) why += " since " + engine::to_rfc3339(*entry.since);
    if (!entry.problem.empty()) why += ": " + entry.problem;
  }
  return Status::service_unavailable(std::move(why));
}

ClusterLink Clusters::link(std::string_view cluster_id) const {
  ClusterLink link;
  if (cluster_id == "local") {
    link.way = ClusterLink::Way::local;
    link.open = true;
    return link;
  }
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(cluster_id);
  if (found == entries_.end()) return link;
  const Entry& entry = found->second;
  if (!entry.way) return link;
  link.way = entry.direct ? ClusterLink::Way::direct : ClusterLink::Way::tunnel;
  link.open = entry.direct || !entry.tunnels.empty();
  link.since = entry.since;
  link.problem = entry.problem;
  link.heartbeat = entry.heartbeat;
  for (const Held& held : entry.tunnels) {
    const auto heard = held.tunnel->last_heard();
    if (!link.heartbeat || heard > *link.heartbeat) link.heartbeat = heard;
  }
  return link;
}

std::shared_ptr<engine::Transport> Clusters::transport(std::string_view cluster_id) {
  auto found = way(cluster_id);
  if (!found) return nullptr;
  const std::string id(cluster_id);
  return make_transport(hub_, id, std::move(*found), [this, id] { credential_refused(id); });
}

void Clusters::use(std::string_view cluster_id, const ClusterAccess& access) {
  const std::string id(cluster_id);
  std::shared_ptr<ClusterWay> old;
  {
    std::lock_guard lock(mutex_);
    Entry& entry = entries_[id];
    if (entry.direct && entry.way && entry.way->access() == access) return;
    // A tunnel says more than a kubeconfig of long ago: it stays the way while it is open.
    if (!entry.tunnels.empty()) return;
    auto way = make_way(id, access, false);
    if (!way) {
      entry.problem = way.error().message();
      return;
    }
    old = std::exchange(entry.way, std::move(*way));
    entry.direct = true;
    entry.since = env_.wall();
    entry.heartbeat.reset();
    entry.problem.clear();
  }
  changed(id);
}

void Clusters::answered(std::string_view cluster_id, const std::string& problem) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(cluster_id);
  if (found == entries_.end()) return;
  found->second.problem = problem;
  if (problem.empty()) found->second.heartbeat = env_.wall();
}

void Clusters::forget(std::string_view cluster_id, const std::string& why) {
  Entry gone;
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(cluster_id);
    if (found == entries_.end()) return;
    gone = std::move(found->second);
    entries_.erase(found);
  }
  for (const Held& held : gone.tunnels) held.tunnel->close(why);
}

void Clusters::withdraw(std::string_view cluster_id, std::string_view token_name) {
  std::vector<std::shared_ptr<Tunnel>> gone;
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(cluster_id);
    if (found == entries_.end()) return;
    for (const Held& held : found->second.tunnels) {
      if (held.token_name == token_name) gone.push_back(held.tunnel);
    }
  }
  for (const auto& tunnel : gone) tunnel->close("the registration token was withdrawn");
}

void Clusters::credential_refused(std::string_view cluster_id) {
  std::vector<Held> held;
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(cluster_id);
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    entry.problem = "its API refuses the credential that this server has for it (401)";
    const auto now = env_.now();
    if (entry.sent_back && now - *entry.sent_back < kSendBackEvery) return;
    entry.sent_back = now;
    held = entry.tunnels;
  }
  for (const Held& each : held) {
    each.tunnel->close("the cluster refuses the agent's credential: come back with a fresh one");
  }
}

engine::ClusterWays::Address Clusters::address(std::string_view cluster_id) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(cluster_id);
  if (found == entries_.end() || !found->second.way) return {};
  const ClusterAccess& access = found->second.way->access();
  return {access.url(), access.ca_pem};
}

}  // namespace appliance
