// PeerSet: which other server holds which cluster's tunnel, so that any server of a set can dial
// any cluster. A peer says what it holds over its own tunnel (AddClient, RemoveClient:
// KEY/SESSION); a dial through it names the client before the protocol: "c-abc12::tcp". One server
// alone has an empty set. Thread: the owner's lock. Owns: what the peers said. Source:
// github.com/rancher/remotedialer peer.go, session_manager.go.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/status.h"

namespace engine {

class PeerSet {
 public:
  virtual ~PeerSet() = default;
  // What a peer announced, as received; BadRequest when it is not KEY/SESSION.
  virtual Result<Unit> added(std::string_view peer, std::string_view announced) = 0;
  virtual Result<Unit> removed(std::string_view peer, std::string_view announced) = 0;
  // The peer's tunnel ended: what it held is unknown now.
  virtual void lost(std::string_view peer) = 0;
  // A peer that holds this client's tunnel.
  virtual std::optional<std::string> holder(std::string_view client_key) const = 0;
};

class PeerDirectory final : public PeerSet {
 public:
  Result<Unit> added(std::string_view peer, std::string_view announced) override;
  Result<Unit> removed(std::string_view peer, std::string_view announced) override;
  void lost(std::string_view peer) override;
  std::optional<std::string> holder(std::string_view client_key) const override;

 private:
  using Session = std::pair<std::string, int64_t>;  // peer, the client's session there
  std::map<std::string, std::set<Session>, std::less<>> holders_;
};

// The protocol word of a Connect that a peer is to pass on to its client.
std::string peer_proto(std::string_view client_key, std::string_view proto);

}  // namespace engine
