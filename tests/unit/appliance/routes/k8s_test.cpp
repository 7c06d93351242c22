#include <catch2/catch_all.hpp>
#include <mutex>
#include <thread>

#include "appliance/routes/k8s.h"
#include "tests/support/api_world.h"
#include "tests/support/settled.h"

using namespace engine;
using tests::Asked;

namespace {

// Says who asks by a header, so that a test can be anybody.
class HeaderAuthenticator final : public Authenticator {
 public:
  Result<std::optional<User>> authenticate(const Request& request) override {
    auto name = request.headers.get("X-Test-User");
    if (name.empty()) return std::optional<User>();
    User out;
    out.name = name;
    out.groups = {request.headers.has("X-Test-Master") ? "system:masters" : "people"};
    return std::optional<User>(std::move(out));
  }
};

struct World {
  World() { chain.add(std::make_unique<HeaderAuthenticator>()); }
  Response call(Asked asked) {
    auto request = api.request(asked);
    request.user = {};
    request.id = "r-1";
    return std::get<Response>(tests::settled(route.handle(request)));
  }
  Response as(const std::string& user, std::string target,
              std::vector<std::pair<std::string, std::string>> more = {}) {
    more.emplace_back("X-Test-User", user);
    return call({.target = std::move(target), .headers = std::move(more)});
  }
  Response as_admin(Asked asked) {
    asked.headers.emplace_back("X-Test-User", "admin");
    asked.headers.emplace_back("X-Test-Master", "1");
    return call(std::move(asked));
  }

  tests::ApiWorld api;
  AuthenticatorChain chain;
  appliance::Health health;
  appliance::Metrics metrics;
  std::mutex audit_mutex;
  std::vector<std::string> audited;
  appliance::K8sRoute route{
      {api.env, *api.api, *api.kinds, chain, *api.authorizer, api.issuer.get(), health, metrics,
       [this](const appliance::AuditLine& line) {
         std::lock_guard lock(audit_mutex);
         audited.push_back(std::string(line.user) + "|" + std::string(line.impersonator) + "|" +
                           line.info.verb + "|" + std::to_string(line.code));
       }}};
};

}  // namespace

TEST_CASE("each request passes the filters in order", "[routes][k8s]") {
  World w;
  CHECK(w.call({.target = "/api/v1/namespaces"}).status == 403);
  CHECK(
      w.call({.target = "/api/v1/namespaces", .headers = {{"Authorization", "Bearer x"}}}).status ==
      401);
  auto listed = w.as_admin({.target = "/api/v1/namespaces"});
  CHECK(listed.status == 200);
  CHECK(listed.headers.get("Audit-Id") == "r-1");
  auto version = w.as_admin({.target = "/version"});
  CHECK_THAT(std::string(parse_json(version.body)->str("gitVersion")),
             Catch::Matchers::StartsWith("v1."));
  CHECK(w.as_admin({.target = "/api"}).status == 200);
  CHECK(w.as_admin({.target = "/nothing"}).status == 404);
  CHECK(w.audited.front() == "system:anonymous||list|403");
  CHECK(w.audited.back() == "admin||get|404");
  auto metrics = w.as_admin({.target = "/metrics"}).body;
  CHECK_THAT(metrics, Catch::Matchers::ContainsSubstring(
                          "apiserver_request_total{code=\"200\",group=\"\",resource=\"namespaces\","
                          "scope=\"cluster\",subresource=\"\",verb=\"LIST\",version=\"v1\"} 1"));
}

TEST_CASE("who may, acts as another", "[routes][k8s][impersonate]") {
  World w;
  auto rbac = [&](const std::string& plural, const std::string& body) {
    auto made = w.as_admin({"POST", "/apis/rbac.authorization.k8s.io/v1/" + plural, body, {}});
    CAPTURE(made.body);
    REQUIRE(made.status == 201);
  };
  rbac("clusterroles", R"({"metadata":{"name":"as-carol"},"rules":[{"verbs":["impersonate"],
       "apiGroups":[""],"resources":["users"],"resourceNames":["carol"]}]})");
  rbac("clusterroles", R"({"metadata":{"name":"reader"},"rules":[{"verbs":["list"],
       "apiGroups":[""],"resources":["namespaces"]}]})");
  auto bind = [&](const std::string& name, const std::string& user) {
    rbac("clusterrolebindings",
         R"({"metadata":{"name":")" + name +
             R"("},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",)"
             R"("kind":"ClusterRole","name":")" +
             name +
             R"("},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":")" +
             user + "\"}]}");
  };
  bind("as-carol", "bob");
  bind("reader", "carol");
  CHECK(w.as("bob", "/api/v1/namespaces").status == 403);
  CHECK(w.as("bob", "/api/v1/namespaces", {{"Impersonate-User", "carol"}}).status == 200);
  CHECK(w.audited.back() == "carol|bob|list|200");
  auto refused = w.as("bob", "/api/v1/namespaces", {{"impersonate-user", "dave"}});
  CHECK(refused.status == 403);
  CHECK(parse_json(refused.body)->str("message") ==
        "users \"dave\" is forbidden: User \"bob\" cannot impersonate resource \"users\" in API "
        "group \"\" at the cluster scope");
  CHECK(w.as("bob", "/api/v1/namespaces",
             {{"Impersonate-User", "carol"}, {"Impersonate-Group", "system:masters"}})
            .status == 403);
  CHECK(w.as("bob", "/api/v1/namespaces", {{"Impersonate-Group", "people"}}).status == 500);
}

TEST_CASE("probes answer without a user and name what fails", "[routes][health]") {
  World w;
  bool broken = false;
  using Kind = appliance::Health::Kind;
  w.health.add("ping", Kind::live, [] { return std::nullopt; });
  w.health.add("store", Kind::ready, [&]() -> std::optional<std::string> {
    return broken ? std::optional<std::string>("secret reason") : std::nullopt;
  });
  CHECK(w.call({.target = "/readyz"}).body == "ok");
  CHECK(w.call({.target = "/readyz?verbose"}).body ==
        "[+]ping ok\n[+]store ok\nreadyz check passed\n");
  broken = true;
  auto failed = w.call({.target = "/readyz"});
  CHECK(failed.status == 500);
  CHECK(failed.body == "[+]ping ok\n[-]store failed: reason withheld\nreadyz check failed\n");
  CHECK(w.call({.target = "/livez"}).status == 200);
  CHECK(w.call({.target = "/readyz?exclude=store"}).status == 200);
  CHECK(w.call({.target = "/readyz/store"}).status == 500);
  CHECK(w.call({.target = "/readyz/none"}).status == 404);
}

TEST_CASE("a write waits on no thread; one that another came before is done again",
          "[routes][k8s][write]") {
  World w;
  const std::string maps = "/api/v1/namespaces/a/configmaps";
  REQUIRE(w.as_admin({"POST", maps, R"({"metadata":{"name":"m"},"data":{}})", {}}).status == 201);
  REQUIRE(w.as_admin({.target = maps}).status == 200);  // from now on the object is also known
  constexpr int kWriters = 6, kWrites = 40;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> writers;
  for (int t = 0; t < kWriters; ++t)
    writers.emplace_back([&, t] {
      for (int i = 0; i < kWrites; ++i) {
        std::string key = "k" + std::to_string(t) + "-" + std::to_string(i);
        auto answer = w.as_admin({"PATCH",
                                  maps + "/m",
                                  R"({"data":{")" + key + R"(":"v"}})",
                                  {{"Content-Type", "application/merge-patch+json"}}});
        if (answer.status != 200 || answer.body.find('"' + key + '"') == std::string::npos) ++wrong;
      }
    });
  for (auto& writer : writers) writer.join();
  CHECK(wrong == 0);
  auto now = MUST(parse_json(w.as_admin({.target = maps + "/m"}).body));
  CHECK(now.find("data")->size() == kWriters * kWrites);

  auto again = w.as_admin({"POST", maps, R"({"metadata":{"name":"m"}})", {}});
  CHECK(again.status == 409);
  auto stale = w.as_admin(
      {"PUT", maps + "/m", R"({"metadata":{"name":"m","resourceVersion":"1"},"data":{}})", {}});
  CHECK(stale.status == 409);
  CHECK(w.as_admin({"PUT", maps + "/none", R"({"metadata":{"name":"none"}})", {}}).status == 404);
  CHECK(w.audited.back() == "admin||update|404");
  // Who may change objects but not make them makes none by applying one.
  REQUIRE(w.as_admin({"POST",
                      "/apis/rbac.authorization.k8s.io/v1/clusterroles",
                      R"({"metadata":{"name":"r"},"rules":[{"apiGroups":[""],)"
                      R"("resources":["configmaps"],"verbs":["update","patch"]}]})",
                      {}})
              .status == 201);
  REQUIRE(w.as_admin({"POST",
                      "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                      R"({"metadata":{"name":"b"},"roleRef":{"kind":"ClusterRole","name":"r",)"
                      R"("apiGroup":"rbac.authorization.k8s.io"},"subjects":[{"kind":"User",)"
                      R"("name":"ann","apiGroup":"rbac.authorization.k8s.io"}]})",
                      {}})
              .status == 201);
  Asked apply{
      "PATCH",
      maps + "/new?fieldManager=t",
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new"},"data":{"k":"v"}})",
      {{"Content-Type", "application/apply-patch+yaml"}, {"X-Test-User", "ann"}}};
  CHECK(w.call(apply).status == 403);
  CHECK(w.as_admin({.target = maps + "/new"}).status == 404);
  Asked as_admin = apply;
  as_admin.headers.pop_back();
  CHECK(w.as_admin(as_admin).status == 201);
  CHECK(w.call(apply).status == 200);
}

TEST_CASE("large answers are compressed for those who take it", "[routes][gzip]") {
  World w;
  for (int i = 0; i < 200; ++i)
    w.as_admin({"POST",
                "/api/v1/namespaces/a/configmaps",
                R"({"metadata":{"name":"m)" + std::to_string(i) + R"("},"data":{"k":")" +
                    std::string(1000, 'x') + "\"}}",
                {}});
  auto plain = w.as_admin({.target = "/api/v1/configmaps"});
  CHECK(plain.body.size() > 200'000);
  auto small =
      w.as_admin({.target = "/api/v1/configmaps", .headers = {{"Accept-Encoding", "gzip"}}});
  CHECK(small.headers.get("Content-Encoding") == "gzip");
  CHECK(small.body.size() < 50'000);
  CHECK_FALSE(w.as_admin({.target = "/api/v1/namespaces", .headers = {{"Accept-Encoding", "gzip"}}})
                  .headers.has("Content-Encoding"));
}
