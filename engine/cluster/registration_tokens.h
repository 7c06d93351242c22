// RegistrationTokens: which cluster a registration token lets an agent in for. Kept from the watch
// cache's events, so that a thousand agents who come back at once cost a thousand look-ups.
// Thread: any. Owns: its index and its subscription. A token that was withdrawn, or whose cluster
// is being removed, lets nobody in.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/watch/watch_cache.h"

namespace engine {

class RegistrationTokens {
 public:
  RegistrationTokens(Dispatcher& dispatcher, KindSet& kinds);
  ~RegistrationTokens();
  // `withdrawn(cluster, token's name)`: called when a token is deleted or its value changes.
  Result<Unit> start(std::function<void(const std::string&, const std::string&)> withdrawn);

  struct Found {
    std::string cluster_id;
    std::string name;  // of the token object
  };
  // 401 when it is not known; 503 before start() is done.
  Result<Found> find(std::string_view token) const;

 private:
  void put(std::string_view ns, std::string_view name, const Json& object);
  void drop(const std::string& key);
  void on_event(const WatchEvent& event);

  Dispatcher& dispatcher_;
  KindSet& kinds_;
  std::function<void(const std::string&, const std::string&)> withdrawn_;
  mutable std::mutex mutex_;
  bool started_ = false;
  std::map<std::string, Found, std::less<>> by_token_;
  std::map<std::string, std::string, std::less<>> token_of_;  // "namespace/name" -> token
  std::unique_ptr<Dispatcher::Subscription> subscription_;
};

}  // namespace engine
