// feature: on or off as somebody set it, else as it is by default; a locked one can't be set.
#include "engine/norman/types/types.h"

namespace engine {
namespace {

class FeatureType final : public Type {
 public:
  bool is_shown_as_stored(std::string_view) const override { return true; }
  bool selects() const override { return false; }
  bool computes(std::string_view field) const override { return field == "value"; }

  void decorate(const Call&, const Json& stored, Look& look) const override {
    if (const Json* value = stored.at({"spec", "value"}); value && !value->is_null()) return;
    const Json* otherwise = stored.at({"status", "lockedValue"});
    if (!otherwise || otherwise->is_null()) otherwise = stored.at({"status", "default"});
    if (otherwise) look.object->set("value", Json(*otherwise));
  }

  // A client that sends back what it read does not set what was never set.
  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    const Json* value = changes.find("value");
    const Json* locked = old.at({"status", "lockedValue"});
    if (value && locked && !locked->is_null() && !(*value == *locked))
      return Status::field_error(422, "InvalidOption", "value", "this feature is locked");
    const Json* set = old.at({"spec", "value"});
    const Json* otherwise = old.at({"status", "default"});
    if (value && otherwise && *value == *otherwise && (!set || set->is_null()))
      changes.erase("value");
    return Unit{};
  }
};

}  // namespace

void register_feature(TypeSet& set, const TypeParts&) {
  set.add("/v3 feature", std::make_unique<FeatureType>());
}

}  // namespace engine
