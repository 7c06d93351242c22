// nodeDriver and kontainerDriver: active or not, as they say themselves. What follows from it (the
// fields of node templates, cloud credentials and clusters) controllers/management/drivers.cpp
// does; until then they are on their way. Cluster drivers that came with the server stay.
#include "engine/base/time.h"
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

// A node driver shows its conditions inside of its status, a cluster driver by themselves.
enum class Holds : uint8_t { node, cluster };

std::string_view condition(const Json& stored, std::string_view type) {
  const Json* all = stored.at({"status", "conditions"});
  if (!all || !all->is_array()) return {};
  for (const Json& one : all->as_array())
    if (one.str("type") == type) return one.str("status");
  return {};
}

class DriverType final : public Type {
 public:
  DriverType(TypeParts parts, Holds holds) : parts_(std::move(parts)), holds_(holds) {}

  bool is_shown_as_stored(std::string_view) const override { return true; }
  bool selects() const override { return false; }
  bool computes(std::string_view) const override { return false; }

  State state(const Call&, const Json& stored) const override {
    State out = state_of(stored);
    const bool active = stored.truth({"spec", "active"});
    if (!stored.str({"metadata", "deletionTimestamp"}).empty() || out.transitioning == "error")
      return out;
    if (condition(stored, "Active") == "Unknown" && active)
      return {.name = "activating", .transitioning = "yes", .message = out.message};
    if (condition(stored, "Inactive") == "Unknown" && !active)
      return {.name = "deactivating", .transitioning = "yes", .message = out.message};
    return {.name = active ? "active" : "inactive", .transitioning = "no", .message = {}};
  }

  void decorate(const Call&, const Json& stored, Look& look) const override {
    if (look.update)
      look.actions.emplace_back(stored.truth({"spec", "active"}) ? "deactivate" : "activate");
    if (stays(stored)) look.remove = false;
  }

  Result<Unit> to_store(const Call&, Json& stored) const override {
    if (stored.str({"metadata", "uid"}).empty() && stored.truth({"spec", "active"}))
      under_way(stored);
    return Unit{};
  }

  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    const Json* active = changes.find("active");
    if (!active || *active == Json(old.truth({"spec", "active"}))) return Unit{};
    Json changed = old;
    changed.make({"spec"}).set("active", Json(*active));
    under_way(changed);
    const Json& conditions = *changed.at({"status", "conditions"});
    if (holds_ == Holds::cluster)
      changes.set("conditions", conditions);
    else
      changes.set("status", Json::object({{"conditions", conditions}}));
    return Unit{};
  }

  Result<Unit> before_remove(const Call&, const Json& stored) const override {
    if (!stays(stored)) return Unit{};
    return Status::other(405, "MethodNotAllow", "a driver that came with the server stays");
  }

  std::optional<Answer> action(const Call& call, std::string_view action, const Json& stored,
                               const Json&) const override {
    KindPtr kind = call.norman.holder(call.schema);
    const std::string name(stored.str({"metadata", "name"}));
    const bool active = action == "activate";
    if (!kind || !call.norman.may(call.user(), "update", *kind, "", name)) return std::nullopt;
    if (stored.truth({"spec", "active"}) == active) return std::nullopt;
    WriteOptions options{.user = call.user(), .field_manager = "paddock"};
    auto written = parts_.registry.modify(*kind, "", name, options, [&](Json& now) -> Result<bool> {
      now.make({"spec"}).set("active", active);
      under_way(now);
      return true;
    });
    if (!written) return norman_error(written.error());
    return norman_response(200, call.norman.present(call, written->object.json()), call.base);
  }

  std::optional<Answer> collection_action(const Call&, std::string_view action,
                                          const Json&) const override {
    if (action != "refresh") return std::nullopt;
    return norman_error(Status::other(404, "ActionNotAvailable",
                                      "refresh is not available: this server fetches no metadata "
                                      "of Kubernetes versions"));
  }

 private:
  // The controller says when the schemas have followed.
  void under_way(Json& stored) const {
    const std::string type = stored.truth({"spec", "active"}) ? "Active" : "Inactive";
    Json& conditions = stored.make({"status"})["conditions"];
    if (!conditions.is_array()) conditions = Json(JsonArray{});
    std::erase_if(conditions.as_array(), [&](const Json& one) { return one.str("type") == type; });
    conditions.as_array().push_back(
        Json::object({{"type", type},
                      {"status", "Unknown"},
                      {"lastUpdateTime", to_rfc3339(parts_.env.wall())}}));
  }

  bool stays(const Json& stored) const {
    return holds_ == Holds::cluster && stored.truth({"spec", "builtIn"});
  }

  const TypeParts parts_;
  const Holds holds_;
};

}  // namespace

void register_driver(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 nodeDriver", std::make_unique<DriverType>(parts, Holds::node));
  set.add("/v3 kontainerDriver", std::make_unique<DriverType>(parts, Holds::cluster));
}

}  // namespace engine
