#include "engine/controllers/core/bootstrap.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/controllers/core/batch.h"
#include "engine/controllers/runtime/store_key.h"
#include "engine/registry/metadata.h"

extern "C" const unsigned char paddock_bootstrap_policy_begin[], paddock_bootstrap_policy_end[];

namespace engine {

namespace {

constexpr std::string_view kAutoUpdate = "rbac.authorization.kubernetes.io/autoupdate";
constexpr size_t kSideBySide = 8;

std::string_view policy_text() {
  return {reinterpret_cast<const char*>(paddock_bootstrap_policy_begin),
          static_cast<size_t>(paddock_bootstrap_policy_end - paddock_bootstrap_policy_begin)};
}

bool has_item(const Json* list, const Json& item) {
  if (list == nullptr || !list->is_array()) return false;
  const JsonArray& items = list->as_array();
  return std::find(items.begin(), items.end(), item) != items.end();
}

// Adds what of `wanted` is missing in the list; true when anything was.
bool add_missing(Json& object, std::string_view list, const Json* wanted) {
  bool added = false;
  if (wanted == nullptr || !wanted->is_array()) return false;
  for (const Json& item : wanted->as_array()) {
    if (has_item(object.find(list), item)) continue;
    object[list].push_back(item);
    added = true;
  }
  return added;
}

bool add_missing_labels(Json& object, const Json& wanted) {
  const Json* labels = wanted.at({"metadata", "labels"});
  bool added = false;
  if (labels == nullptr) return false;
  for (const auto& [key, value] : labels->as_object()) {
    Json& there = metadata_of(object)["labels"];
    if (there.find(key) != nullptr) continue;
    there.set(key, value);
    added = true;
  }
  return added;
}

// A binding's role cannot change, so one that points elsewhere is made again.
bool points_elsewhere(const Json& object, const Json& wanted) {
  const Json* mine = object.find("roleRef");
  const Json* theirs = wanted.find("roleRef");
  return mine != nullptr && theirs != nullptr && !(*mine == *theirs);
}

Result<Unit> ensure(Client& client, const Kind& kind, const Json& wanted) {
  std::string_view ns = wanted.str({"metadata", "namespace"});
  std::string_view name = wanted.str({"metadata", "name"});
  auto found = client.get(kind, ns, name);
  if (!found && !found.error().is("NotFound")) return std::move(found).error();
  if (found) {
    Json there = found.value().json();
    const Json* annotations = there.at({"metadata", "annotations"});
    if (annotations != nullptr && annotations->str(kAutoUpdate) == "false") return Unit{};
    if (kind.group.empty()) return Unit{};
    if (!points_elsewhere(there, wanted)) {
      auto done = client.modify(kind, ns, name, [&](Json& object) -> Result<bool> {
        // A sum's rules are the controller's.
        bool sum = object.find("aggregationRule") != nullptr;
        bool changed = !sum && add_missing(object, "rules", wanted.find("rules"));
        changed |= add_missing(object, "subjects", wanted.find("subjects"));
        changed |= add_missing_labels(object, wanted);
        return changed;
      });
      return done ? Result<Unit>(Unit{}) : Result<Unit>(std::move(done).error());
    }
    auto removed = client.remove(kind, ns, name, {});
    if (!removed && !removed.error().is("NotFound")) return std::move(removed).error();
  }
  auto created = client.create(kind, ns, wanted);
  if (!created && !created.error().is("AlreadyExists")) return std::move(created).error();
  return Unit{};
}

// Work that several tasks take from, one item after the other.
struct Shared {
  Shared(storage::Env& env, Client& c, const JsonArray& o)
      : client(c), objects(o), changed(env.make_gate()) {}
  Client& client;
  const JsonArray& objects;
  std::unique_ptr<storage::Gate> changed;
  std::mutex mutex;  // guards what follows
  size_t next = 0, running = 0;
  std::optional<Status> error;

  const Json* take() {
    std::lock_guard lock(mutex);
    if (error || next == objects.size()) return nullptr;
    return &objects[next++];
  }
};

void work(Shared& shared) {
  while (const Json* object = shared.take()) {
    KindPtr kind = kind_of_object(*shared.client.kinds(), *object);
    auto done = kind == nullptr ? Result<Unit>(Status::internal("no kind for " + dump(*object)))
                                : ensure(shared.client, *kind, *object);
    if (!done) {
      std::lock_guard lock(shared.mutex);
      shared.error = std::move(done).error();
    }
  }
}

}  // namespace

Result<Unit> ensure_objects(storage::Env& env, Client& client, const JsonArray& objects) {
  auto shared = std::make_shared<Shared>(env, client, objects);
  shared->running = std::min(kSideBySide, objects.size());
  for (size_t i = shared->running; i > 0; i--)
    env.post([shared] {
      work(*shared);
      {
        std::lock_guard lock(shared->mutex);
        shared->running--;
      }
      shared->changed->open();
    });
  for (;;) {
    uint64_t seen = shared->changed->seen();
    {
      std::lock_guard lock(shared->mutex);
      if (shared->running == 0) break;
    }
    shared->changed->wait(seen, env.now() + storage::Seconds(1));
  }
  if (shared->error) return std::move(*shared->error);
  return Unit{};
}

namespace {

JsonArray bootstrap_namespaces() {
  JsonArray out;
  for (std::string_view name : {"default", "kube-system", "kube-public", "kube-node-lease"})
    out.push_back(Json::object({{"apiVersion", Json("v1")},
                                {"kind", Json("Namespace")},
                                {"metadata", Json::object({{"name", Json(name)}})}}));
  return out;
}

// The program's own data.
Json policy() {
  return MUST(parse_json(policy_text()));
}

}  // namespace

JsonArray bootstrap_objects() {
  JsonArray out = bootstrap_namespaces();
  Json rules = policy();
  for (Json& object : rules.as_array()) out.push_back(std::move(object));
  return out;
}

Result<Unit> ensure_bootstrap_objects(storage::Env& env, Client& client) {
  TRY(ensure_objects(env, client, bootstrap_namespaces()));
  Json rules = policy();
  return ensure_objects(env, client, rules.as_array());
}

}  // namespace engine
