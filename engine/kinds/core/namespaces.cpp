// Namespaces: phase and finalizers of a namespace's life, and the label that carries its name.
#include "engine/base/names.h"
#include "engine/base/time.h"
#include "engine/kinds/causes.h"
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";

class Namespaces final : public Strategy {
 public:
  Result<Unit> decode(const Kind&, Json& object) const override {
    Json& metadata = object["metadata"];
    Json name(metadata.str("name"));  // a copy: labels that are new move what lies beside them
    if (!name.as_string().empty()) metadata["labels"].set(kNameLabel, std::move(name));
    return Unit{};
  }

  void prepare_create(const StrategyContext&, Json& object) const override {
    // generateName makes the name after the body was decoded.
    Json& metadata = object["metadata"];
    metadata["labels"].set(kNameLabel, Json(metadata.str("name")));
    object.set("status", Json::object({{"phase", Json("Active")}}));
    Json& finalizers = object["spec"]["finalizers"];
    bool there = false;
    if (finalizers.is_array())
      for (const Json& f : finalizers.as_array()) there = there || f == Json("kubernetes");
    if (!there) finalizers.push_back(Json("kubernetes"));
  }

  void prepare_update(const StrategyContext& context, Json& object,
                      const Json& old) const override {
    if (!context.subresource.empty()) return;
    const Json* finalizers = old.at({"spec", "finalizers"});
    if (finalizers != nullptr) {
      object["spec"].set("finalizers", *finalizers);
    } else if (Json* spec = object.find("spec")) {
      spec->erase("finalizers");
    }
  }

  std::vector<Cause> validate(const StrategyContext&, const Json& object) const override {
    Causes out;
    if (const Json* finalizers = object.at({"spec", "finalizers"}))
      for (const Json& f : finalizers->as_array())
        add_reasons(out, "spec.finalizers", f.as_string(), check_qualified_name(f.as_string()));
    return out;
  }

  std::vector<Cause> validate_update(const StrategyContext& context, const Json& object,
                                     const Json&) const override {
    Causes out = validate(context, object);
    bool terminating = object.at({"metadata", "deletionTimestamp"}) != nullptr;
    std::string_view phase = object.str({"status", "phase"});
    if (terminating && phase != "Terminating")
      out.push_back(
          cause_invalid("status.phase", Json(phase),
                        "may only be 'Terminating' if `metadata.deletionTimestamp` is not empty"));
    if (!terminating && phase == "Terminating")
      out.push_back(cause_invalid("status.phase", Json(phase),
                                  "may only be 'Active' if `metadata.deletionTimestamp` is empty"));
    return out;
  }

  std::vector<std::string> check_name(std::string_view name, NameUse use) const override {
    if (use == NameUse::whole || !name.ends_with('-')) return check_dns1123_label(name);
    return check_dns1123_label(std::string(name.substr(0, name.size() - 1)) + "a");
  }

  void prepare_remove(const StrategyContext& context, Json& object) const override {
    if (!held(object)) return;
    object["metadata"].set("deletionTimestamp", Json(to_rfc3339(context.now)));
    object["status"].set("phase", Json("Terminating"));
  }

  bool held(const Json& object) const override {
    const Json* finalizers = object.at({"spec", "finalizers"});
    return finalizers != nullptr && finalizers->size() > 0;
  }

  bool take_subresource(std::string_view subresource, Json& object,
                        const Json& old) const override {
    if (subresource != "finalize") return false;
    if (const Json* status = old.find("status")) {
      object.set("status", *status);
    } else {
      object.erase("status");
    }
    return true;
  }
};

}  // namespace

void register_strategy_namespaces(StrategySet& set) {
  set.add("", "namespaces", std::make_unique<Namespaces>());
}

}  // namespace engine
