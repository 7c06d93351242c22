#include "engine/cluster/remote_ask.h"

namespace engine {

struct RemoteAsk::State {
  explicit State(Again a) : again(std::move(a)) {}
  struct Key {
    std::set<std::string> asked;
    std::map<std::string, Result<Response>> answers;
  };
  std::mutex telling;  // held while `again` is called
  Again again;
  std::mutex mutex;  // guards what follows
  std::map<std::string, Key> keys;

  void answered(const std::string& key, const std::string& what, Result<Response> answer) {
    {
      std::lock_guard lock(mutex);
      const auto found = keys.find(key);
      if (found == keys.end() || found->second.asked.erase(what) == 0) return;
      found->second.answers.insert_or_assign(what, std::move(answer));
    }
    std::lock_guard lock(telling);
    if (again) again(key);
  }
};

RemoteAsk::RemoteAsk(ClusterTransports& clusters, Again again)
    : clusters_(clusters), state_(std::make_shared<State>(std::move(again))) {}

RemoteAsk::~RemoteAsk() {
  std::lock_guard lock(state_->telling);
  state_->again = nullptr;
}

std::optional<Result<Response>> RemoteAsk::ask(const std::string& cluster, const std::string& key,
                                               const std::string& what, const Make& make) {
  {
    std::lock_guard lock(state_->mutex);
    State::Key& entry = state_->keys[key];
    if (auto answer = entry.answers.extract(what)) return std::move(answer.mapped());
    if (!entry.asked.insert(what).second) return std::nullopt;
  }
  auto transport = clusters_.transport(cluster);
  if (!transport) {
    std::lock_guard lock(state_->mutex);
    if (auto found = state_->keys.find(key); found != state_->keys.end())
      found->second.asked.erase(what);
    return Status::service_unavailable("there is no way to the cluster now");
  }
  transport->call(make(), [state = state_, key, what](Result<Response> answer) {
    state->answered(key, what, std::move(answer));
  });
  return std::nullopt;
}

void RemoteAsk::forget(const std::string& key) {
  std::lock_guard lock(state_->mutex);
  state_->keys.erase(key);
}

}  // namespace engine
