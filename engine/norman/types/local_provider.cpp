// localProvider, and authProvider, the list of all (of /v3-public): logging in with name and
// password.
#include <array>

#include "engine/base/base64.h"
#include "engine/base/time.h"
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

// responseType: "json", "cookie", "kubeconfig", or "kubeconfig_c-xxxxx" for a token that is good
// for that cluster only.
constexpr std::string_view kKubeconfig = "kubeconfig";

Json provider_object() {
  return Json::object({{"metadata", Json::object({{"name", "local"}})}, {"type", "localProvider"}});
}

class LocalProviderType : public Type {
 public:
  explicit LocalProviderType(TypeParts parts) : parts_(std::move(parts)) {}

  std::optional<Result<JsonArray>> own_list(const Call&) const override {
    return Result<JsonArray>(JsonArray{provider_object()});
  }
  std::optional<Result<Json>> own_find(const Call&, std::string_view id) const override {
    if (id == "local") return Result<Json>(provider_object());
    return Result<Json>(Status::other(404, "NotFound", "there is no provider " + std::string(id)));
  }
  bool is_slow(std::string_view method, std::string_view action) const override {
    return method == "POST" && !action.empty();
  }
  void decorate(const Call&, const Json&, Look& look) const override {
    look.actions.push_back("login");
    look.type = "localProvider";
  }

  std::optional<Answer> action(const Call& call, std::string_view action, const Json&,
                               const Json& input) const override {
    if (action != "login") return std::nullopt;
    return login(call, input);
  }

 private:
  Answer login(const Call& call, const Json& input) const {
    std::string username(input.str("username")), kind(input.str("responseType", "json"));
    auto user = parts_.users.login(username, input.str("password"), call.request.peer);
    if (!user) return norman_error(user.error());
    std::string id(user->str({"metadata", "name"}));
    const bool kubeconfig = kind.starts_with(kKubeconfig);
    TokenRequest wanted{.user = id,
                        .description = std::string(input.str("description")),
                        .kind = kubeconfig ? "kubeconfig" : "session"};
    wanted.derived = false;
    wanted.ttl_ms = parts_.tokens.ttl_ms(
        kubeconfig ? Tokens::Life::kubeconfig : Tokens::Life::session, input.integer({"ttl"}));
    if (kind.starts_with("kubeconfig_")) wanted.cluster = kind.substr(kKubeconfig.size() + 1);
    wanted.principal = local_principal(*user);
    wanted.principal.set("me", true);
    auto token = parts_.tokens.create(wanted);
    if (!token) return norman_error(token.error());
    Json out = present(call, *token);
    if (kind == "cookie") return with_cookies(call, std::move(out), token->credential());
    out.set("token", token->credential());
    return norman_response(201, out, call.base);
  }

  Json present(const Call& call, const NewToken& token) const {
    const SchemaView* schema = call.norman.schemas().published("/v3", "token");
    Request as_user = call.request;
    as_user.user.name = token.object.str("userId");
    as_user.user.token_name = token.name;
    return call.norman.present(Call{call.norman, as_user, *schema, call.base, {}}, token.object);
  }

  Answer with_cookies(const Call& call, Json object, const std::string& credential) const {
    std::array<std::byte, 16> chance{};
    parts_.env.random_secret(chance);
    std::string csrf =
        base64url_encode({reinterpret_cast<const char*>(chance.data()), chance.size()});
    Response out = norman_response(201, object, call.base);
    out.headers.add("Set-Cookie",
                    "R_SESS=" + credential + "; Path=/; Secure; HttpOnly; SameSite=Lax");
    out.headers.add("Set-Cookie", "CSRF=" + csrf + "; Path=/; Secure; SameSite=Lax");
    return out;
  }

  TypeParts parts_;
};

class AuthProviderType final : public LocalProviderType {
 public:
  using LocalProviderType::LocalProviderType;
  std::optional<Answer> action(const Call&, std::string_view, const Json&,
                               const Json&) const override {
    return std::nullopt;
  }
};

}  // namespace

void register_local_provider(TypeSet& set, const TypeParts& parts) {
  set.add("/v3-public localProvider", std::make_unique<LocalProviderType>(parts));
  set.add("/v3-public authProvider", std::make_unique<AuthProviderType>(parts));
}

}  // namespace engine
