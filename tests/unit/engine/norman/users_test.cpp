// Users, groups, principals and tokens, as clients of the management API meet them.
#include "engine/access/admission/lockout.h"
#include "engine/access/admission/settings.h"
#include "engine/access/live_streams.h"
#include "engine/base/yaml.h"
#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::NormanServer;

namespace {

constexpr auto kLogin = "/v3-public/localProviders/local?action=login";
constexpr std::string_view kLin =
    R"({"username":"lin","name":"Lin Yao","password":"a long enough one"})";

Json named(std::string_view name) {
  return Json::object({{"metadata", Json::object({{"name", name}})}});
}

std::vector<std::string> ids(const Json& collection) {
  std::vector<std::string> out;
  for (const Json& one : collection.find("data")->as_array()) out.emplace_back(one.str("id"));
  return out;
}

std::string login_as(NormanServer& server, std::string_view name, std::string_view more = "") {
  auto reply = server.call("POST", kLogin, {},
                           R"({"username":")" + std::string(name) +
                               R"(","password":"a long enough one")" + std::string(more) + "}");
  return reply.status == 201 ? std::string(reply.body.str("token")) : std::string();
}

// Listeners are told right after the caches, by another thread.
template <class Condition>
bool soon(Condition condition) {
  for (int i = 0; i < 400 && !condition(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return condition();
}

struct Ended final : StreamSink {
  std::atomic<bool> aborted = false;
  bool send(std::shared_ptr<const std::string>) override { return true; }
  size_t queued_bytes() const override { return 0; }
  void pause_reading() override {}
  void resume_reading() override {}
  void finish() override {}
  void release() override {}
  void abort() override { aborted = true; }
};
struct Quiet final : StreamHandler {
  std::shared_ptr<StreamSink> sink;
  void on_open(std::shared_ptr<StreamSink> opened) override { sink = std::move(opened); }
  void on_closed() override { sink.reset(); }
};

}  // namespace

SCENARIO("principals are users and groups: listed are one's own, others are found by searching") {
  NormanServer server;
  std::string admin = server.login();
  std::string lin(server.call("POST", "/v3/users", admin, std::string(kLin)).body.str("id"));
  Json group = named("g-ops");
  group.set("displayName", "Operations");
  server.put("groups", "", std::move(group));
  Json member = named("gm-1");
  member.set("groupName", "g-ops");
  member.set("principalId", "local://" + lin);
  server.put("groupmembers", "", std::move(member));
  std::string token = login_as(server, "lin");

  auto own = server.call("GET", "/v3/principals", token);
  REQUIRE(own.status == 200);
  CHECK(ids(own.body) == std::vector<std::string>{"local://g-ops", "local://" + lin});
  CHECK(own.body.find("data")->as_array()[0].truth({"memberOf"}));
  CHECK(own.body.find("data")->as_array()[1].truth({"me"}));
  CHECK(own.body.find("data")->as_array()[1].str("loginName") == "lin");
  CHECK(own.body.str({"actions", "search"}) == "https://paddock.test/v3/principals?action=search");

  auto found = server.call("POST", "/v3/principals?action=search", token, R"({"name":"OPER"})");
  REQUIRE(found.status == 200);
  CHECK(ids(found.body) == std::vector<std::string>{"local://g-ops"});
  found = server.call("POST", "/v3/principals?action=search", token,
                      R"({"name":"admin","principalType":"user"})");
  CHECK(ids(found.body) == std::vector<std::string>{"local://" + server.admin_id});
  CHECK(server
            .call("POST", "/v3/principals?action=search", token,
                  R"({"name":"o","principalType":"neither"})")
            .body.str("code") == "InvalidOption");
  CHECK(server.call("POST", "/v3/principals?action=search", token, "{}").body.str("code") ==
        "MissingRequired");

  auto one = server.call("GET", "/v3/principals/local://" + lin, token);
  CHECK(one.status == 200);
  CHECK(one.body.str("name") == "Lin Yao");
  CHECK(one.body.str({"links", "self"}) == "https://paddock.test/v3/principals/local:%2F%2F" + lin);
  CHECK(server.call("GET", "/v3/principals/local://u-none", token).status == 404);
  CHECK(server.call("GET", "/v3/principals").status == 401);

  WHEN("the member leaves the group") {
    auto user = MUST(server.tokens.authenticate(token));
    CHECK(std::count(user.groups.begin(), user.groups.end(), "local://g-ops") == 1);
    auto kind = server.kinds->snapshot()->stored("management.cattle.io", "groupmembers");
    REQUIRE(server.registry.remove(*kind, "", "gm-1", {.user = {}}));
    REQUIRE(server.dispatcher.fresh(server.env.now() + std::chrono::seconds(5)));
    CHECK(soon([&] { return server.tokens.group_principals(lin).empty(); }));
  }
}

SCENARIO("how long a password must be is a setting; what it guards is refused alike") {
  NormanServer server;
  std::string admin = server.login();
  constexpr auto kShort = R"({"username":"kim","name":"Kim","password":"eight888"})";
  auto refused = server.call("POST", "/v3/users", admin, kShort);
  CHECK(refused.status == 422);
  CHECK(refused.body.str("message") == "Password must be at least 12 characters");
  server.setting("password-min-length", "8");
  auto made = server.call("POST", "/v3/users", admin, kShort);
  REQUIRE(made.status == 201);
  std::string kim(made.body.str("id"));
  CHECK(server
            .call("POST", "/v3/users/" + kim + "?action=setpassword", admin,
                  R"({"newPassword":"seven77"})")
            .status == 422);
  // Characters, not bytes.
  CHECK(server
            .call("POST", "/v3/users/" + kim + "?action=setpassword", admin,
                  R"({"newPassword":"öööö"})")
            .status == 422);
  CHECK(made.body.str({"actions", "refreshauthprovideraccess"})
            .ends_with("?action=refreshauthprovideraccess"));
  CHECK(server.call("POST", "/v3/users?action=refreshauthprovideraccess", admin).status == 200);
  CHECK(server.call("PUT", "/v3/users/" + kim, admin, R"({"username":"other"})").status == 422);
  // A principal is one user's.
  auto principals = [&](const std::string& more) {
    return server.call("PUT", "/v3/users/" + kim, admin,
                       R"({"principalIds":["local://)" + kim + R"(",")" + more + R"("]})");
  };
  CHECK(principals("github_user://7").status == 200);
  auto taken = principals("local://" + server.admin_id);
  CHECK(taken.status == 422);
  CHECK(taken.body.str("fieldName") == "principalIds");
}

SCENARIO("a deactivated user is out at once, and in again when activated") {
  NormanServer server;
  LiveStreams streams(server.dispatcher, *server.kinds);
  REQUIRE(streams.start());
  std::string admin = server.login();
  std::string lin(server.call("POST", "/v3/users", admin, std::string(kLin)).body.str("id"));
  std::string token = login_as(server, "lin");
  REQUIRE_FALSE(token.empty());
  auto open = [&](std::string_view credential) {
    auto sink = std::make_shared<Ended>();
    Stream stream = streams.guard(MUST(server.tokens.authenticate(credential)),
                                  Stream{.head = {}, .handler = std::make_unique<Quiet>()});
    stream.handler->on_open(sink);
    return std::pair(std::move(stream), sink);
  };
  auto [of_lin, sink] = open(token);
  auto [of_admin, untouched] = open(admin);
  CHECK(streams.open() == 2);

  CHECK(server.call("PUT", "/v3/users/" + lin, admin, R"({"enabled":false})").status == 200);
  REQUIRE(server.dispatcher.fresh(server.env.now() + std::chrono::seconds(5)));
  CHECK(soon([&] { return sink->aborted.load(); }));
  CHECK_FALSE(untouched->aborted);
  CHECK(server.call("GET", "/v3/users?me=true", token).status == 401);
  CHECK(login_as(server, "lin").empty());
  CHECK(server.call("PUT", "/v3/users/" + lin, admin, R"({"enabled":true})").status == 200);
  CHECK(server.call("GET", "/v3/users?me=true", token).status == 200);

  auto [again, second] = open(token);
  const std::string name = token.substr(0, token.find(':'));
  WHEN("the token is withdrawn") {
    CHECK(server.call("DELETE", "/v3/tokens/" + name, admin).status == 204);
  }
  WHEN("the token is disabled") {
    CHECK(server.call("PUT", "/v3/tokens/" + name, token, R"({"enabled":false})").status == 200);
  }
  WHEN("its user is removed") {
    CHECK(server.call("DELETE", "/v3/users/" + lin, admin).status == 204);
  }
  REQUIRE(server.dispatcher.fresh(server.env.now() + std::chrono::seconds(5)));
  CHECK(soon([&] { return second->aborted.load(); }));
  CHECK_FALSE(untouched->aborted);
  of_lin.handler->on_closed();
  of_lin.handler.reset();
  CHECK(streams.open() == 2);
}

SCENARIO("nobody locks themselves out, and the last administrator stays") {
  NormanServer server;
  std::string token = server.login();
  std::vector<std::unique_ptr<Admission>> rules;
  rules.push_back(make_lockout_admission(server.authorizer, server.dispatcher, *server.kinds));
  Registry guarded(server.env, server.store, *server.kinds, server.strategies, std::move(rules));
  std::string lin(server.call("POST", "/v3/users", token, std::string(kLin)).body.str("id"));
  REQUIRE(server.dispatcher.fresh(server.env.now() + std::chrono::seconds(5)));
  auto kind = server.kinds->snapshot()->stored("management.cattle.io", "users");
  auto as = [](std::string name, std::vector<std::string> groups = {}) {
    User out;
    out.name = std::move(name);
    out.groups = std::move(groups);
    return out;
  };
  auto disable = [&](std::string_view who, const User& by) {
    return guarded.modify(*kind, "", who, {.user = by}, [](Json& user) -> Result<bool> {
      user.set("enabled", false);
      return true;
    });
  };
  CHECK(guarded.remove(*kind, "", server.admin_id, {.user = as(server.admin_id)}).error().code() ==
        403);
  CHECK(disable(server.admin_id, as(server.admin_id)).error().code() == 403);
  auto last = guarded.remove(*kind, "", server.admin_id, {.user = as(lin)});
  REQUIRE_FALSE(last.ok());
  CHECK(last.error().message().find("the last administrator") != std::string::npos);
  CHECK(disable(lin, as(server.admin_id)).ok());
  auto renamed = guarded.modify(*kind, "", lin, {.user = as("x", {"system:masters"})},
                                [](Json& user) -> Result<bool> {
                                  user.set("username", "other");
                                  return true;
                                });
  CHECK(renamed.error().code() == 422);
  // Whoever needs no user to get in may do all the rest.
  CHECK(guarded.remove(*kind, "", server.admin_id, {.user = as("root", {"system:masters"})}).ok());
}

SCENARIO("tokens end when the settings say so, and belong to one cluster when they say so") {
  NormanServer server;
  server.setting("auth-token-max-ttl-minutes", "60");
  server.setting("auth-user-session-ttl-minutes", "10");
  server.setting("kubeconfig-token-ttl-minutes", "30");
  std::string session = server.login();
  constexpr int64_t kMinute = 60'000;
  auto ttl_of = [&](const std::string& credential) {
    return server.call("GET", "/v3/tokens/" + credential.substr(0, credential.find(':')), session)
        .body.integer({"ttl"});
  };
  CHECK(ttl_of(session) == 10 * kMinute);
  auto made = [&](std::string body) { return server.call("POST", "/v3/tokens", session, body); };
  CHECK(made("{}").body.integer({"ttl"}) == 60 * kMinute);
  CHECK(made(R"({"ttl":1000})").body.integer({"ttl"}) == 1000);
  CHECK(made(R"({"ttl":99999999999})").body.integer({"ttl"}) == 60 * kMinute);
  CHECK(made(R"({"ttl":-1})").body.str("code") == "MinLimitExceeded");
  CHECK(made(R"({"clusterId":"c-none"})").body.str("fieldName") == "clusterId");

  std::string cluster(
      server.call("POST", "/v3/clusters", session, R"({"name":"prod"})").body.str("id"));
  auto scoped = made(R"({"clusterId":")" + cluster + R"("})");
  REQUIRE(scoped.status == 201);
  auto user = MUST(server.tokens.authenticate(scoped.body.str("token")));
  CHECK(user.token_cluster == cluster);
  CHECK(in_scope(user, cluster));
  CHECK(in_scope(user, "").error().code() == 401);
  CHECK(in_scope(user, "c-other").error().code() == 401);

  server.call("POST", "/v3/users", session, std::string(kLin));
  std::string plugin = login_as(server, "lin", R"(,"responseType":"kubeconfig_c-x")");
  CHECK(MUST(server.tokens.authenticate(plugin)).token_cluster == "c-x");
  CHECK(ttl_of(plugin) == 30 * kMinute);
}

SCENARIO("a list of tokens is one's own; who may read all asks for another's") {
  NormanServer server;
  std::string admin = server.login();
  std::string lin(server.call("POST", "/v3/users", admin, std::string(kLin)).body.str("id"));
  std::string token = login_as(server, "lin");
  std::string name = token.substr(0, token.find(':'));
  auto own = ids(server.call("GET", "/v3/tokens", admin).body);
  CHECK(std::count(own.begin(), own.end(), name) == 0);
  CHECK(ids(server.call("GET", "/v3/tokens?userId=" + lin, admin).body) ==
        std::vector<std::string>{name});
  CHECK(ids(server.call("GET", "/v3/tokens?userId=" + server.admin_id, token).body).empty());
  // When it was last used is written down once, behind the requests.
  auto used = [&] {
    return std::string(server.call("GET", "/v3/tokens/" + name, admin)
                           .body.str({"annotations", "authn.management.cattle.io/last-used"}));
  };
  for (int i = 0; i < 500 && used().empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK_FALSE(used().empty());
  std::string other = login_as(server, "lin");
  CHECK(server.call("POST", "/v3/tokens?action=logoutall", other, "{}").status == 200);
  CHECK(server.call("GET", "/v3/users?me=true", token).status == 401);
  CHECK(server.call("GET", "/v3/users?me=true", other).status == 401);
}

SCENARIO("settings take only what the server can act by, and say who set them") {
  NormanServer server;
  std::vector<std::unique_ptr<Admission>> rules;
  rules.push_back(make_settings_admission(server.env));
  Registry guarded(server.env, server.store, *server.kinds, server.strategies, std::move(rules));
  std::string admin = server.login();
  server.setting("auth-token-max-ttl-minutes", "0");
  server.setting("ui-pl", "rancher");
  auto put = [&](std::string_view name, std::string_view value) {
    return server.call("PUT", "/v3/settings/" + std::string(name), admin,
                       dump(Json::object({{"value", value}})));
  };
  CHECK(put("auth-token-max-ttl-minutes", "60").body.str("source") == "db");
  for (std::string_view bad : {"-1", "soon", "1.5"}) {
    auto refused = put("auth-token-max-ttl-minutes", bad);
    CHECK(refused.status == 422);
    CHECK(refused.body.str("code") == "InvalidFormat");
    CHECK(refused.body.str("fieldName") == "value");
  }
  CHECK(put("auth-token-max-ttl-minutes", "").body.truth({"customized"}) == false);
  CHECK(put("ui-pl", "anything at all").status == 200);
  for (auto [name, value, good] :
       {std::tuple{"server-url", "https://paddock.test", true},
        std::tuple{"server-url", "ftp://paddock.test", false},
        std::tuple{"eks-refresh-cron", "*/5 * * * *", true},
        std::tuple{"eks-refresh-cron", "now and then", false},
        std::tuple{"kubeconfig-generate-token", "perhaps", false},
        std::tuple{"tls-min-version", "1.3", true}, std::tuple{"tls-min-version", "1", false},
        std::tuple{"ui-banners", "{", false}})
    CHECK(check_setting(name, value).ok() == good);

  auto kind = server.kinds->snapshot()->stored("management.cattle.io", "settings");
  auto change = [&](std::string value) {
    User lin;
    lin.name = "u-lin";
    return guarded.modify(*kind, "", "auth-token-max-ttl-minutes", {.user = lin},
                          [&](Json& setting) -> Result<bool> {
                            setting.set("value", value);
                            return true;
                          });
  };
  auto changed = MUST(change("5")).object.json();
  CHECK(changed.str({"metadata", "annotations", kChangedBy}) == "u-lin");
  CHECK_FALSE(changed.str({"metadata", "annotations", kChangedAt}).empty());
  CHECK(change("five").error().code() == 422);

  Json forced = named("telemetry-opt");
  forced.set("value", "out");
  forced.set("source", "env");
  server.put("settings", "", std::move(forced));
  auto refused = put("telemetry-opt", "in");
  CHECK(refused.status == 405);
  CHECK(refused.body.str("code") == "MethodNotAllow");
  auto shown = server.call("GET", "/v3/settings/telemetry-opt", admin);
  CHECK(shown.body.str("source") == "env");
  CHECK_FALSE(shown.body.at({"links", "update"}));
}

SCENARIO("a feature shows its default until somebody sets it, and a locked one stays") {
  NormanServer server;
  std::string admin = server.login();
  Json fleet = named("fleet");
  fleet.set("spec", Json::object({{"value", Json()}}));
  fleet.set("status", Json::object({{"default", true}, {"dynamic", false}}));
  server.put("features", "", fleet);
  CHECK(server.call("GET", "/v3/features/fleet", admin).body.truth({"value"}));
  auto off = server.call("PUT", "/v3/features/fleet", admin, R"({"value":false})");
  CHECK(off.status == 200);
  CHECK_FALSE(off.body.truth({"value"}, true));
  Json locked = named("locked");
  locked.set("spec", Json::object({{"value", Json()}}));
  locked.set("status", Json::object({{"default", false}, {"lockedValue", true}}));
  server.put("features", "", locked);
  CHECK(server.call("GET", "/v3/features/locked", admin).body.truth({"value"}));
  CHECK(server.call("PUT", "/v3/features/locked", admin, R"({"value":false})").status == 422);
}

SCENARIO("a kubeconfig holds a token, or the name of the program that gets one") {
  NormanServer server;
  std::string admin = server.login();
  auto cluster = server.call("POST", "/v3/clusters", admin, R"({"name":"prod"})").body;
  const std::string action =
      "/v3/clusters/" + std::string(cluster.str("id")) + "?action=generateKubeconfig";
  auto text = [&] { return std::string(server.call("POST", action, admin).body.str("config")); };
  CHECK(text().find("token: kubeconfig-") != std::string::npos);
  server.setting("kubeconfig-generate-token", "false");
  auto config = MUST(parse_yaml(text()));
  const Json& user = config.find("users")->as_array()[0];
  CHECK(user.str({"user", "exec", "command"}) == "paddock");
  CHECK(user.at({"user", "exec", "args"})->as_array()[0] == Json("token"));
  CHECK_FALSE(user.at({"user", "token"}));
}
