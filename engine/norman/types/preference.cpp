// preference: what the dashboard remembers of a user, in a namespace of that user.
#include "engine/access/server_user.h"
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

class PreferenceType final : public Type {
 public:
  explicit PreferenceType(TypeParts parts) : parts_(std::move(parts)) {}

  bool owns(const Call& call, const Json& stored, std::string_view) const override {
    return stored.str({"metadata", "namespace"}) == call.user().name;
  }
  bool may_create(const Call&, const Json&) const override { return true; }

  std::optional<Result<JsonArray>> own_list(const Call& call) const override {
    auto all = call.norman.visible(call);
    if (!all) return all;
    std::erase_if(*all, [&](const Json& preference) { return !owns(call, preference, "get"); });
    return all;
  }

  Result<Unit> before_create(const Call& call, const Json&, Json&, Place& place) const override {
    place.ns = call.user().name;
    Json ns = Json::object({{"apiVersion", "v1"},
                            {"kind", "Namespace"},
                            {"metadata", Json::object({{"name", place.ns}})}});
    auto kinds = parts_.registry.kinds().snapshot();
    auto made = parts_.registry.create(*kinds->stored("", "namespaces"), "", std::move(ns),
                                       {.user = server_user(), .field_manager = "paddock"});
    if (!made && !made.error().is("AlreadyExists")) return made.error();
    return Unit{};
  }

 private:
  TypeParts parts_;
};

}  // namespace

void register_preference(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 preference", std::make_unique<PreferenceType>(parts));
}

}  // namespace engine
