// Subscribe: /v3/subscribe, a WebSocket that says what changes: {"name": "resource.change" |
// "resource.remove", "resourceType", "data"} for every object of the types asked for that the
// caller may see at that moment, and a ping each five seconds. Below /v3/cluster/ID and
// /v3/project/ID it is about what lies there, in whatever cluster. When the caller's credential
// ends, so does the connection. Thread: any. Owns: the open connections' states, through the hub's
// handlers.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "engine/access/authn.h"
#include "engine/norman/norman.h"

namespace engine {

class Remote;
class SubscribeStream;
class Transport;

class Subscribe {
 public:
  Subscribe(Norman& norman, const AuthenticatorChain& authenticators, Remote& remote)
      : norman_(norman), authenticators_(authenticators), remote_(remote) {}

  // An authenticated request for a path that ends in /subscribe.
  Answer handle(const Request& request);
  // Something that is computed when read has changed (a cluster's connection): its watchers are
  // told.
  void touch(std::string_view schema_id, std::string_view name);
  size_t open_streams();

 private:
  Result<std::function<std::shared_ptr<Transport>()>> way_to_cluster(const Request& request);

  Norman& norman_;
  const AuthenticatorChain& authenticators_;
  Remote& remote_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<SubscribeStream>> streams_;
};

}  // namespace engine
