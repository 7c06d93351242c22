// What clients of the management API rely on, request by request.
#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::NormanServer;

namespace {
constexpr auto kLogin = "/v3-public/localProviders/local?action=login";
}

SCENARIO("login gives a token that works, once shown; a wrong one or none is refused alike") {
  NormanServer server;
  auto wrong = server.call("POST", "/v3-public/localproviders/local?action=LOGIN", {},
                           R"({"username":"admin","password":"no"})");
  auto nobody = server.call("POST", kLogin, {}, R"({"username":"nobody","password":"no"})");
  CHECK(wrong.status == 401);
  CHECK(wrong.body == nobody.body);
  std::string token = server.login();
  CHECK(token.starts_with("token-"));
  auto me = server.call("GET", "/v3/users?me=true", token);
  REQUIRE(me.status == 200);
  REQUIRE(me.body.find("data")->size() == 1);
  const Json& user = me.body.find("data")->as_array()[0];
  CHECK(user.str("username") == "admin");
  CHECK_FALSE(user.find("password"));
  CHECK(server.call("GET", "/v3/clusters").status == 401);
  CHECK(server.call("GET", "/v3/clusters", token + "x").status == 401);
  CHECK(server.call("GET", "/v3/clusters", "token-zzzzz:nosecret").status == 401);
  auto kind = server.kinds->snapshot()->stored("management.cattle.io", "tokens");
  auto stored = MUST(server.registry.get(*kind, "", token.substr(0, token.find(':'))));
  CHECK(stored.bytes->find(token.substr(token.find(':') + 1)) == std::string::npos);
}

SCENARIO("a cookie session needs the CSRF header to change anything, and logging out ends it") {
  NormanServer server;
  auto reply = server.call(
      "POST", kLogin, {},
      R"({"username":"admin","password":"correct horse battery","responseType":"cookie"})");
  REQUIRE(reply.status == 201);
  CHECK_FALSE(reply.body.find("token"));
  std::string session, csrf;
  for (std::string_view header : reply.headers.all("Set-Cookie")) {
    std::string value(header.substr(0, header.find(';')));
    (value.starts_with("R_SESS=") ? session : csrf) = value;
    if (value.starts_with("R_SESS=")) CHECK(header.find("HttpOnly") != std::string_view::npos);
  }
  Headers cookies;
  cookies.add("Cookie", session + "; " + csrf);
  CHECK(server.call("GET", "/v3/users?me=true", {}, {}, cookies).status == 200);
  CHECK(server.call("POST", "/v3/tokens?action=logout", {}, "{}", cookies).status == 403);
  cookies.add("X-API-CSRF", csrf.substr(csrf.find('=') + 1));
  CHECK(server.call("POST", "/v3/tokens?action=logout", {}, "{}", cookies).status == 200);
  CHECK(server.call("GET", "/v3/users?me=true", {}, {}, cookies).status == 401);
}

SCENARIO("failed logins of one name are slowed down") {
  NormanServer server;
  int last = 0;
  for (int i = 0; i < 8 && last != 429; ++i) {
    auto reply = server.call("POST", kLogin, {}, R"({"username":"admin","password":"no"})");
    last = reply.status;
    if (last == 429) CHECK_FALSE(reply.headers.get("Retry-After").empty());
  }
  CHECK(last == 429);
}

SCENARIO("a cluster is made, read, changed and listed; its kubeconfig leads through this server") {
  NormanServer server;
  std::string token = server.login();
  CHECK(server.call("POST", "/v3/clusters", token, "{}").body.str("fieldName") == "Cluster name");
  CHECK(server.call("POST", "/v3/clusters", token, "not json").body.str("code") ==
        "InvalidBodyContent");
  auto made = server.call("POST", "/v3/clusters", token, R"({"name":"prod","type":"cluster"})");
  REQUIRE(made.status == 201);
  std::string id(made.body.str("id"));
  CHECK(id.starts_with("c-"));
  CHECK(made.body.str("name") == "prod");
  CHECK(made.body.str({"links", "self"}) == "https://paddock.test/v3/clusters/" + id);
  CHECK(made.body.str("creatorId") == server.admin_id);
  CHECK(server.call("POST", "/v3/clusters", token, R"({"name":"prod"})").status == 409);
  auto changed = server.call("PUT", "/v3/clusters/" + id, token, R"({"description":"d"})");
  CHECK(changed.status == 200);
  CHECK(changed.body.str("description") == "d");
  CHECK(changed.body.str("name") == "prod");
  CHECK(server.call("GET", "/v3/clusters?name=prod", token).body.find("data")->size() == 1);
  CHECK(server.call("GET", "/v3/clusters?name=other", token).body.find("data")->size() == 0);
  auto config = server.call("POST", "/v3/clusters/" + id + "?action=generateKubeconfig", token);
  REQUIRE(config.status == 200);
  CHECK(config.body.str("config").find("https://paddock.test/k8s/clusters/" + id) !=
        std::string_view::npos);
  CHECK(server.call("POST", "/v3/clusters/" + id + "?action=nosuch", token).body.str("message") ==
        "Invalid action: nosuch");
  CHECK(server.call("POST", "/v3/clusters/" + id + "?action=rotateCertificates", token, "{}")
            .status == 404);
  const std::string of_cluster = R"("clusterId":")" + id + R"("})";
  auto project = server.call("POST", "/v3/projects", token, R"({"name":"p",)" + of_cluster);
  REQUIRE(project.status == 201);
  CHECK(project.body.str("id").starts_with(id + ":p-"));
  CHECK(server.call("POST", "/v3/projects", token, R"({"name":"p","clusterId":"c-none"})")
            .body.str("code") == "InvalidReference");
  auto joined = server.call("POST", "/v3/clusterregistrationtokens", token, "{" + of_cluster);
  REQUIRE(joined.status == 201);
  CHECK(joined.body.str("command").starts_with("kubectl apply -f https://paddock.test/v3/import/"));
  CHECK(server.call("DELETE", "/v3/clusters/" + id, token).status == 204);
  CHECK(server.call("GET", "/v3/clusters/" + id, token).status == 404);
}

SCENARIO("two creates of one user name in one moment make one user") {
  NormanServer server;
  std::string admin = server.login();
  constexpr int kTries = 8;
  std::atomic<int> made = 0, taken = 0, wanted = 2 * kTries;
  auto done = server.env.make_gate();
  auto create = [&](int i, int side) {
    // Both look first and find nobody; the write decides.
    auto user = server.users.create({.username = "twin-" + std::to_string(i),
                                     .display_name = std::to_string(side),
                                     .hash = "$argon2id$not-one"});
    if (user) ++made;
    if (!user && user.error().is("NotUnique")) ++taken;
    if (--wanted == 0) done->open();
  };
  uint64_t seen = done->seen();
  for (int i = 0; i < kTries; i++)
    for (int side = 0; side < 2; side++) server.env.post([&, i, side] { create(i, side); });
  REQUIRE(done->wait(seen, server.env.now() + std::chrono::seconds(20)));
  CHECK(made == kTries);
  CHECK(taken == kTries);
  // What the registry says, in the words of this API.
  auto twin = server.call("POST", "/v3/users", admin,
                          R"({"username":"twin-0","name":"x","password":"a long enough one"})");
  CHECK(twin.status == 422);
  CHECK(twin.body.str("code") == "NotUnique");
}

SCENARIO("users see themselves and their own tokens, and nothing else") {
  NormanServer server;
  std::string admin = server.login();
  const std::string lin_body = R"({"username":"lin","name":"Lin","password":"a long enough one"})";
  auto made = server.call("POST", "/v3/users", admin, lin_body);
  REQUIRE(made.status == 201);
  const std::string lin_path = "/v3/users/" + std::string(made.body.str("id"));
  CHECK_FALSE(made.body.find("password"));
  CHECK(server.call("POST", "/v3/users", admin, R"({"username":"x"})").body.str("message") ==
        "password not a string");
  CHECK(server.call("POST", "/v3/users", admin, lin_body).body.str("code") == "NotUnique");
  CHECK(server.call("POST", "/v3/users", admin, R"({"username":"y","password":"short"})").status ==
        422);
  auto in = server.call("POST", kLogin, {}, R"({"username":"lin","password":"a long enough one"})");
  REQUIRE(in.status == 201);
  std::string lin(in.body.str("token"));
  CHECK(server.call("GET", "/v3/users", lin).body.find("data")->size() == 1);
  CHECK(server.call("GET", "/v3/users/" + server.admin_id, lin).status == 403);
  CHECK(server.call("GET", "/v3/clusters", lin).body.find("data")->size() == 0);
  CHECK(server.call("POST", "/v3/clusters", lin, R"({"name":"mine"})").status == 403);
  CHECK(server.call("POST", "/v3/users", lin, R"({"username":"z","password":"a long enough one"})")
            .status == 403);
  CHECK(server.call("DELETE", lin_path, lin).status == 403);
  CHECK(server.call("PUT", lin_path, lin, R"({"enabled":true,"name":"boss"})").status == 403);
  auto key =
      server.call("POST", "/v3/tokens", lin,
                  R"({"description":"ci","ttl":60000,"userId":")" + server.admin_id + R"("})");
  REQUIRE(key.status == 201);
  CHECK(key.body.str("userId") == made.body.str("id"));
  std::string secret(key.body.str("token"));
  CHECK(server.call("GET", "/v3/users?me=true", secret).status == 200);
  auto listed = server.call("GET", "/v3/tokens", lin);
  CHECK(listed.body.find("data")->size() == 2);
  CHECK_FALSE(listed.body.find("data")->as_array()[0].find("token"));
  CHECK(server.call("DELETE", "/v3/tokens/" + secret.substr(0, secret.find(':')), lin).status ==
        204);
  CHECK(server.call("GET", "/v3/users?me=true", secret).status == 401);
  CHECK(server.call("PUT", lin_path, admin, R"({"enabled":false})").status == 200);
  CHECK(server.call("GET", "/v3/users?me=true", lin).status == 401);
}

SCENARIO("changing one's password wants the old one and ends the other sessions") {
  NormanServer server;
  std::string first = server.login(), second = server.login();
  auto change = [&](std::string_view current, std::string_view fresh) {
    return server
        .call("POST", "/v3/users?action=changepassword", first,
              dump(Json::object({{"currentPassword", current}, {"newPassword", fresh}})))
        .status;
  };
  CHECK(change("no", "another long one") == 422);
  CHECK(change("correct horse battery", "short") == 422);
  CHECK(change("correct horse battery", "another long one") == 200);
  CHECK(server.call("GET", "/v3/users?me=true", first).status == 200);
  CHECK(server.call("GET", "/v3/users?me=true", second).status == 401);
  CHECK_FALSE(server.login("another long one").empty());
}

SCENARIO("preferences are kept per user") {
  NormanServer server;
  std::string token = server.login();
  auto made = server.call("POST", "/v3/preferences", token, R"({"name":"theme","value":"dark"})");
  REQUIRE(made.status == 201);
  std::string id(made.body.str("id"));
  CHECK(server.call("PUT", "/v3/preferences/" + id, token, R"({"value":"light"})")
            .body.str("value") == "light");
  CHECK(server.call("GET", "/v3/preferences", token).body.find("data")->size() == 1);
}

SCENARIO("methods and paths that are not there are refused as the contract says") {
  NormanServer server;
  std::string token = server.login();
  CHECK(server.call("GET", "/v3/nosuch", token).body.str("message") ==
        "failed to find schema nosuch");
  CHECK(server.call("PATCH", "/v3/clusters/local", token, "{}").body.str("code") ==
        "MethodNotAllow");
  CHECK(server.call("DELETE", "/v3/schemas/setting", token).body.str("message") ==
        "Method DELETE not supported");
  CHECK(server.call("GET", "/v3/schemas", token).body.find("data")->size() == 338);
  CHECK(server.call("GET", "/v3", token).body.str({"links", "clusters"}) ==
        "https://paddock.test/v3/clusters");
  auto providers = server.call("GET", "/v3-public/authProviders");
  CHECK(providers.body.find("data")->as_array()[0].str({"actions", "login"}) ==
        "https://paddock.test/v3-public/localProviders/local?action=login");
}
