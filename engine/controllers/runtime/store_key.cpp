#include "engine/controllers/runtime/store_key.h"

#include <set>

#include "engine/base/limits.h"
#include "engine/base/time.h"

namespace engine {

namespace {
constexpr std::string_view kRoot = "/registry/";
}

std::optional<StoreKey> read_store_key(const KindSnapshot& kinds, std::string_view key) {
  if (!key.starts_with(kRoot)) return std::nullopt;
  key.remove_prefix(kRoot.size());
  size_t slash = key.find('/');
  if (slash == key.npos) return std::nullopt;
  std::string_view group = key.substr(0, slash);
  key.remove_prefix(slash + 1);
  slash = key.find('/');
  if (slash == key.npos) return std::nullopt;
  StoreKey out;
  out.kind = kinds.stored(group == "core" ? std::string_view() : group, key.substr(0, slash));
  if (out.kind == nullptr) return std::nullopt;
  key.remove_prefix(slash + 1);
  if (out.kind->namespaced()) {
    slash = key.find('/');
    if (slash == key.npos) return std::nullopt;
    out.ns = key.substr(0, slash);
    key.remove_prefix(slash + 1);
  }
  out.name = key;
  return out;
}

std::string_view after_prefix(std::string_view key, std::string_view prefix) {
  return key.substr(prefix.size());
}

std::vector<KindPtr> stored_kinds(const KindSnapshot& kinds) {
  std::vector<KindPtr> out;
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const KindPtr& kind : kinds.all()) {
    if (!kind->stored || !seen.insert({kind->group, kind->plural}).second) continue;
    KindPtr stored = kinds.stored(kind->group, kind->plural);
    out.push_back(stored != nullptr ? stored : kind);
  }
  return out;
}

KindPtr stored_kind(Client& client, std::string_view group, std::string_view plural) {
  return client.kinds()->stored(group, plural);
}

Result<Unit> for_each_object(Client& client, const Kind& kind, std::string_view ns,
                             const std::function<Result<bool>(const Object&)>& visit) {
  std::string after;
  do {
    auto page = client.list(kind, ns, storage::kLatest, after, limits::kControllerPageMax);
    if (!page) return std::move(page).error();
    for (const Object& object : page.value().objects)
      if (!TRY(visit(object))) return Unit{};
    after = page.value().next_key;
  } while (!after.empty());
  return Unit{};
}

bool set_kubernetes_condition(Json& conditions, const KubernetesCondition& condition,
                              storage::WallTime now) {
  if (!conditions.is_array()) conditions = Json::array();
  Json* there = nullptr;
  for (Json& one : conditions.as_array())
    if (one.str("type") == condition.type) there = &one;
  if (there != nullptr && there->str("status") == condition.status &&
      there->str("reason") == condition.reason && there->str("message") == condition.message)
    return false;
  if (there == nullptr) {
    conditions.push_back(Json::object({{"type", Json(condition.type)}}));
    there = &conditions.as_array().back();
  }
  if (there->str("status") != condition.status)
    there->set("lastTransitionTime", Json(to_rfc3339(now)));
  there->set("status", Json(condition.status));
  there->set("reason", Json(condition.reason));
  there->set("message", Json(condition.message));
  return true;
}

std::string_view condition_status(const Json& object, std::string_view type) {
  const Json* conditions = object.at({"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return {};
  for (const Json& one : conditions->as_array())
    if (one.str("type") == type) return one.str("status");
  return {};
}

}  // namespace engine
