// Pods: a removed pod that runs somewhere gets its grace period, one that does not goes at once.
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

class Pods final : public Strategy {
 public:
  int64_t grace_seconds(const Json& object, std::optional<int64_t> asked) const override {
    std::string_view phase = object.str({"status", "phase"});
    if (object.str({"spec", "nodeName"}).empty() || phase == "Succeeded" || phase == "Failed")
      return 0;
    if (asked) return *asked < 0 ? 1 : *asked;
    return object.integer({"spec", "terminationGracePeriodSeconds"}, 30);
  }
  void prepare_create(const StrategyContext&, Json& object) const override {
    object.set("status", Json::object({{"phase", Json("Pending")}}));
  }
};

}  // namespace

void register_strategy_pods(StrategySet& set) {
  set.add("", "pods", std::make_unique<Pods>());
}

}  // namespace engine
