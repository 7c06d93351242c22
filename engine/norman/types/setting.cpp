// setting: a value that falls back to its default; where it comes from is computed, not stored.
#include "engine/access/admission/settings.h"
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

class SettingType final : public Type {
 public:
  explicit SettingType(TypeParts parts) : parts_(std::move(parts)) {}

  bool is_shown_as_stored(std::string_view name) const override { return name != "cacerts"; }
  bool selects() const override { return false; }
  bool computes(std::string_view field) const override {
    return field == "value" || field == "default" || field == "customized" || field == "source";
  }

  // The CA is what the server has now; an agent reads it before it can log in.
  bool owns(const Call&, const Json& stored, std::string_view verb) const override {
    std::string_view name = stored.str({"metadata", "name"});
    return verb == "get" && (name == "cacerts" || name == "first-login");
  }

  void decorate(const Call&, const Json& stored, Look& look) const override {
    std::string value(stored.str("value")), otherwise(stored.str("default"));
    if (stored.str({"metadata", "name"}) == "cacerts" && parts_.ca_certificates)
      value = parts_.ca_certificates();
    const bool customized = !value.empty() && value != otherwise;
    look.object->set("value", value.empty() ? otherwise : value);
    look.object->set("default", otherwise);
    look.object->set("customized", customized);
    look.object->set("source", customized ? "db" : "default");
    if (is_read_only(stored)) look.update = false;
    if (stored.str("source") == "env") look.object->set("source", "env"), look.update = false;
  }

  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    if (old.str("source") == "env")
      return Status::other(405, "MethodNotAllow",
                           std::string(old.str({"metadata", "name"})) +
                               " is readOnly because its value is from environment variable");
    if (is_read_only(old))
      return Status::other(405, "MethodNotAllow",
                           std::string(old.str({"metadata", "name"})) + " is readOnly");
    auto good = check_setting(old.str({"metadata", "name"}), changes.str("value"));
    if (good) return good;
    return Status::field_error(
        422, "InvalidFormat", "value",
        std::string(old.str({"metadata", "name"})) + ": " + good.error().message());
  }

 private:
  // What the server knows itself.
  static bool is_read_only(const Json& stored) {
    return stored.str({"metadata", "name"}) == "cacerts";
  }

  TypeParts parts_;
};

}  // namespace

void register_setting(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 setting", std::make_unique<SettingType>(parts));
}

}  // namespace engine
