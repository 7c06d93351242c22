// HorizontalPodAutoscalers begin without a status, and say so.
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

class Autoscalers final : public Strategy {
 public:
  void prepare_create(const StrategyContext& context, Json& object) const override {
    Json status = Json::object({{"desiredReplicas", 0}});
    if (context.kind.version == "v1")
      status.set("currentReplicas", 0);
    else
      status.set("currentMetrics", Json());
    object.set("status", std::move(status));
  }
};

}  // namespace

void register_strategy_horizontal_pod_autoscalers(StrategySet& set) {
  set.add("autoscaling", "horizontalpodautoscalers", std::make_unique<Autoscalers>());
}

}  // namespace engine
