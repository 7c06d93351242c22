// AgentLoop: the agent's whole work: trust the server (by the CA's checksum), connect, serve the
// tunnel by dialing the one address it may dial, and come back when the tunnel ends, with back-off
// and jitter so that a thousand of its kind do not come at the same moment.
// Thread: start and stop by one; the rest runs on the hub and on Env's workers. Owns: its
// connections; not the Env and the hub.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "appliance/net/dialer.h"
#include "appliance/net/http_client.h"
#include "appliance/net/tunnel.h"
#include "engine/cluster/access.h"

namespace appliance {

struct AgentOptions {
  std::string server;  // https://host[:port]
  std::string token;
  std::string ca_checksum;  // SHA-256 of the server's /cacerts, hex; empty: the machine's CAs
  // How the cluster's API is reached; asked before each connection, for credentials are renewed.
  std::function<engine::Result<engine::ClusterAccess>()> access;
  storage::Millis wait_max{10'000};          // between attempts, when the server is away
  storage::Millis wait_refused_max{20'000};  // ... when it refuses us
};

class AgentLoop final : public std::enable_shared_from_this<AgentLoop> {
 public:
  // BadRequest when the server's address is none.
  static engine::Result<std::shared_ptr<AgentLoop>> create(storage::Env& env, StreamHub& hub,
                                                           AgentOptions options);
  ~AgentLoop();
  void start();
  void stop();  // closes the tunnel; no new one comes

 private:
  class CaFetch;
  class Socket;
  struct Server;

  AgentLoop(storage::Env& env, StreamHub& hub, AgentOptions options, engine::ClusterAccess server);
  void attempt();
  void fetch_ca();
  void got_ca(engine::Result<engine::Response> answer);
  void connect();
  void upgraded(std::shared_ptr<Tunnel> tunnel);
  void dial(const engine::TunnelAddress& address, const std::shared_ptr<TunnelStream>& stream);
  void failed(std::string why);

  storage::Env& env_;
  StreamHub& hub_;
  const AgentOptions options_;
  const engine::ClusterAccess server_;  // only its address
  TcpDialer to_server_;
  TcpDialer to_cluster_;
  std::mutex mutex_;
  std::shared_ptr<Server> link_;  // HTTP to the server with verified TLS; made once the CA is known
  engine::ClusterAccess access_;
  std::shared_ptr<Tunnel> tunnel_;      // under way or open
  std::shared_ptr<Tunnel> upgraded_;    // the same, once the server has agreed
  std::shared_ptr<Exchange> exchange_;  // below it
  int failures_ = 0;
  bool stopped_ = false;
  std::atomic<bool> refusal_{false};    // the last failure was the server's word, not its absence
  std::atomic<bool> untrusted_{false};  // the last connection's certificate was not to be trusted
};

}  // namespace appliance
