// user: local accounts; oneself under ?me=true; passwords are hashed before they are stored and
// never come back.
#include "engine/base/names.h"
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

class UserType final : public Type {
 public:
  explicit UserType(TypeParts parts) : parts_(std::move(parts)) {}

  // Filters read what is stored: nothing but this is worked out when it is shown.
  bool computes(std::string_view field) const override { return field == "me"; }

  bool owns(const Call& call, const Json& stored, std::string_view verb) const override {
    return verb == "get" && stored.str({"metadata", "name"}) == call.user().name;
  }

  bool is_slow(std::string_view method, std::string_view action) const override {
    return method == "POST" && action != "refreshauthprovideraccess";
  }

  Result<Unit> before_create(const Call& call, const Json& raw, Json& body,
                             Place& place) const override {
    const Json* password = raw.find("password");
    if (!password || !password->is_string())
      return Status::other(500, "ServerError", "password not a string");
    std::string username(body.str("username"));
    if (username.empty()) return Status::field_error(422, "MissingRequired", "username", "");
    TRY(parts_.users.acceptable(password->as_string(), username));
    if (TRY(parts_.users.find_by_username(username))) return Users::name_taken();
    place.name = generate_name(parts_.env, "u-");
    body.set("principalIds", Json::array({"local://" + place.name}));
    (void)call;
    return Unit{};
  }

  Result<Unit> before_update(const Call& call, const Json& old, Json& changes) const override {
    const Json* enabled = changes.find("enabled");
    bool oneself = old.str({"metadata", "name"}) == call.user().name;
    if (oneself && enabled && *enabled == Json(false))
      return Status::other(422, "InvalidAction", "You cannot deactivate yourself");
    if (const Json* username = changes.find("username");
        username && *username != Json(old.str("username")))
      return Status::field_error(422, "InvalidFormat", "username",
                                 "a user's name can't be changed");
    return Unit{};
  }

  Result<Unit> to_store(const Call&, Json& stored) const override {
    std::string password(stored.str("password"));
    if (password.empty() || password.starts_with("$argon2id$")) return Unit{};
    stored.set("password", TRY(parts_.users.hash(password)));
    return Unit{};
  }

  Status refused_create(Status status) const override {
    return Users::is_name_taken(status) ? Users::name_taken() : status;
  }

  Result<Unit> after_create(const Call&, const Json&, Json& object) const override {
    object.erase("password");
    return Unit{};
  }

  Result<Unit> before_remove(const Call& call, const Json& stored) const override {
    if (stored.str({"metadata", "name"}) == call.user().name)
      return Status::other(422, "InvalidAction", "You cannot delete yourself");
    // Its tokens stop working with it, and are collected by the controller of tokens.
    return Unit{};
  }

  void decorate(const Call& call, const Json& stored, Look& look) const override {
    std::string_view name = stored.str({"metadata", "name"});
    look.object->set("me", name == call.user().name);
    KindPtr kind = call.norman.holder(call.schema);
    if (may_refresh(call)) look.actions.push_back("refreshauthprovideraccess");
    if (kind && call.norman.may(call.user(), "update", *kind, "", name))
      look.actions.push_back("setpassword");
    if (name == call.user().name) look.remove = false;
  }

  std::vector<std::string> collection_actions(const Call& call) const override {
    if (may_refresh(call)) return {"changepassword", "refreshauthprovideraccess"};
    return {"changepassword"};
  }

  std::optional<Answer> action(const Call& call, std::string_view action, const Json& stored,
                               const Json& input) const override {
    std::string_view name = stored.str({"metadata", "name"});
    KindPtr kind = call.norman.holder(call.schema);
    if (action == "refreshauthprovideraccess") return refresh_access(call);
    if (action != "setpassword" || !kind ||
        !call.norman.may(call.user(), "update", *kind, "", name))
      return std::nullopt;
    auto changed = parts_.users.set_password(name, input.str("newPassword"), Users::MustChange::no);
    if (!changed) return norman_error(changed.error());
    if (auto ended =
            parts_.tokens.revoke_all_of(name, Tokens::Which::sessions, call.user().token_name);
        !ended)
      return norman_error(ended.error());
    return norman_response(200, call.norman.present(call, *changed), call.base);
  }

  std::optional<Answer> collection_action(const Call& call, std::string_view action,
                                          const Json& input) const override {
    if (action == "refreshauthprovideraccess") return refresh_access(call);
    if (action != "changepassword") return std::nullopt;
    const std::string& name = call.user().name;
    auto changed = parts_.users.change_password(name, input.str("currentPassword"),
                                                input.str("newPassword"), call.request.peer);
    if (!changed) return norman_error(changed.error());
    // Whoever else sits on a session of this user has the old password's rights no longer.
    if (auto ended =
            parts_.tokens.revoke_all_of(name, Tokens::Which::sessions, call.user().token_name);
        !ended)
      return norman_error(ended.error());
    return norman_response(200, Json::object(), call.base);
  }

 private:
  static bool may_refresh(const Call& call) {
    KindPtr kind = call.norman.holder(call.schema);
    return kind && call.norman.may(call.user(), "create", *kind, "", "");
  }
  // What a local user belongs to is read at each request: there is nothing older to be renewed.
  static std::optional<Answer> refresh_access(const Call& call) {
    if (!may_refresh(call)) return std::nullopt;
    return norman_response(200, Json::object(), call.base);
  }

  TypeParts parts_;
};

}  // namespace

void register_user(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 user", std::make_unique<UserType>(parts));
}

}  // namespace engine
