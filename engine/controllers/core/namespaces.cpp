// Namespaces that end: everything in a terminating namespace is removed, of every kind there is;
// its conditions say what is still there and why; when nothing is, the finalizer that held it goes.
// Source: k8s.io/kubernetes pkg/controller/namespace/deletion.
#include <map>

#include "engine/controllers/controller_set.h"
#include "engine/controllers/runtime/store_key.h"
#include "engine/registry/metadata.h"

namespace engine {

namespace {

constexpr std::string_view kPrefix = "/registry/core/namespaces/";
constexpr std::string_view kFinalizer = "kubernetes";

// What a pass over a namespace found.
struct Remains {
  std::map<std::string, size_t> by_resource;  // "configmaps." -> 3
  std::map<std::string, size_t> by_finalizer;
  std::vector<std::string> failures;
  bool none() const { return by_resource.empty() && failures.empty(); }
};

std::string counted(const std::map<std::string, size_t>& counts) {
  std::string out;
  for (const auto& [what, count] : counts) {
    if (!out.empty()) out += ", ";
    out += what + std::to_string(count) + " resource instances";
  }
  return out;
}

bool drop_spec_finalizer(Json& ns) {
  Json* spec = ns.find("spec");
  Json* list = spec == nullptr ? nullptr : spec->find("finalizers");
  if (list == nullptr || !list->is_array()) return false;
  size_t dropped =
      std::erase_if(list->as_array(), [](const Json& f) { return f == Json(kFinalizer); });
  return dropped > 0;
}

class Namespaces final : public SingleController {
 public:
  Namespaces(storage::Env& env, std::unique_ptr<Client> client)
      : SingleController(env, {"namespace-controller", 2}),
        env_(env),
        client_(std::move(client)),
        kind_(stored_kind(*client_, "", "namespaces")) {}

  void listen(LogTap& log) override {
    log.add(std::string(kPrefix), [this](const storage::Event& event) {
      if (event.value && event.value->find("\"deletionTimestamp\"") != std::string::npos)
        controller_.add(std::string(after_prefix(event.key, kPrefix)));
    });
  }

  Result<Unit> start() override {
    return for_each_object(*client_, *kind_, "", [this](const Object& object) -> Result<bool> {
      Json ns = object.json();
      if (is_terminating(ns)) controller_.add(std::string(ns.str({"metadata", "name"})));
      return true;
    });
  }

 private:
  Result<Outcome> reconcile(const std::string& name) override {
    auto found = client_->get(*kind_, "", name);
    if (!found) {
      if (found.error().is("NotFound")) return Outcome::done();
      return std::move(found).error();
    }
    Json ns = found.value().json();
    Json copy = ns;
    if (!is_terminating(ns) || !drop_spec_finalizer(copy)) return Outcome::done();
    Remains remains = remove_contents(name);
    TRY(tell(name, remains));
    if (!remains.none()) return Outcome::requeue_after(storage::Millis(500));
    // One more look: what came while the kinds were gone over.
    Remains again = remove_contents(name);
    if (!again.none()) return Outcome::requeue_after(storage::Millis(10));
    auto ended = client_->modify(
        *kind_, "", name, [](Json& object) -> Result<bool> { return drop_spec_finalizer(object); },
        "finalize");
    if (!ended && !ended.error().is("NotFound")) return std::move(ended).error();
    return Outcome::done();
  }

  Remains remove_contents(const std::string& ns) {
    Remains out;
    for (const KindPtr& kind : stored_kinds(*client_->kinds())) {
      if (!kind->namespaced() || !kind->has_verb("delete")) continue;
      auto done = for_each_object(*client_, *kind, ns, [&](const Object& object) -> Result<bool> {
        remove_one(*kind, ns, object.json(), out);
        return true;
      });
      if (!done) out.failures.push_back(done.error().message());
    }
    return out;
  }

  void remove_one(const Kind& kind, const std::string& ns, Json object, Remains& out) {
    if (!is_terminating(object)) {
      Client::Removal removal;
      removal.precondition.uid = std::string(object.str({"metadata", "uid"}));
      auto removed = client_->remove(kind, ns, object.str({"metadata", "name"}), removal);
      if (!removed) {
        bool gone = removed.error().is("NotFound");
        if (!gone) out.failures.push_back(removed.error().message());
        if (gone) return;
      } else {
        if (removed.value().gone) return;
        object = removed.value().object.json();
      }
    }
    out.by_resource[kind.plural + "." + kind.group + " has "]++;
    const Json* finalizers = object.at({"metadata", "finalizers"});
    if (finalizers == nullptr || !finalizers->is_array()) return;
    for (const Json& f : finalizers->as_array()) out.by_finalizer[f.as_string() + " in "]++;
  }

  // Every wait names what it waits for.
  Result<Unit> tell(const std::string& name, const Remains& remains) {
    auto told = client_->modify(
        *kind_, "", name, [&](Json& ns) -> Result<bool> { return set_conditions(ns, remains); },
        "status");
    if (!told && !told.error().is("NotFound")) return std::move(told).error();
    return Unit{};
  }

  bool set_conditions(Json& ns, const Remains& remains) {
    Json& conditions = ns["status"]["conditions"];
    storage::WallTime now = env_.wall();
    bool changed =
        set_kubernetes_condition(conditions,
                                 {"NamespaceDeletionDiscoveryFailure", "False",
                                  "ResourcesDiscovered", "All resources successfully discovered"},
                                 now);
    changed |= set_kubernetes_condition(
        conditions,
        {"NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions",
         "All legacy kube types successfully parsed"},
        now);
    std::string failed = "Failed to delete all resource types, " +
                         std::to_string(remains.failures.size()) + " remaining: ";
    for (size_t i = 0; i < remains.failures.size() && i < 10; i++)
      failed += (i == 0 ? "" : ", ") + remains.failures[i];
    changed |= set_kubernetes_condition(
        conditions,
        remains.failures.empty()
            ? KubernetesCondition{"NamespaceDeletionContentFailure", "False", "ContentDeleted",
                                  "All content successfully deleted, may be waiting on "
                                  "finalization"}
            : KubernetesCondition{"NamespaceDeletionContentFailure", "True",
                                  "ContentDeletionFailed", failed},
        now);
    std::string content = "Some resources are remaining: " + counted(remains.by_resource);
    changed |= set_kubernetes_condition(
        conditions,
        remains.by_resource.empty()
            ? KubernetesCondition{"NamespaceContentRemaining", "False", "ContentRemoved",
                                  "All content successfully removed"}
            : KubernetesCondition{"NamespaceContentRemaining", "True", "SomeResourcesRemain",
                                  content},
        now);
    std::string finalizers =
        "Some content in the namespace has finalizers remaining: " + counted(remains.by_finalizer);
    changed |= set_kubernetes_condition(
        conditions,
        remains.by_finalizer.empty()
            ? KubernetesCondition{"NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers",
                                  "All content-preserving finalizers finished"}
            : KubernetesCondition{"NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain",
                                  finalizers},
        now);
    return changed;
  }

  storage::Env& env_;
  const std::unique_ptr<Client> client_;
  const KindPtr kind_;
};

}  // namespace

void register_controller_namespaces(ControllerSet& set) {
  set.add(std::make_unique<Namespaces>(set.context().env, set.client("namespace-controller")));
}

}  // namespace engine
