// managementSecret: the secrets of the server's own cluster. authToken (of /v3-public): what a
// command line that logs in through a browser waits for, found by the id that it chose and by
// nothing else; it is the samlToken of that name.
#include "engine/base/time.h"
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

constexpr std::string_view kGlobal = "cattle-global-data";

class ManagementSecretType final : public Type {
 public:
  KindPtr holder(const KindSnapshot& kinds, const SchemaView&) const override {
    return kinds.stored("", "secrets");
  }
  bool selects() const override { return false; }

  Result<Unit> before_create(const Call&, const Json&, Json& body, Place& place) const override {
    place.name = body.str("name");
    place.ns = kGlobal;
    keep_kind_of_secret(body);
    return Unit{};
  }
  Result<Unit> before_update(const Call&, const Json&, Json& changes) const override {
    keep_kind_of_secret(changes);
    return Unit{};
  }

 private:
  // A secret has a type of its own, under the name that every object's type has.
  static void keep_kind_of_secret(Json& body) {
    if (body.str("type") == "managementSecret") body.erase("type");
  }
};

class AuthTokenType final : public Type {
 public:
  explicit AuthTokenType(TypeParts parts) : parts_(std::move(parts)) {}

  KindPtr holder(const KindSnapshot& kinds, const SchemaView&) const override {
    return kinds.stored("management.cattle.io", "samltokens");
  }
  // Nobody learns of others' logins.
  std::optional<Result<JsonArray>> own_list(const Call&) const override {
    return Result<JsonArray>(JsonArray{});
  }
  std::optional<Result<Json>> own_find(const Call&, std::string_view id) const override {
    return found(id);
  }
  void refresh(const Call&, Json& stored) const override {
    stored.set("name", stored.str({"metadata", "name"}));
    stored.set("created", stored.str({"metadata", "creationTimestamp"}));
  }
  bool owns(const Call&, const Json& stored, std::string_view verb) const override {
    return stored.str({"metadata", "namespace"}) == kGlobal && (verb == "get" || verb == "delete");
  }

 private:
  Result<Json> found(std::string_view id) const {
    KindPtr kind = parts_.registry.kinds().snapshot()->stored("management.cattle.io", "samltokens");
    TRY(parts_.dispatcher.fresh(parts_.env.now() + std::chrono::seconds(5)));
    auto there = TRY(parts_.dispatcher.get(*kind, kGlobal, id));
    if (!there) return Status::not_found({kind->group, kind->plural, std::string(id)});
    Json stored = MUST(parse_json(*there->bytes));  // the cache holds only what was validated
    auto until = parse_rfc3339(stored.str("expiresAt"));
    if (until && *until < parts_.env.wall())
      return Status::not_found({kind->group, kind->plural, std::string(id)});
    return stored;
  }

  const TypeParts parts_;
};

}  // namespace

void register_global_secrets(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 managementSecret", std::make_unique<ManagementSecretType>());
  set.add("/v3-public authToken", std::make_unique<AuthTokenType>(parts));
}

}  // namespace engine
