// Custom resource definitions: their defaults, what may be said of them (crd.h), the versions that
// objects may be stored in, and that a removed one stays until its objects are gone.
// Source: k8s.io/apiextensions-apiserver pkg/registry/customresourcedefinition.
#include "engine/base/time.h"
#include "engine/kinds/causes.h"
#include "engine/kinds/crd.h"
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

constexpr std::string_view kCleanup = "customresourcecleanup.apiextensions.k8s.io";

bool contains(const Json& list, const Json& value) {
  if (!list.is_array()) return false;
  for (const Json& item : list.as_array())
    if (item == value) return true;
  return false;
}

// The storage version is one that objects may be stored in from now on.
void add_stored_version(Json& object) {
  const Json* versions = object.at({"spec", "versions"});
  if (versions == nullptr || !versions->is_array()) return;
  for (const Json& version : versions->as_array()) {
    if (!version.truth({"storage"})) continue;
    Json name(version.str("name"));
    Json& stored = object["status"]["storedVersions"];
    if (!contains(stored, name)) stored.push_back(std::move(name));
    return;
  }
}

class CustomResourceDefinitions final : public Strategy {
 public:
  Result<Unit> decode(const Kind&, Json& object) const override {
    const Json* spec = object.find("spec");
    if (spec != nullptr && spec->is_object()) default_crd(object);
    return Unit{};
  }

  void prepare_create(const StrategyContext&, Json& object) const override {
    object.set("status", Json::object());
    add_stored_version(object);
  }

  void prepare_update(const StrategyContext& context, Json& object, const Json&) const override {
    if (context.subresource.empty()) add_stored_version(object);
  }

  std::vector<Cause> validate(const StrategyContext&, const Json& object) const override {
    return check_crd(object);
  }

  std::vector<Cause> validate_update(const StrategyContext& context, const Json& object,
                                     const Json& old) const override {
    // What was accepted once is not looked at again when only its status is written.
    if (context.subresource == "status") return {};
    return check_crd_update(object, old);
  }

  void prepare_remove(const StrategyContext& context, Json& object) const override {
    Json& finalizers = object["metadata"]["finalizers"];
    if (contains(finalizers, Json(kCleanup))) return;
    finalizers.push_back(Json(kCleanup));
    object["status"]["conditions"].push_back(Json::object(
        {{"type", Json("Terminating")},
         {"status", Json("True")},
         {"lastTransitionTime", Json(to_rfc3339(context.now))},
         {"reason", Json("InstanceDeletionPending")},
         {"message", Json("CustomResourceDefinition marked for deletion; CustomResource deletion "
                          "will begin soon")}}));
  }
};

}  // namespace

void register_strategy_customresourcedefinitions(StrategySet& set) {
  set.add("apiextensions.k8s.io", "customresourcedefinitions",
          std::make_unique<CustomResourceDefinitions>());
}

}  // namespace engine
