// Events: a put may create one, and it lives in the namespace of what it is about.
#include "engine/kinds/causes.h"
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

class Events final : public Strategy {
 public:
  bool create_on_update() const override { return true; }
  // What upstream writes whether it says something or not.
  Result<Unit> decode(const Kind& kind, Json& object) const override {
    const bool core = kind.group.empty();
    auto fill = [&](std::string_view name, Json value) {
      if (object.find(name) == nullptr) object.set(name, std::move(value));
    };
    fill("eventTime", Json());
    fill(core ? "firstTimestamp" : "deprecatedFirstTimestamp", Json());
    fill(core ? "lastTimestamp" : "deprecatedLastTimestamp", Json());
    fill(core ? "source" : "deprecatedSource", Json::object());
    fill(core ? "involvedObject" : "regarding", Json::object());
    if (core)
      for (std::string_view name : {"reportingComponent", "reportingInstance"})
        fill(name, Json(""));
    return Unit{};
  }
  std::vector<Cause> validate(const StrategyContext& context, const Json& object) const override {
    // events.k8s.io/v1 says "regarding" where core says "involvedObject".
    std::string_view subject = context.kind.group.empty() ? "involvedObject" : "regarding";
    std::string_view about;
    if (const Json* reference = object.find(subject)) about = reference->str("namespace");
    std::string_view ns = object.str({"metadata", "namespace"});
    bool cluster_scoped = about.empty() && (ns == "default" || ns == "kube-system");
    if (about == ns || cluster_scoped) return {};
    return {cause_invalid(std::string(subject) + ".namespace", Json(about),
                          "does not match event.namespace")};
  }
  std::vector<Cause> validate_update(const StrategyContext& context, const Json& object,
                                     const Json&) const override {
    return validate(context, object);
  }
};

}  // namespace

void register_strategy_events(StrategySet& set) {
  set.add("", "events", std::make_unique<Events>());
  set.add("events.k8s.io", "events", std::make_unique<Events>());
}

}  // namespace engine
