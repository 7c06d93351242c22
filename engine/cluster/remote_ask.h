// RemoteAsk: calls to clusters for controllers, whose workers must not wait for a network: what is
// asked for under a key is begun once; when the answer is there the key is looked at again, and
// finds it. Thread: any. Owns: the answers that nobody has taken yet.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "engine/cluster/transport.h"

namespace engine {

class RemoteAsk {
 public:
  using Again = std::function<void(const std::string& key)>;
  RemoteAsk(ClusterTransports& clusters, Again again);
  ~RemoteAsk();  // `again` is not called afterwards
  RemoteAsk(const RemoteAsk&) = delete;
  RemoteAsk& operator=(const RemoteAsk&) = delete;

  using Make = std::function<ClusterCall()>;
  // The answer, once; none: it is under way, or has just been begun. 503 without a way.
  std::optional<Result<Response>> ask(const std::string& cluster, const std::string& key,
                                      const std::string& what, const Make& make);
  void forget(const std::string& key);

 private:
  struct State;
  ClusterTransports& clusters_;
  const std::shared_ptr<State> state_;
};

}  // namespace engine
