// cloudCredential: what a node driver logs in with at its cloud. It is a secret of
// cattle-global-data with a key for each field, `amazonec2credentialConfig-accessKey`; which fields
// there are, the schemas say that follow the drivers. Passwords are written and never shown.
// Whoever made one may use, change and delete it; one that a node template uses stays.
#include "engine/base/base64.h"
#include "engine/norman/norman.h"
#include "engine/norman/target.h"
#include "engine/norman/types/bindings.h"

namespace engine {
namespace {

constexpr std::string_view kGlobal = "cattle-global-data";
constexpr std::string_view kSuffix = "credentialConfig";
constexpr std::string_view kMark = "credentialConfig-";
constexpr std::string_view kDescription = "field.cattle.io/description";
constexpr std::string_view kCreator = "field.cattle.io/creatorId";

class CloudCredentialType final : public Type {
 public:
  explicit CloudCredentialType(TypeParts parts) : parts_(std::move(parts)) {}

  KindPtr holder(const KindSnapshot& kinds, const SchemaView&) const override {
    return kinds.stored("", "secrets");
  }
  bool shares_kind() const override { return true; }
  bool holds(const Json& stored, const SchemaView&) const override {
    const Json* data = stored.find("data");
    if (stored.str({"metadata", "namespace"}) != kGlobal || !data || !data->is_object())
      return false;
    for (const auto& [key, value] : data->as_object())
      if (key.find(kMark) != std::string::npos) return true;
    return false;
  }
  bool owns(const Call& call, const Json& stored, std::string_view) const override {
    std::string_view creator = stored.str({"metadata", "annotations", kCreator});
    return !creator.empty() && creator == call.user().name;
  }

  std::optional<Result<JsonArray>> own_list(const Call& call) const override {
    return listed(call);
  }
  std::optional<Result<Json>> own_find(const Call& call, std::string_view id) const override {
    return found(call, id);
  }

  Result<Unit> before_create(const Call&, const Json&, Json& body, Place& place) const override {
    bool any = false;
    for (const auto& [name, value] : body.as_object())
      any |= name.ends_with(kSuffix) && value.is_object() && value.size() > 0;
    if (!any)
      return Status::field_error(422, "MissingRequired", std::string(kSuffix),
                                 "one driver's credentialConfig must be set");
    place.ns = kGlobal;
    place.name.clear();
    place.generate_name = "cc-";
    return Unit{};
  }

  Result<Unit> before_update(const Call&, const Json&, Json& changes) const override {
    // Nothing of a description is one without words: the annotation goes.
    if (Json* description = changes.find("description"); description && description->is_null())
      *description = Json("");
    return Unit{};
  }

  Result<Unit> to_store(const Call&, Json& stored) const override {
    std::vector<std::pair<std::string, Json>> configs;
    for (const auto& [name, value] : stored.as_object())
      if (name.ends_with(kSuffix)) configs.emplace_back(name, value);
    for (const auto& [name, config] : configs) {
      stored.erase(name);
      if (!config.is_object()) continue;
      for (const auto& [field, value] : config.as_object()) {
        if (value.is_null()) continue;
        const std::string text = value.is_string() ? value.as_string() : dump(value);
        stored.make({"data"}).set(name + "-" + field, base64_encode(text));
      }
    }
    if (const Json* description = stored.at({"spec", "description"})) {
      Json& annotations = stored.make({"metadata", "annotations"});
      if (description->is_string() && !description->as_string().empty())
        annotations.set(kDescription, Json(*description));
      else
        annotations.erase(kDescription);
    }
    stored.erase("spec");
    if (stored.str("type").empty()) stored.set("type", "Opaque");
    return Unit{};
  }

  // The keys as the fields they were; numbers and truth values as their schemas want them.
  void refresh(const Call&, Json& stored) const override {
    std::string description(stored.str({"metadata", "annotations", kDescription}));
    if (!description.empty()) {
      stored.make({"metadata", "annotations"}).erase(kDescription);
      stored.set("description", std::move(description));
    }
    const Json data = stored.find("data") ? *stored.find("data") : Json::object();
    stored.erase("data");
    for (const auto& [key, value] : data.as_object()) {
      const size_t dash = key.find('-');
      if (dash == std::string::npos || !key.substr(0, dash).ends_with(kSuffix)) continue;
      auto text = value.is_string() ? base64_decode(value.as_string()) : std::nullopt;
      if (text) stored.make({key.substr(0, dash)}).set(key.substr(dash + 1), *text);
    }
  }

  Result<Unit> before_remove(const Call&, const Json& stored) const override {
    const std::string id =
        std::string(kGlobal) + ":" + std::string(stored.str({"metadata", "name"}));
    KindPtr kind =
        parts_.registry.kinds().snapshot()->stored("management.cattle.io", "nodetemplates");
    TRY(parts_.dispatcher.fresh(parts_.env.now() + std::chrono::seconds(5)));
    auto all = TRY(parts_.dispatcher.list(*kind, "", nullptr, "", 0));
    for (const auto& cached : all.objects) {
      if (cached->bytes->find(id) == std::string::npos) continue;
      const Json user = MUST(parse_json(*cached->bytes));  // the cache holds valid JSON
      if (user.str({"spec", "cloudCredentialName"}) != id) continue;
      return Status::other(422, "InvalidAction",
                           "node template " + std::string(user.str({"spec", "displayName"})) +
                               " (" + cached->ns + ":" + cached->name +
                               ") uses this cloud credential");
    }
    return Unit{};
  }

 private:
  bool sees(const Call& call, const Kind& kind, const Json& stored) const {
    return call.norman.may(call.user(), "get", kind, kGlobal, stored.str({"metadata", "name"})) ||
           owns(call, stored, "get");
  }

  Result<JsonArray> listed(const Call& call) const {
    KindPtr kind = call.norman.holder(call.schema);
    TRY(parts_.dispatcher.fresh(parts_.env.now() + std::chrono::seconds(5)));
    auto all = TRY(parts_.dispatcher.list(*kind, kGlobal, nullptr, "", 0));
    JsonArray out;
    for (const auto& cached : all.objects) {
      if (cached->bytes->find(kMark) == std::string::npos) continue;
      Json stored = MUST(parse_json(*cached->bytes));  // the cache holds valid JSON
      if (holds(stored, call.schema) && sees(call, *kind, stored)) out.push_back(std::move(stored));
    }
    return out;
  }

  Result<Json> found(const Call& call, std::string_view id) const {
    KindPtr kind = call.norman.holder(call.schema);
    auto [ns, name] = split_id(call.schema, id);
    TRY(parts_.dispatcher.fresh(parts_.env.now() + std::chrono::seconds(5)));
    auto there = TRY(parts_.dispatcher.get(*kind, ns, name));
    Json stored = there ? MUST(parse_json(*there->bytes)) : Json::object();  // as above
    if (!there || !holds(stored, call.schema)) {
      if (call.norman.may(call.user(), "get", *kind, kGlobal, name))
        return Status::not_found({kind->group, "cloudcredentials", std::string(id)});
      return hidden(call, id);
    }
    if (!sees(call, *kind, stored)) return hidden(call, id);
    return stored;
  }
  static Status hidden(const Call& call, std::string_view id) {
    return Status::other(403, "Forbidden",
                         "can not look up " + call.schema.id() + " " + std::string(id));
  }

  const TypeParts parts_;
};

// nodeTemplate: a driver's machine; which driver, the field says that is set.
class NodeTemplateType final : public Type {
 public:
  explicit NodeTemplateType(TypeParts parts) : parts_(std::move(parts)) {}

  bool computes(std::string_view) const override { return false; }
  bool owns(const Call& call, const Json& stored, std::string_view) const override {
    std::string_view creator = stored.str({"metadata", "annotations", kCreator});
    return !creator.empty() && creator == call.user().name;
  }

  Result<Unit> before_create(const Call& call, const Json&, Json& body, Place&) const override {
    const std::string driver = driver_of(call.schema, body);
    if (driver.empty())
      return Status::field_error(422, "MissingRequired", "driver",
                                 "one driver's Config must be set");
    body.set("driver", driver);
    return Unit{};
  }

  Result<Unit> before_update(const Call& call, const Json& old, Json& changes) const override {
    const std::string driver = driver_of(call.schema, changes);
    if (!driver.empty() && driver != old.str({"spec", "driver"}) &&
        !old.str({"spec", "driver"}).empty())
      return Status::field_error(422, "InvalidOption", driver + "Config",
                                 "a node template stays with its driver");
    return Unit{};
  }

  Result<Unit> before_remove(const Call&, const Json& stored) const override {
    const std::string id = std::string(stored.str({"metadata", "namespace"})) + ":" +
                           std::string(stored.str({"metadata", "name"}));
    KindPtr kind = parts_.registry.kinds().snapshot()->stored("management.cattle.io", "nodepools");
    TRY(parts_.dispatcher.fresh(parts_.env.now() + std::chrono::seconds(5)));
    auto all = TRY(parts_.dispatcher.list(*kind, "", nullptr, "", 0));
    for (const auto& cached : all.objects) {
      if (cached->bytes->find(id) == std::string::npos) continue;
      const Json pool = MUST(parse_json(*cached->bytes));  // the cache holds valid JSON
      if (pool.str({"spec", "nodeTemplateName"}) == id)
        return Status::other(
            405, "MethodNotAllow",
            "node pool " + cached->ns + ":" + cached->name + " uses this template");
    }
    return Unit{};
  }

 private:
  static std::string driver_of(const SchemaView& schema, const Json& body) {
    for (const auto& [name, value] : body.as_object()) {
      const Field* field = schema.field(name);
      if (field && field->declaration->truth({"dynamicField"}) && name.ends_with("Config") &&
          value.is_object())
        return name.substr(0, name.size() - std::string_view("Config").size());
    }
    return {};
  }

  const TypeParts parts_;
};

}  // namespace

void register_cloud_credential(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 cloudCredential", std::make_unique<CloudCredentialType>(parts));
  set.add("/v3 nodeTemplate", std::make_unique<NodeTemplateType>(parts));
}

}  // namespace engine
