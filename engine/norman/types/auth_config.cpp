// authConfig and its subtypes, one for each provider. A provider is switched off here; to switch
// one on, its logins must be there to be tried: where they are not, nothing pretends. Logging in by
// name and password stays: without it nobody could come back.
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

constexpr std::string_view kLocal = "localConfig";
constexpr std::string_view kProviders[] = {
    "activeDirectoryConfig", "adfsConfig",   "azureADConfig",
    "freeIpaConfig",         "githubConfig", "googleOauthConfig",
    "keyCloakConfig",        "localConfig",  "oktaConfig",
    "openLdapConfig",        "pingConfig",   "shibbolethConfig"};

class AuthConfigType final : public Type {
 public:
  explicit AuthConfigType(TypeParts parts) : parts_(std::move(parts)) {}

  bool selects() const override { return false; }
  bool shares_kind() const override { return true; }
  bool computes(std::string_view) const override { return false; }
  bool is_shown_as_stored(std::string_view) const override { return true; }
  std::string_view subtype(const Json& stored) const override { return stored.str("type"); }
  bool holds(const Json& stored, const SchemaView& schema) const override {
    return schema.base_type() == schema.id() || stored.str("type") == schema.id();
  }

  void decorate(const Call&, const Json& stored, Look& look) const override {
    if (stored.str("type") == kLocal) look.remove = false;
    if (look.update && stored.str("type") != kLocal && stored.truth({"enabled"}))
      look.actions.emplace_back("disable");
  }

  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    const Json* enabled = changes.find("enabled");
    if (!enabled || enabled->is_null() || enabled->as_bool() == old.truth({"enabled"}))
      return Unit{};
    if (old.str("type") == kLocal)
      return Status::field_error(422, "InvalidOption", "enabled", "local logins stay");
    if (enabled->as_bool())
      return Status::field_error(422, "InvalidOption", "enabled", no_logins(old));
    return Unit{};
  }

  Result<Unit> before_remove(const Call&, const Json& stored) const override {
    if (stored.str("type") != kLocal) return Unit{};
    return Status::other(405, "MethodNotAllow", "local logins stay");
  }

  std::optional<Answer> action(const Call& call, std::string_view action, const Json& stored,
                               const Json&) const override {
    KindPtr kind = call.norman.holder(call.schema);
    const std::string name(stored.str({"metadata", "name"}));
    if (!kind || !call.norman.may(call.user(), "update", *kind, "", name)) return std::nullopt;
    if (action != "disable")
      return norman_error(Status::other(404, "ActionNotAvailable", no_logins(stored)));
    if (!stored.truth({"enabled"})) return std::nullopt;
    auto written =
        parts_.registry.modify(*kind, "", name, {.user = call.user(), .field_manager = "paddock"},
                               [](Json& now) -> Result<bool> {
                                 now.set("enabled", false);
                                 return true;
                               });
    if (!written) return norman_error(written.error());
    return norman_response(200, call.norman.present(call, written->object.json()), call.base);
  }

 private:
  static std::string no_logins(const Json& stored) {
    return "this server knows no logins of the provider " +
           std::string(stored.str({"metadata", "name"}));
  }

  const TypeParts parts_;
};

}  // namespace

void register_auth_config(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 authConfig", std::make_unique<AuthConfigType>(parts));
  for (std::string_view provider : kProviders)
    set.add("/v3 " + std::string(provider), std::make_unique<AuthConfigType>(parts));
}

}  // namespace engine
