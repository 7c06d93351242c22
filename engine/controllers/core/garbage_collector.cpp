// Garbage collection: an object all of whose owners are gone goes too; a removed owner that asked
// for it waits for its dependents (foregroundDeletion) or lets them go (orphan). An owner is looked
// for in the namespace of its dependent, or among cluster-scoped kinds; another namespace's object
// cannot own. Source: k8s.io/kubernetes pkg/controller/garbagecollector.
#include <algorithm>
#include <cstring>

#include "engine/base/limits.h"
#include "engine/controllers/controller_set.h"
#include "engine/controllers/core/owner_graph.h"
#include "engine/controllers/runtime/store_key.h"
#include "engine/registry/metadata.h"
#include "engine/watch/object_scan.h"

namespace engine {

namespace {

constexpr std::string_view kOrphan = "orphan";
constexpr std::string_view kForeground = "foregroundDeletion";
constexpr const char* kScan = "*";  // the key that stands for reading what is there

bool contains(std::string_view text, std::string_view part) {
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool is_event_key(std::string_view key) {
  return key.starts_with("/registry/core/events/") ||
         key.starts_with("/registry/events.k8s.io/events/");
}

struct OwnerRef {
  std::string uid;
  std::string key;          // of the store; empty: its kind is not known now
  bool impossible = false;  // a namespaced owner of a cluster-scoped object
  bool blocks = false;
};

std::vector<OwnerRef> read_owners(const KindSnapshot& kinds, const StoreKey& of,
                                  const Json* references) {
  std::vector<OwnerRef> out;
  if (references == nullptr || !references->is_array()) return out;
  for (const Json& reference : references->as_array()) {
    std::string_view version = reference.str("apiVersion"), group;
    if (size_t slash = version.find('/'); slash != version.npos) {
      group = version.substr(0, slash);
      version = version.substr(slash + 1);
    }
    OwnerRef owner{std::string(reference.str("uid")), "", false,
                   reference.truth({"blockOwnerDeletion"})};
    KindPtr kind = kinds.by_kind(group, version, reference.str("kind"));
    if (kind != nullptr) {
      owner.impossible = kind->namespaced() && of.ns.empty();
      owner.key = kind->key(kind->namespaced() ? of.ns : std::string_view(), reference.str("name"));
    }
    out.push_back(std::move(owner));
  }
  return out;
}

class GarbageCollector final : public SingleController {
 public:
  GarbageCollector(const ControllerContext& context, std::unique_ptr<Client> client)
      : SingleController(context.env, {"generic-garbage-collector", 2}),
        store_(context.registry.store()),
        client_(std::move(client)) {}

  void listen(LogTap& log) override {
    log.add("/registry/", [this](const storage::Event& event) {
      if (event.value) {
        on_object(event.key, *event.value, event.revision);
      } else {
        on_gone(event.key);
      }
    });
  }

  Result<Unit> start() override {
    controller_.add(kScan);
    return Unit{};
  }

 private:
  void on_object(const std::string& key, std::string_view bytes, Revision revision) {
    if (is_event_key(key)) return;
    if (contains(bytes, "\"ownerReferences\"")) {
      graph_.set(key, owner_keys(key, bytes), revision);
      controller_.add(key);
    } else {
      graph_.set(key, {}, revision);
      if (contains(bytes, "\"deletionTimestamp\"") &&
          (contains(bytes, kOrphan) || contains(bytes, kForeground)))
        controller_.add(key);
    }
  }

  void on_gone(const std::string& key) {
    if (is_event_key(key)) return;
    // Owners that wait for their dependents look again.
    for (std::string& owner : graph_.erase(key)) controller_.add(std::move(owner));
    if (graph_.has_dependents(key)) controller_.add(key);
  }

  std::vector<std::string> owner_keys(const std::string& key, std::string_view bytes) {
    auto kinds = client_->kinds();
    auto of = read_store_key(*kinds, key);
    if (!of) return {};
    std::string_view raw = scan(bytes, {"metadata", "ownerReferences"});
    if (raw.empty()) return {};
    auto references = parse_json(raw);
    if (!references) return {};
    std::vector<std::string> out;
    for (OwnerRef& owner : read_owners(*kinds, *of, &references.value()))
      if (!owner.key.empty()) out.push_back(std::move(owner.key));
    return out;
  }

  Result<Outcome> scan_all() {
    storage::List query{"/registry/", storage::kLatest, "", limits::kControllerPageMax};
    for (bool more = true; more;) {
      auto page = store_.list(query);
      if (!page) return Status::service_unavailable(page.error().message);
      for (const storage::Record& record : page.value().records)
        on_object(record.key, record.value, record.modified);
      more = page.value().more;
      if (more) query.after = page.value().records.back().key;
    }
    return Outcome::done();
  }

  Result<std::optional<Json>> read(const std::string& key) {
    auto found = store_.get(key);
    if (!found) return Status::service_unavailable(found.error().message);
    if (!found.value()) return std::optional<Json>();
    Json object = TRY(parse_json(found.value()->value));
    // For preconditions.
    metadata_of(object).set("resourceVersion", Json(std::to_string(found.value()->modified)));
    return std::optional<Json>(std::move(object));
  }

  Result<Outcome> reconcile(const std::string& key) override {
    if (key == kScan) return scan_all();
    auto kinds = client_->kinds();
    auto of = read_store_key(*kinds, key);
    if (!of) {
      // Its kind went away; what it owned is looked at once more, and its owners are gone with it.
      for (std::string& dependent : graph_.dependents(key)) controller_.add(std::move(dependent));
      graph_.erase(key);
      return Outcome::done();
    }
    auto object = TRY(read(key));
    if (!object) {
      graph_.erase(key);
      for (std::string& dependent : graph_.dependents(key)) controller_.add(std::move(dependent));
      return Outcome::done();
    }
    if (is_terminating(*object)) {
      if (has_finalizer(*object, kOrphan)) return orphan_dependents(*of, key, *object);
      if (has_finalizer(*object, kForeground)) return await_dependents(*of, key, *object);
      return Outcome::done();
    }
    return judge(*of, key, *object, *kinds);
  }

  // The dependents' references to this owner go, then the finalizer that asked for it.
  Result<Outcome> orphan_dependents(const StoreKey& of, const std::string& key,
                                    const Json& object) {
    std::string uid(object.str({"metadata", "uid"}));
    for (const std::string& dependent : graph_.dependents(key))
      TRY(drop_references(dependent, {uid}));
    return drop_own_finalizer(of, kOrphan);
  }

  Result<Outcome> await_dependents(const StoreKey& of, const std::string& key, const Json& object) {
    std::string uid(object.str({"metadata", "uid"}));
    size_t blocking = 0;
    auto kinds = client_->kinds();
    for (const std::string& dependent : graph_.dependents(key)) {
      auto there = TRY(read(dependent));
      auto place = read_store_key(*kinds, dependent);
      if (!there || !place) continue;
      for (const OwnerRef& owner :
           read_owners(*kinds, *place, there->at({"metadata", "ownerReferences"}))) {
        if (owner.uid != uid) continue;
        controller_.add(dependent);
        blocking += owner.blocks ? 1 : 0;
      }
    }
    // Each dependent that goes brings this owner back.
    if (blocking > 0) return Outcome::done();
    return drop_own_finalizer(of, kForeground);
  }

  Result<Outcome> drop_own_finalizer(const StoreKey& of, std::string_view finalizer) {
    auto done = client_->modify(*of.kind, of.ns, of.name, [&](Json& object) -> Result<bool> {
      return drop_finalizer(object, finalizer);
    });
    if (!done && !done.error().is("NotFound")) return std::move(done).error();
    return Outcome::done();
  }

  Result<Unit> drop_references(const std::string& key, const std::vector<std::string>& uids) {
    auto place = read_store_key(*client_->kinds(), key);
    if (!place) return Unit{};
    auto done =
        client_->modify(*place->kind, place->ns, place->name, [&](Json& object) -> Result<bool> {
          Json* list = metadata_of(object).find("ownerReferences");
          if (list == nullptr || !list->is_array()) return false;
          size_t dropped = std::erase_if(list->as_array(), [&](const Json& reference) {
            return std::find(uids.begin(), uids.end(), reference.str("uid")) != uids.end();
          });
          if (list->size() == 0) metadata_of(object).erase("ownerReferences");
          return dropped > 0;
        });
    if (!done && !done.error().is("NotFound")) return std::move(done).error();
    return Unit{};
  }

  enum class Owner : uint8_t { there, gone, going };  // going: it waits for its dependents

  Result<Owner> look_for(const OwnerRef& owner) {
    if (owner.impossible || owner.key.empty()) return Owner::there;
    auto found = TRY(read(owner.key));
    if (!found || found->str({"metadata", "uid"}) != owner.uid) return Owner::gone;
    bool waits = is_terminating(*found) && has_finalizer(*found, kForeground);
    return waits ? Owner::going : Owner::there;
  }

  Result<Outcome> judge(const StoreKey& of, const std::string& key, const Json& object,
                        const KindSnapshot& kinds) {
    auto owners = read_owners(kinds, of, object.at({"metadata", "ownerReferences"}));
    if (owners.empty()) return Outcome::done();
    size_t there = 0, going = 0;
    bool unknown = false;
    std::vector<std::string> without;  // uids of owners that are gone or going
    for (const OwnerRef& owner : owners) {
      Owner state = TRY(look_for(owner));
      unknown = unknown || (owner.key.empty() && !owner.impossible);
      there += state == Owner::there ? 1 : 0;
      going += state == Owner::going ? 1 : 0;
      if (state != Owner::there) without.push_back(owner.uid);
    }
    if (there > 0) {
      if (!without.empty()) TRY(drop_references(key, without));
      // The kind of an owner may come to be known.
      return unknown ? Outcome::requeue_after(storage::Seconds(60)) : Outcome::done();
    }
    Propagation how = Propagation::background;
    if (going > 0 && graph_.has_dependents(key)) {
      TRY(unblock_circle(of, key));
      how = Propagation::foreground;
    } else if (has_finalizer(object, kOrphan)) {
      how = Propagation::orphan;
    } else if (has_finalizer(object, kForeground)) {
      how = Propagation::foreground;
    }
    Client::Removal removal;
    removal.precondition.uid = std::string(object.str({"metadata", "uid"}));
    removal.propagation = how;
    if (how != Propagation::foreground || going == 0)
      removal.precondition.resource_version =
          std::string(object.str({"metadata", "resourceVersion"}));
    auto removed = client_->remove(*of.kind, of.ns, of.name, removal);
    if (!removed && !removed.error().is("NotFound")) return std::move(removed).error();
    return Outcome::done();
  }

  // A dependent that waits for dependents itself may be in a circle with this object: then this one
  // stops holding its owners up.
  Result<Unit> unblock_circle(const StoreKey& of, const std::string& key) {
    bool circle = false;
    for (const std::string& dependent : graph_.dependents(key)) {
      auto there = TRY(read(dependent));
      circle = circle || (there && is_terminating(*there) && has_finalizer(*there, kForeground));
    }
    if (!circle) return Unit{};
    auto done = client_->modify(*of.kind, of.ns, of.name, [](Json& object) -> Result<bool> {
      Json* list = metadata_of(object).find("ownerReferences");
      bool changed = false;
      if (list == nullptr || !list->is_array()) return false;
      for (Json& reference : list->as_array()) {
        changed = changed || reference.truth({"blockOwnerDeletion"});
        reference.set("blockOwnerDeletion", Json(false));
      }
      return changed;
    });
    if (!done && !done.error().is("NotFound")) return std::move(done).error();
    return Unit{};
  }

  storage::Store& store_;
  const std::unique_ptr<Client> client_;
  OwnerGraph graph_;
};

}  // namespace

void register_controller_garbage_collector(ControllerSet& set) {
  set.add(
      std::make_unique<GarbageCollector>(set.context(), set.client("generic-garbage-collector")));
}

}  // namespace engine
