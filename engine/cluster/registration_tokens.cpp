#include "engine/cluster/registration_tokens.h"

#include "storage/base/log.h"

namespace engine {
namespace {

std::string key_of(std::string_view ns, std::string_view name) {
  std::string key(ns);
  key += '/';
  key += name;
  return key;
}

}  // namespace

RegistrationTokens::RegistrationTokens(Dispatcher& dispatcher, KindSet& kinds)
    : dispatcher_(dispatcher), kinds_(kinds) {}

RegistrationTokens::~RegistrationTokens() = default;

Result<Unit> RegistrationTokens::start(
    std::function<void(const std::string&, const std::string&)> withdrawn) {
  withdrawn_ = std::move(withdrawn);
  const auto kind = kinds_.snapshot()->stored("management.cattle.io", "clusterregistrationtokens");
  if (!kind) return Status::internal("there is no kind for cluster registration tokens");
  Dispatcher::Snapshot snapshot;
  subscription_ = TRY(dispatcher_.list_and_subscribe(
      *kind, {}, snapshot, [this](const WatchEventPtr& event) { on_event(*event); }));
  for (const auto& object : snapshot.objects) {
    if (const auto json = parse_json(*object->bytes)) put(object->ns, object->name, *json);
  }
  std::lock_guard lock(mutex_);
  started_ = true;
  return Unit{};
}

Result<RegistrationTokens::Found> RegistrationTokens::find(std::string_view token) const {
  std::lock_guard lock(mutex_);
  if (!started_) return Status::service_unavailable("the server is starting; try again");
  const auto found = by_token_.find(token);
  if (token.empty() || found == by_token_.end()) {
    return Status::unauthorized(
        "this registration token is not known here: it was withdrawn, its cluster was removed, or "
        "it is mistyped");
  }
  return found->second;
}

void RegistrationTokens::put(std::string_view ns, std::string_view name, const Json& object) {
  const std::string key = key_of(ns, name);
  const std::string token(object.str({"status", "token"}));
  std::string cluster(object.str({"spec", "clusterName"}));
  if (cluster.empty()) cluster = ns;
  const bool ending = !object.str({"metadata", "deletionTimestamp"}).empty();
  bool changed = false;
  {
    std::lock_guard lock(mutex_);
    const auto old = token_of_.find(key);
    changed = old != token_of_.end() && (old->second != token || ending);
  }
  if (changed) drop(key);
  // A token of another cluster's namespace would let its owner in where he is nobody.
  if (ending || token.empty() || cluster != ns) return;
  std::lock_guard lock(mutex_);
  by_token_[token] = {std::move(cluster), std::string(name)};
  token_of_[key] = token;
}

void RegistrationTokens::drop(const std::string& key) {
  Found gone;
  {
    std::lock_guard lock(mutex_);
    const auto old = token_of_.find(key);
    if (old == token_of_.end()) return;
    if (const auto found = by_token_.find(old->second); found != by_token_.end()) {
      gone = found->second;
      by_token_.erase(found);
    }
    token_of_.erase(old);
  }
  if (withdrawn_ && !gone.name.empty()) withdrawn_(gone.cluster_id, gone.name);
}

void RegistrationTokens::on_event(const WatchEvent& event) {
  if (event.type == EventType::bookmark) return;
  if (event.type == EventType::deleted) {
    drop(key_of(event.ns, event.name));
    return;
  }
  if (const auto json = parse_json(*event.object)) put(event.ns, event.name, *json);
}

}  // namespace engine
