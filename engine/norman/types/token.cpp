// token: one's own API keys. The secret is in the answer to POST and nowhere else; logging out
// withdraws the session that asks.
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

#include "engine/base/time.h"

namespace engine {
namespace {

class TokenType final : public Type {
 public:
  explicit TokenType(TypeParts parts) : parts_(std::move(parts)) {}

  bool owns(const Call& call, const Json& stored, std::string_view) const override {
    return stored.str("userId") == call.user().name;
  }
  bool may_create(const Call&, const Json&) const override { return true; }

  std::optional<Result<JsonArray>> own_list(const Call& call) const override {
    auto all = call.norman.visible(call);
    if (!all || shows_others(call)) return all;
    std::erase_if(*all, [&](const Json& token) { return !owns(call, token, "get"); });
    return all;
  }

  Result<Unit> before_create(const Call& call, const Json&, Json& body,
                             Place& place) const override {
    if (body.integer({"ttl"}) < 0)
      return Status::field_error(422, "MinLimitExceeded", "ttl",
                                 "a token's ttl is in milliseconds; 0 means that it does not end");
    Json kept = Json::object();
    for (std::string_view name : {"description", "ttl", "clusterId", "labels", "annotations"})
      if (const Json* value = body.find(name)) kept.set(name, Json(*value));
    body = std::move(kept);
    body.set("userId", call.user().name);
    body.set("isDerived", true);
    body.set("enabled", true);
    body.set("authProvider", "local");
    body["labels"].set("authn.management.cattle.io/token-userId", call.user().name);
    TRY(check_cluster(call, body.str("clusterId")));
    const int64_t ttl = parts_.tokens.ttl_ms(Tokens::Life::api, body.integer({"ttl"}));
    body.set("ttl", ttl);
    if (ttl > 0)
      body.set("expiresAt", to_rfc3339(parts_.env.wall() + std::chrono::milliseconds(ttl)));
    place.name.clear();
    place.generate_name = "token-";
    return Unit{};
  }

  Result<Unit> before_update(const Call&, const Json&, Json& changes) const override {
    Json kept = Json::object();
    for (std::string_view name : {"description", "enabled", "labels", "annotations"})
      if (const Json* value = changes.find(name)) kept.set(name, Json(*value));
    changes = std::move(kept);
    return Unit{};
  }

  Result<Unit> to_store(const Call& call, Json& stored) const override {
    if (!stored.str("token").empty()) return Unit{};
    call.shown_once = parts_.tokens.new_secret();
    stored.set("token", Tokens::hash(call.shown_once));
    return Unit{};
  }

  Result<Unit> after_create(const Call& call, const Json& stored, Json& object) const override {
    object.set("token", std::string(stored.str({"metadata", "name"})) + ":" + call.shown_once);
    return Unit{};
  }

  // The schema has no field for it: as an annotation it reaches every client.
  void refresh(const Call&, Json& stored) const override {
    std::string used(stored.str(Tokens::kLastUsed));
    if (used.empty()) return;
    stored.make({"metadata", "annotations"}).set("authn.management.cattle.io/last-used", used);
  }

  void decorate(const Call& call, const Json& stored, Look& look) const override {
    look.object->set("current", stored.str({"metadata", "name"}) == call.user().token_name);
    look.object->set("expired", parts_.tokens.expired(stored));
  }

  std::vector<std::string> collection_actions(const Call& call) const override {
    return call.user().token_name.empty() ? std::vector<std::string>{}
                                          : std::vector<std::string>{"logout"};
  }
  std::vector<std::string> unlisted_collection_actions() const override { return {"logoutAll"}; }

  std::optional<Answer> collection_action(const Call& call, std::string_view action,
                                          const Json&) const override {
    const std::string& own = call.user().token_name;
    if ((action != "logout" && action != "logoutAll") || own.empty()) return std::nullopt;
    if (action == "logoutAll")
      if (auto done = parts_.tokens.revoke_all_of(call.user().name, Tokens::Which::sessions, own);
          !done)
        return norman_error(done.error());
    if (auto done = parts_.tokens.revoke(own); !done) return norman_error(done.error());
    Response out = norman_response(200, Json::object(), call.base);
    out.headers.add("Set-Cookie", "R_SESS=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
    out.headers.add("Set-Cookie", "CSRF=; Path=/; Max-Age=0; Secure; SameSite=Lax");
    return out;
  }

 private:
  // Everybody's list is their own; whoever may read all tokens sees another's by asking for them.
  static bool shows_others(const Call& call) {
    for (const auto& [name, value] : call.request.query)
      if (name.starts_with("userId") && value != call.user().name) {
        KindPtr kind = call.norman.holder(call.schema);
        return kind && call.norman.may(call.user(), "list", *kind, "", "");
      }
    return false;
  }

  Result<Unit> check_cluster(const Call& call, std::string_view id) const {
    if (id.empty()) return Unit{};
    KindPtr kind = parts_.registry.kinds().snapshot()->stored("management.cattle.io", "clusters");
    const bool seen = kind && call.norman.may(call.user(), "get", *kind, "", id);
    if (seen && TRY(parts_.dispatcher.get(*kind, "", id))) return Unit{};
    return Status::field_error(422, "InvalidReference", "clusterId",
                               "there is no cluster " + std::string(id));
  }

  TypeParts parts_;
};

}  // namespace

void register_token(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 token", std::make_unique<TokenType>(parts));
}

}  // namespace engine
