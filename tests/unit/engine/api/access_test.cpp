// Rights as the API sees them: roles, bindings, reviews, service account tokens.
#include <catch2/catch_all.hpp>

#include "engine/access/rbac_rules.h"
#include "tests/support/api_world.h"

using namespace engine;
using tests::ApiWorld;
using tests::Asked;

namespace {

const std::string kRbac = "/apis/rbac.authorization.k8s.io/v1";

Response post(ApiWorld& w, const std::string& target, const std::string& body) {
  return w.call({"POST", target, body, {}});
}

void make_role(ApiWorld& w, const std::string& name, const std::string& rules) {
  auto made = post(w, kRbac + "/clusterroles",
                   R"({"metadata":{"name":")" + name + R"("},"rules":)" + rules + "}");
  CAPTURE(made.body);
  REQUIRE(made.status == 201);
}

std::string binding(const std::string& name, const std::string& role, const std::string& subject) {
  return R"({"metadata":{"name":")" + name +
         R"("},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":")" +
         role + R"("},"subjects":[)" + subject + "]}";
}

const std::string kAlice =
    R"({"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"alice"})";

User person(std::string name) {
  User out;
  out.name = std::move(name);
  out.groups = {"system:authenticated"};
  return out;
}

}  // namespace

TEST_CASE("a right counts from the moment it was given, and no longer than it was taken",
          "[access][rbac]") {
  ApiWorld w;
  auto admin = w.user;
  make_role(w, "reader",
            R"([{"verbs":["get","list"],"apiGroups":[""],"resources":["configmaps"]}])");
  for (int round = 0; round < 50; ++round) {
    w.user = admin;
    REQUIRE(post(w, kRbac + "/namespaces/a/rolebindings", binding("b", "reader", kAlice)).status ==
            201);
    w.user = person("alice");
    REQUIRE(w.call({.target = "/api/v1/namespaces/a/configmaps"}).status == 200);
    REQUIRE(w.call({.target = "/api/v1/namespaces/b/configmaps"}).status == 403);
    w.user = admin;
    REQUIRE(w.call({"DELETE", kRbac + "/namespaces/a/rolebindings/b", "", {}}).status == 200);
    w.user = person("alice");
    REQUIRE(w.call({.target = "/api/v1/namespaces/a/configmaps"}).status == 403);
  }
  auto refused = w.json({.target = "/api/v1/namespaces/a/configmaps"});
  CHECK(refused.str("message") ==
        "configmaps is forbidden: User \"alice\" cannot list resource \"configmaps\" in API group "
        "\"\" in the namespace \"a\"");
}

TEST_CASE("rules are matched as upstream matches them", "[access][rbac]") {
  auto rule = [](std::string_view text) { return PolicyRule::parse(*parse_json(text)); };
  auto asked = [](std::string_view verb, std::string_view group, std::string_view resource,
                  std::string_view subresource, std::string_view name) {
    Attributes out;
    out.verb = verb;
    out.group = group;
    out.resource = resource;
    out.subresource = subresource;
    out.name = name;
    return out;
  };
  auto pods = rule(R"({"verbs":["get"],"apiGroups":[""],"resources":["pods","*/scale"]})");
  CHECK(pods.allows(asked("get", "", "pods", "", "x")));
  CHECK_FALSE(pods.allows(asked("get", "", "pods", "log", "x")));
  CHECK(pods.allows(asked("get", "", "others", "scale", "x")));
  CHECK_FALSE(pods.allows(asked("list", "", "pods", "", "")));
  CHECK_FALSE(pods.allows(asked("get", "apps", "pods", "", "x")));
  auto named = rule(R"({"verbs":["*"],"apiGroups":["*"],"resources":["*"],"resourceNames":["n"]})");
  CHECK(named.allows(asked("get", "x", "y", "z", "n")));
  CHECK_FALSE(named.allows(asked("list", "x", "y", "", "")));
  auto urls = rule(R"({"verbs":["get"],"nonResourceURLs":["/healthz","/api/*"]})");
  Attributes path;
  path.verb = "get";
  path.path = "/api/v1";
  CHECK(urls.allows(path));
  path.path = "/healthz/x";
  CHECK_FALSE(urls.allows(path));

  auto covered = [&](const PolicyRule& owner, std::string_view text) {
    return rules_cover({&owner}, rule(text));
  };
  CHECK(covered(
      pods, R"({"verbs":["get"],"apiGroups":[""],"resources":["pods"],"resourceNames":["a"]})"));
  CHECK_FALSE(covered(pods, R"({"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]})"));
  CHECK_FALSE(covered(named, R"({"verbs":["get"],"apiGroups":[""],"resources":["pods"]})"));
  CHECK(covered(
      named, R"({"verbs":["get"],"apiGroups":[""],"resources":["pods"],"resourceNames":["n"]})"));
  CHECK(covered(urls, R"({"verbs":["get"],"nonResourceURLs":["/api/v1","/healthz"]})"));
  CHECK_FALSE(covered(urls, R"({"verbs":["get"],"nonResourceURLs":["*"]})"));
}

TEST_CASE("nobody grants what they do not hold", "[access][escalation]") {
  ApiWorld w;
  make_role(w, "editor", R"([{"verbs":["create","update"],"apiGroups":["rbac.authorization.k8s.io"],
      "resources":["clusterroles","rolebindings"]},
      {"verbs":["get"],"apiGroups":[""],"resources":["pods"]}])");
  make_role(w, "strong", R"([{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}])");
  make_role(w, "weak", R"([{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}])");
  REQUIRE(post(w, kRbac + "/clusterrolebindings", binding("e", "editor", kAlice)).status == 201);
  w.user = person("alice");
  w.user = person("alice");
  auto role = [&](const std::string& verb) {
    return post(w, kRbac + "/clusterroles",
                R"({"metadata":{"name":"new-)" + verb + R"("},"rules":[{"verbs":[")" + verb +
                    R"("],"apiGroups":[""],"resources":["pods"]}]})");
  };
  CHECK(role("get").status == 201);
  auto refused = role("delete");
  CHECK(refused.status == 403);
  CHECK_THAT(refused.body, Catch::Matchers::ContainsSubstring(
                               "is attempting to grant RBAC permissions not currently held"));
  const std::string bindings = kRbac + "/namespaces/a/rolebindings";
  CHECK(post(w, bindings, binding("w", "weak", kAlice)).status == 201);
  CHECK(post(w, bindings, binding("s", "strong", kAlice)).status == 403);
}

TEST_CASE("reviews answer what would happen", "[access][review]") {
  ApiWorld w;
  make_role(w, "reader", R"([{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}])");
  post(w, kRbac + "/clusterrolebindings", binding("r", "reader", kAlice));
  const std::string kAuthz = "/apis/authorization.k8s.io/v1";
  auto may = [&](const std::string& kind, const std::string& more) {
    auto answer =
        post(w, kAuthz + "/" + kind,
             R"({"spec":{)" + more + R"("resourceAttributes":{"verb":"get","resource":"pods"}}})");
    CAPTURE(answer.body);
    REQUIRE(answer.status == 201);
    return parse_json(answer.body)->truth({"status", "allowed"});
  };
  CHECK(may("subjectaccessreviews", R"("user":"alice",)"));
  CHECK_FALSE(may("subjectaccessreviews", R"("user":"bob",)"));
  post(w, kRbac + "/clusterroles",
       R"({"metadata":{"name":"asker"},"rules":[{"verbs":["create"],
       "apiGroups":["authorization.k8s.io",
       "authentication.k8s.io"],"resources":["*"]}]})");
  post(w, kRbac + "/clusterrolebindings", binding("a", "asker", kAlice));
  w.user = person("alice");
  CHECK(may("selfsubjectaccessreviews", ""));
  auto rules = post(w, kAuthz + "/selfsubjectrulesreviews", R"({"spec":{"namespace":"default"}})");
  CHECK(parse_json(rules.body)->at({"status", "resourceRules"})->size() == 2);
  auto self = post(w, "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}");
  CHECK(parse_json(self.body)->str({"status", "userInfo", "username"}) == "alice");
  CHECK(post(w, kAuthz + "/selfsubjectaccessreviews", R"({"spec":{}})").status == 422);
}

TEST_CASE("a service account's token lets in as long as the account is there", "[access][tokens]") {
  ApiWorld w;
  const std::string accounts = "/api/v1/namespaces/a/serviceaccounts";
  REQUIRE(post(w, accounts, R"({"metadata":{"name":"robot"}})").status == 201);
  auto made = post(w, accounts + "/robot/token", R"({"spec":{"expirationSeconds":600}})");
  CAPTURE(made.body);
  REQUIRE(made.status == 201);
  std::string token(parse_json(made.body)->str({"status", "token"}));
  auto login = [&](const std::string& credential) {
    Request request;
    request.headers.set("Authorization", "Bearer " + credential);
    return w.chain.authenticate(request);
  };
  auto user = login(token);
  REQUIRE(user);
  CHECK(user->name == "system:serviceaccount:a:robot");
  CHECK(std::find(user->groups.begin(), user->groups.end(), "system:serviceaccounts:a") !=
        user->groups.end());
  auto broken = token;
  broken[broken.size() - 5] = broken[broken.size() - 5] == 'A' ? 'B' : 'A';
  CHECK(login(broken).error().code() == 401);
  auto review = post(w, "/apis/authentication.k8s.io/v1/tokenreviews",
                     R"({"spec":{"token":")" + token + "\"}}");
  CHECK(parse_json(review.body)->truth({"status", "authenticated"}));
  REQUIRE(w.call({"DELETE", accounts + "/robot", "", {}}).status == 200);
  CHECK(login(token).error().code() == 401);
  CHECK(login("nonsense").error().code() == 401);
  CHECK(post(w, accounts + "/none/token", "{}").status == 404);

  SECTION("a token for others is not for the API") {
    REQUIRE(post(w, accounts, R"({"metadata":{"name":"other"}})").status == 201);
    auto vault = post(w, accounts + "/other/token", R"({"spec":{"audiences":["vault"]}})");
    CHECK(login(std::string(parse_json(vault.body)->str({"status", "token"}))).error().code() ==
          401);
  }
}

TEST_CASE("a certificate's name and organizations are user and groups", "[access]") {
  CertificateAuthenticator authenticator;
  Request request;
  CHECK_FALSE(*authenticator.authenticate(request));
  auto certificate = std::make_shared<ClientCertificate>();
  certificate->common_name = "admin";
  certificate->organizations = {"system:masters"};
  request.certificate = certificate;
  auto user = *authenticator.authenticate(request);
  REQUIRE(user);
  CHECK(user->name == "admin");
  CHECK(user->groups == std::vector<std::string>{"system:masters"});
}
