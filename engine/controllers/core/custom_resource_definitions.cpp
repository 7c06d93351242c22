// Custom resource definitions: whether their names are free (NamesAccepted), their kinds served and
// then said to be (Established), and when one is removed its objects first.
// Source: k8s.io/apiextensions-apiserver pkg/controller/{status,establish,finalizer}.
#include <map>
#include <mutex>

#include "engine/controllers/controller_set.h"
#include "engine/controllers/core/custom_resource_definitions.h"
#include "engine/controllers/runtime/store_key.h"
#include "engine/kinds/crd.h"
#include "engine/registry/metadata.h"

namespace engine {

namespace {

constexpr std::string_view kPrefix = "/registry/apiextensions.k8s.io/customresourcedefinitions/";
constexpr std::string_view kCleanup = "customresourcecleanup.apiextensions.k8s.io";

class CrdController final : public SingleController {
 public:
  CrdController(const ControllerContext& context, std::unique_ptr<Client> client)
      : SingleController(context.env, {"customresourcedefinition-controller", 2}),
        env_(context.env),
        kinds_(context.registry.kinds()),
        dispatcher_(context.dispatcher),
        client_(std::move(client)),
        kind_(stored_kind(*client_, "apiextensions.k8s.io", "customresourcedefinitions")) {}

  void listen(LogTap& log) override {
    log.add(std::string(kPrefix), [this](const storage::Event& event) {
      controller_.add(std::string(after_prefix(event.key, kPrefix)));
      // One that goes may free the names that others wait for.
      if (!event.value) controller_.add("*");
    });
  }

  Result<Unit> start() override {
    controller_.add("*");
    return Unit{};
  }

 private:
  Result<Outcome> reconcile(const std::string& name) override {
    if (name == "*") return look_at_all();
    auto found = client_->get(*kind_, "", name);
    if (!found) {
      if (!found.error().is("NotFound")) return std::move(found).error();
      withdraw(name);
      return Outcome::done();
    }
    Json crd = found.value().json();
    if (is_terminating(crd)) return remove_instances(name, crd);
    return establish(name, crd);
  }

  Result<Outcome> look_at_all() {
    TRY(for_each_object(*client_, *kind_, "", [this](const Object& object) -> Result<bool> {
      controller_.add(std::string(object.json().str({"metadata", "name"})));
      return true;
    }));
    return Outcome::done();
  }

  void withdraw(const std::string& name) {
    size_t dot = name.find('.');
    kinds_.remove_crd(name);
    if (dot != name.npos) dispatcher_.forget(name.substr(dot + 1), name.substr(0, dot));
    std::lock_guard lock(mutex_);
    served_.erase(name);
  }

  Result<Outcome> establish(const std::string& name, const Json& crd) {
    auto conflict = name_conflict(crd, *client_->kinds());
    bool established = condition_status(crd, "Established") == "True";
    std::optional<Status> unserved;
    // Served first, said to be afterwards: who reads Established can use it.
    if (!conflict || established) {
      auto put = serve(name, crd);
      if (!put) unserved = std::move(put).error();
    }
    auto told = client_->modify(
        *kind_, "", name,
        [&](Json& object) -> Result<bool> { return set_status(object, conflict, unserved); },
        "status");
    if (!told && !told.error().is("NotFound")) return std::move(told).error();
    return Outcome::done();
  }

  // Once for each state of the definition: every change of the set makes discovery anew.
  Result<Unit> serve(const std::string& name, const Json& crd) {
    std::string state = std::string(crd.str({"metadata", "uid"})) + "/" +
                        std::to_string(crd.integer({"metadata", "generation"}));
    {
      std::lock_guard lock(mutex_);
      if (served_[name] == state) return Unit{};
    }
    TRY(kinds_.put_crd(crd));
    std::lock_guard lock(mutex_);
    served_[name] = state;
    return Unit{};
  }

  bool set_status(Json& crd, const std::optional<NameConflict>& conflict,
                  const std::optional<Status>& unserved) {
    storage::WallTime now = env_.wall();
    Json names = *crd.at({"spec", "names"});
    Json& status = crd["status"];
    bool changed = false;
    Json& conditions = status["conditions"];
    bool was = condition_status(crd, "Established") == "True";
    if (conflict) {
      changed |= set_kubernetes_condition(
          conditions, {"NamesAccepted", "False", conflict->reason, conflict->message}, now);
      if (!was)
        changed |= set_kubernetes_condition(
            conditions, {"Established", "False", "NotAccepted", "not all names are accepted"}, now);
      return changed;
    }
    const Json* accepted = status.find("acceptedNames");
    if (accepted == nullptr || !(*accepted == names)) {
      status.set("acceptedNames", names);
      changed = true;
    }
    Json& after = status["conditions"];
    changed |= set_kubernetes_condition(
        after, {"NamesAccepted", "True", "NoConflicts", "no conflicts found"}, now);
    if (unserved) {
      changed |= set_kubernetes_condition(
          after, {"Established", "False", "NotServed", unserved->message()}, now);
    } else if (!was) {
      changed |= set_kubernetes_condition(
          after,
          {"Established", "True", "InitialNamesAccepted", "the initial names have been accepted"},
          now);
    }
    return changed;
  }

  // What is removed but held by its own finalizers is waited for, and named.
  Result<Outcome> remove_instances(const std::string& name, const Json& crd) {
    if (!has_finalizer(crd, kCleanup)) return Outcome::done();
    bool established = condition_status(crd, "Established") == "True";
    size_t left = 0;
    std::string failure;
    KindPtr kind =
        stored_kind(*client_, crd.str({"spec", "group"}), crd.str({"spec", "names", "plural"}));
    bool ours = kind != nullptr && kind->crd_name == name;
    if (established && ours) {
      auto done = for_each_object(*client_, *kind, "", [&](const Object& object) -> Result<bool> {
        Json instance = object.json();
        std::string_view ns = instance.str({"metadata", "namespace"});
        std::string_view own = instance.str({"metadata", "name"});
        if (is_terminating(instance)) {
          left++;
          return true;
        }
        auto removed = client_->remove(*kind, ns, own, {});
        if (removed && !removed.value().gone) left++;
        if (!removed && !removed.error().is("NotFound")) failure = removed.error().message();
        return true;
      });
      if (!done) failure = done.error().message();
    }
    KubernetesCondition condition{"Terminating", "False", "InstanceDeletionCompleted",
                                  "removed all instances"};
    std::string text;
    if (!established) {
      condition = {"Terminating", "False", "NeverEstablished", "resource was never established"};
    } else if (!failure.empty()) {
      text = "could not issue all deletes: " + failure;
      condition = {"Terminating", "True", "InstanceDeletionFailed", text};
    } else if (left > 0) {
      text = "CustomResource deletion is in progress: " + std::to_string(left) +
             " instances wait for their finalizers";
      condition = {"Terminating", "True", "InstanceDeletionInProgress", text};
    }
    TRY(tell_terminating(name, condition));
    if (condition.status == "True") return Outcome::requeue_after(storage::Millis(500));
    auto ended = client_->modify(*kind_, "", name, [](Json& object) -> Result<bool> {
      return drop_finalizer(object, kCleanup);
    });
    if (!ended && !ended.error().is("NotFound")) return std::move(ended).error();
    return Outcome::done();
  }

  Result<Unit> tell_terminating(const std::string& name, const KubernetesCondition& condition) {
    auto told = client_->modify(
        *kind_, "", name,
        [&](Json& object) -> Result<bool> {
          return set_kubernetes_condition(object["status"]["conditions"], condition, env_.wall());
        },
        "status");
    if (!told && !told.error().is("NotFound")) return std::move(told).error();
    return Unit{};
  }

  storage::Env& env_;
  KindSet& kinds_;
  Dispatcher& dispatcher_;
  const std::unique_ptr<Client> client_;
  const KindPtr kind_;
  std::mutex mutex_;
  std::map<std::string, std::string> served_;  // name -> uid/generation
};

}  // namespace

Result<Unit> serve_established_crds(Registry& registry) {
  KindPtr kind =
      registry.kinds().snapshot()->stored("apiextensions.k8s.io", "customresourcedefinitions");
  auto page = registry.list(*kind, "", storage::kLatest, "", 0);
  if (!page) return std::move(page).error();
  for (const Object& object : page.value().objects) {
    Json crd = object.json();
    if (condition_status(crd, "Established") == "True") TRY(registry.kinds().put_crd(crd));
  }
  return Unit{};
}

void register_controller_custom_resource_definitions(ControllerSet& set) {
  set.add(std::make_unique<CrdController>(set.context(),
                                          set.client("customresourcedefinition-controller")));
}

}  // namespace engine
