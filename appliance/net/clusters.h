// Clusters: the live ways to all clusters. A cluster is reached through its agents' tunnels or
// straight with a kubeconfig's credential; both end in one HttpClient a cluster (kept TLS
// connections, own limits), so that a slow or lying cluster uses up only its own share.
// Thread: any. Owns: ways and tunnels; not the Env, the hub and the TCP dialer.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/net/dialer.h"
#include "appliance/net/http_client.h"
#include "appliance/net/tunnel.h"
#include "engine/cluster/ways.h"

namespace appliance {

// How one cluster is reached now: replaced as a whole when address or credential change.
class ClusterWay {
 public:
  ClusterWay(storage::Env& env, StreamHub& hub, engine::ClusterAccess access,
             std::unique_ptr<Dialer> owned, Dialer& below);
  engine::Result<engine::Unit> open();
  const engine::ClusterAccess& access() const { return access_; }
  HttpClient& client() { return *client_; }
  // False when the cluster has as many requests under way as it may.
  bool enter();
  void leave() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  storage::Env& env_;
  StreamHub& hub_;
  const engine::ClusterAccess access_;
  std::unique_ptr<Dialer> owned_;
  Dialer& below_;
  std::unique_ptr<TlsDialer> tls_;
  std::unique_ptr<HttpClient> client_;
  std::atomic<int> in_flight_{0};
};

class Clusters final : public engine::ClusterWays {
 public:
  Clusters(storage::Env& env, StreamHub& hub, Dialer& tcp);
  ~Clusters() override;

  // An agent's tunnel: the newest open one is used, with its credential.
  struct Arrival {
    std::string cluster_id;
    std::string token_name;
    engine::ClusterAccess access;
  };
  engine::Result<engine::Unit> arrived(const Arrival& arrival, std::shared_ptr<Tunnel> tunnel);
  void left(std::string_view cluster_id, const Tunnel* tunnel, const std::string& why);

  // The way, or 503 that says since when there is none.
  engine::Result<std::shared_ptr<ClusterWay>> way(std::string_view cluster_id) const;
  // The cluster's API answered 401 to our own credential: the agent is sent to come back with a
  // fresh one.
  void credential_refused(std::string_view cluster_id);
  std::shared_ptr<Tunnel> tunnel(std::string_view cluster_id) const;

  engine::ClusterLink link(std::string_view cluster_id) const override;
  std::shared_ptr<engine::Transport> transport(std::string_view cluster_id) override;
  void use(std::string_view cluster_id, const engine::ClusterAccess& access) override;
  void answered(std::string_view cluster_id, const std::string& problem) override;
  void forget(std::string_view cluster_id, const std::string& why) override;
  void withdraw(std::string_view cluster_id, std::string_view token_name) override;
  Address address(std::string_view cluster_id) const override;
  void on_change(std::function<void(const std::string&)> listener) override;

 private:
  struct Held {
    std::shared_ptr<Tunnel> tunnel;
    std::string token_name;
  };
  struct Entry {
    std::vector<Held> tunnels;  // the newest is last
    std::shared_ptr<ClusterWay> way;
    bool direct = false;
    std::optional<storage::WallTime> heartbeat;  // direct: of our own calls; tunnel: when it ended
    std::optional<storage::WallTime> since;
    std::string problem;
    std::optional<storage::Instant> sent_back;
  };

  engine::Result<std::shared_ptr<ClusterWay>> make_way(const std::string& id,
                                                       const engine::ClusterAccess& access,
                                                       bool through_tunnel);
  void changed(std::string_view cluster_id) const;

  storage::Env& env_;
  StreamHub& hub_;
  Dialer& tcp_;
  std::function<void(const std::string&)> listener_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace appliance
