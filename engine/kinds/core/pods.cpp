// Pods: a removed pod that runs somewhere gets its grace period, one that does not goes at once; a
// container that names a limit and no request asks for its limit.
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

class Pods final : public Strategy {
 public:
  Result<Unit> decode(const Kind&, Json& object) const override {
    Json* spec = object.find("spec");
    for (std::string_view list : {"containers", "initContainers"}) {
      Json* containers = spec == nullptr ? nullptr : spec->find(list);
      if (containers == nullptr || !containers->is_array()) continue;
      for (Json& container : containers->as_array()) {
        const Json* limits = container.at({"resources", "limits"});
        if (limits == nullptr || !limits->is_object()) continue;
        const Json copy = *limits;
        for (const auto& [name, value] : copy.as_object()) {
          Json& requests = container["resources"]["requests"];
          if (requests.is_null() || (requests.is_object() && !requests.find(name)))
            requests.set(name, value);
        }
      }
    }
    return Unit{};
  }
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
