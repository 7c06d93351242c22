// Cluster roles that are the sum of others: those with an aggregationRule get the rules of every
// cluster role that its selectors match. Source: k8s.io/kubernetes
// pkg/controller/clusterroleaggregation.
#include <algorithm>

#include "engine/controllers/controller_set.h"
#include "engine/controllers/runtime/store_key.h"
#include "engine/watch/label_selector.h"

namespace engine {

namespace {

constexpr std::string_view kPrefix = "/registry/rbac.authorization.k8s.io/clusterroles/";
constexpr const char* kAll = "all";  // few roles, one pass

class AggregatedRoles final : public SingleController {
 public:
  AggregatedRoles(storage::Env& env, std::unique_ptr<Client> client)
      : SingleController(env, {"clusterrole-aggregation-controller", 1}),
        client_(std::move(client)),
        kind_(stored_kind(*client_, "rbac.authorization.k8s.io", "clusterroles")) {}

  void listen(LogTap& log) override {
    // A burst of changes (bootstrap) is one pass.
    log.add(std::string(kPrefix),
            [this](const storage::Event&) { controller_.add_after(kAll, storage::Millis(20)); });
  }

  Result<Unit> start() override {
    controller_.add(kAll);
    return Unit{};
  }

 private:
  Result<Outcome> reconcile(const std::string&) override {
    std::vector<Json> roles;
    TRY(for_each_object(*client_, *kind_, "", [&](const Object& object) -> Result<bool> {
      roles.push_back(object.json());
      return true;
    }));
    for (const Json& role : roles) {
      const Json* selectors = role.at({"aggregationRule", "clusterRoleSelectors"});
      if (selectors == nullptr || !selectors->is_array()) continue;
      Json rules = sum(role, *selectors, roles);
      const Json* there = role.find("rules");
      if (there != nullptr && *there == rules) continue;
      if (there == nullptr && rules.size() == 0) continue;
      auto written = client_->modify(*kind_, "", role.str({"metadata", "name"}),
                                     [&](Json& object) -> Result<bool> {
                                       object.set("rules", rules);
                                       return true;
                                     });
      if (!written && !written.error().is("NotFound")) return std::move(written).error();
    }
    return Outcome::done();
  }

  // In the order of the roles' names, each rule once.
  static Json sum(const Json& role, const Json& selectors, const std::vector<Json>& roles) {
    JsonArray out;
    std::vector<const Json*> taken;
    for (const Json& selector : selectors.as_array()) {
      for (const Json& other : roles) {
        if (&other == &role || !matches(selector, other)) continue;
        if (std::find(taken.begin(), taken.end(), &other) != taken.end()) continue;
        taken.push_back(&other);
        const Json* rules = other.find("rules");
        if (rules == nullptr || !rules->is_array()) continue;
        for (const Json& rule : rules->as_array())
          if (std::find(out.begin(), out.end(), rule) == out.end()) out.push_back(rule);
      }
    }
    return Json(std::move(out));
  }

  static bool matches(const Json& selector, const Json& role);

  const std::unique_ptr<Client> client_;
  const KindPtr kind_;
};

bool AggregatedRoles::matches(const Json& selector, const Json& role) {
  auto parsed = LabelSelector::from_json(selector);
  if (!parsed) return false;  // the API refuses such a role; one that is there selects nothing
  static const Json kNone;
  const Json* labels = role.at({"metadata", "labels"});
  return parsed.value().matches(labels == nullptr ? kNone : *labels);
}

}  // namespace

void register_controller_aggregated_roles(ControllerSet& set) {
  set.add(std::make_unique<AggregatedRoles>(set.context().env,
                                            set.client("clusterrole-aggregation-controller")));
}

}  // namespace engine
