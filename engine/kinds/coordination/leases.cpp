// Leases: a put may create one; what a holder says must make sense.
#include "engine/kinds/causes.h"
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

class Leases final : public Strategy {
 public:
  bool create_on_update() const override { return true; }
  std::vector<Cause> validate(const StrategyContext&, const Json& object) const override {
    Causes out;
    const Json* spec = object.find("spec");
    if (spec == nullptr) return out;
    const Json* duration = spec->find("leaseDurationSeconds");
    if (duration != nullptr && duration->is_int() && duration->as_int() <= 0)
      out.push_back(
          cause_invalid("spec.leaseDurationSeconds", *duration, "must be greater than 0"));
    const Json* transitions = spec->find("leaseTransitions");
    if (transitions != nullptr && transitions->is_int() && transitions->as_int() < 0)
      out.push_back(cause_invalid("spec.leaseTransitions", *transitions,
                                  "must be greater than or equal to 0"));
    const Json* holder = spec->find("holderIdentity");
    bool strategy = !spec->str("strategy").empty();
    if (holder != nullptr && holder->is_string() && holder->as_string().empty())
      out.push_back(cause_invalid("spec.holderIdentity", *holder, "must not be empty"));
    if (spec->find("preferredHolder") != nullptr && !strategy)
      out.push_back(cause_forbidden("spec.preferredHolder",
                                    "may only be specified if `strategy` is defined"));
    return out;
  }
  std::vector<Cause> validate_update(const StrategyContext& context, const Json& object,
                                     const Json&) const override {
    return validate(context, object);
  }
};

}  // namespace

void register_strategy_leases(StrategySet& set) {
  set.add("coordination.k8s.io", "leases", std::make_unique<Leases>());
}

}  // namespace engine
