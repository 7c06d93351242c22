// What may be said with the product's roles and bindings, and what is refused to whom.
#include "tests/support/authz_world.h"

using namespace engine;
using tests::AuthzWorld;
using tests::json;

namespace {

struct World : AuthzWorld {
  World() {
    for (const char* text :
         {R"({"metadata":{"name":"cluster-owner"},"builtin":true,"displayName":"o",
           "context":"cluster","rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]})",
          R"({"metadata":{"name":"pods"},"displayName":"p","context":"project","rules":[
           {"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]})",
          R"({"metadata":{"name":"more"},"displayName":"m","context":"project",
           "roleTemplateNames":["pods"],"rules":[{"apiGroups":[""],"resources":["services"],
           "verbs":["get"]}]})",
          R"({"metadata":{"name":"shut"},"displayName":"s","context":"project","locked":true})",
          R"({"metadata":{"name":"adder"},"displayName":"a","context":"project","rules":[
           {"apiGroups":["management.cattle.io"],"resources":["projectroletemplatebindings"],
           "verbs":["*"]},{"apiGroups":[""],"resources":["pods"],"verbs":["*"]}]})"})
      create("roletemplates", "", text);
    create("namespaces", "", R"({"metadata":{"name":"c-1"}})");
    create("clusters", "", R"({"metadata":{"name":"c-1"},"spec":{}})");
    create("projects", "c-1", R"({"metadata":{"name":"p-1"},"spec":{"clusterName":"c-1"}})");
    start();
    REQUIRE(soon([&] { return there("namespaces", "", "p-1"); }));
    create("projectroletemplatebindings", "p-1",
           R"({"metadata":{"name":"b"},"projectName":"c-1:p-1","roleTemplateName":"adder",
                "userName":"u-1"})");
    create("globalroles", "", R"({"metadata":{"name":"admin"},"builtin":true,
      "displayName":"Admin","rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]})");
  }
  static User admin() { return {.name = "root", .uid = {}, .groups = {"system:masters"}}; }
  static User plain(std::string name) { return {.name = std::move(name)}; }
  // Past authorization, which is asked before: only what admission says.
  Result<Written> say(const User& user, std::string_view plural, std::string_view ns,
                      std::string_view text) {
    return registry->create(kind(plural), ns, json(text), {.user = user});
  }
  Result<Written> bind(const User& user, const std::string& role,
                       std::string who = R"("userName":"u-2")") {
    return say(
        user, "projectroletemplatebindings", "p-1",
        R"({"metadata":{"generateName":"prtb-"},"projectName":"c-1:p-1","roleTemplateName":")" +
            role + "\"," + who + "}");
  }
  Result<Written> change(const User& user, std::string_view plural, std::string_view name,
                         std::string_view patch) {
    return registry->patch(kind(plural), "", name, PatchType::merge, patch, {.user = user});
  }
};

template <class T>
std::string reason(const Result<T>& result) {
  return result ? "" : std::string(result.error().reason());
}

}  // namespace

TEST_CASE("nobody grants what they do not hold", "[authorization]") {
  World w;
  CHECK(w.bind(World::plain("u-1"), "pods"));
  auto refused = w.bind(World::plain("u-1"), "more");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == 403);
  CHECK(refused.error().message().find("permissions not currently held") != std::string::npos);
  CHECK(reason(w.bind(World::plain("u-9"), "pods")) == "Forbidden");
  CHECK(w.bind(World::admin(), "more"));
  // By another cluster's name in the binding.
  CHECK(reason(w.say(World::plain("u-1"), "projectroletemplatebindings", "p-1",
                     R"({"metadata":{"name":"x"},"projectName":"c-2:p-9","roleTemplateName":"pods",
                       "userName":"u-1"})")) == "Invalid");
  SECTION("nor by changing a binding or a role") {
    auto patched =
        w.registry->patch(w.kind("projectroletemplatebindings"), "p-1", "b", PatchType::merge,
                          R"({"roleTemplateName":"more"})", {.user = World::plain("u-1")});
    CHECK(reason(patched) == "Forbidden");
    CHECK(reason(w.change(World::plain("u-1"), "roletemplates", "pods",
                          R"({"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]})")) ==
          "Forbidden");
    CHECK(reason(w.change(World::plain("u-1"), "roletemplates", "pods",
                          R"({"roleTemplateNames":["cluster-owner"]})")) == "Forbidden");
    CHECK(w.change(World::plain("u-1"), "roletemplates", "pods", R"({"description":"x"})"));
  }
  SECTION("nor globally, unless they may bind or escalate") {
    const char* binding = R"({"metadata":{"generateName":"grb-"},"globalRoleName":"admin",
                            "userName":"u-1"})";
    const char* role = R"({"metadata":{"generateName":"gr-"},"displayName":"x","rules":[
                         {"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]})";
    CHECK(reason(w.say(World::plain("u-1"), "globalrolebindings", "", binding)) == "Forbidden");
    CHECK(reason(w.say(World::plain("u-1"), "globalroles", "", role)) == "Forbidden");
    w.create("globalroles", "", R"({"metadata":{"name":"trusted"},"displayName":"t","rules":[
      {"apiGroups":["management.cattle.io"],"resources":["globalroles"],
       "verbs":["escalate","bind"]}]})");
    w.create("globalrolebindings", "",
             R"({"metadata":{"name":"t"},"globalRoleName":"trusted","userName":"u-1"})");
    REQUIRE(w.soon(
        [&] { return w.may("u-1", "bind", "management.cattle.io", "globalroles", "", "admin"); }));
    CHECK(w.say(World::plain("u-1"), "globalrolebindings", "", binding));
    auto made = w.say(World::plain("u-1"), "globalroles", "", role);
    REQUIRE(made);
    Json object = made->object.json();
    CHECK(object.str({"metadata", "annotations", "authz.management.cattle.io/cr-name"}) ==
          "cattle-globalrole-" + std::string(object.str({"metadata", "name"})));
  }
  SECTION("owners of a cluster give what they like there") {
    w.create("clusterroletemplatebindings", "c-1",
             R"({"metadata":{"name":"o"},"clusterName":"c-1","roleTemplateName":"cluster-owner",
                  "userName":"u-5"})");
    REQUIRE(
        w.soon([&] { return w.may("u-5", "own", "management.cattle.io", "clusters", "", "c-1"); }));
    CHECK(w.bind(World::plain("u-5"), "more"));
    CHECK(reason(w.say(World::plain("u-5"), "globalrolebindings", "",
                       R"({"metadata":{"name":"g"},"globalRoleName":"admin","userName":"u-5"})")) ==
          "Forbidden");
  }
}

TEST_CASE("bindings are well formed, roles make sense", "[authorization]") {
  World w;
  const User admin = World::admin();
  CHECK(reason(w.bind(admin, "pods", R"("userName":"u","groupPrincipalName":"g")")) == "Invalid");
  CHECK(reason(w.bind(admin, "pods", R"("description":"x")")) == "Invalid");
  CHECK(w.bind(admin, "pods", R"("groupPrincipalName":"g")"));
  CHECK(reason(w.bind(admin, "nosuch")) == "Invalid");
  CHECK(reason(w.bind(admin, "shut")) == "InvalidState");
  CHECK(reason(w.bind(admin, "cluster-owner")) == "InvalidState");
  CHECK(reason(w.say(admin, "roletemplates", "", R"({"metadata":{"name":"self"},"displayName":"s",
    "context":"project","roleTemplateNames":["self"]})")) == "Invalid");
  CHECK(reason(w.change(admin, "roletemplates", "pods", R"({"roleTemplateNames":["more"]})")) ==
        "Invalid");
  CHECK(reason(w.change(admin, "roletemplates", "pods", R"({"roleTemplateNames":["nosuch"]})")) ==
        "Invalid");
  CHECK(reason(w.change(admin, "roletemplates", "pods", R"({"context":"nosuch"})")) == "Invalid");
  CHECK(reason(w.change(admin, "roletemplates", "pods", R"({"administrative":true})")) ==
        "Invalid");
  // Who makes a cluster gets roles of clusters, who makes a project those of projects.
  CHECK(reason(w.change(admin, "roletemplates", "pods", R"({"clusterCreatorDefault":true})")) ==
        "Invalid");
  CHECK(w.change(admin, "roletemplates", "pods", R"({"projectCreatorDefault":true})"));
}

TEST_CASE("built-in roles and roles in use stay", "[authorization]") {
  World w;
  const User admin = World::admin();
  auto remove = [&](std::string_view plural, std::string_view name) {
    return w.registry->remove(w.kind(plural), "", name, {.user = admin});
  };
  CHECK(reason(remove("globalroles", "admin")) == "Forbidden");
  CHECK(reason(remove("roletemplates", "cluster-owner")) == "Forbidden");
  CHECK(reason(w.change(admin, "globalroles", "admin", R"({"rules":[]})")) == "Forbidden");
  CHECK(w.change(admin, "globalroles", "admin", R"({"newUserDefault":true})"));
  CHECK(reason(w.change(admin, "roletemplates", "cluster-owner", R"({"displayName":"x"})")) ==
        "Forbidden");
  CHECK(w.change(admin, "roletemplates", "cluster-owner", R"({"locked":true})"));
  CHECK(reason(w.say(admin, "globalroles", "", R"({"metadata":{"name":"x"},"builtin":true,
    "displayName":"x"})")) == "Forbidden");
  auto used = remove("roletemplates", "adder");
  REQUIRE_FALSE(used);
  CHECK(used.error().is("Conflict"));
  CHECK(used.error().message().find("projectroletemplatebindings p-1:b") != std::string::npos);
  CHECK(reason(remove("roletemplates", "pods")) == "Conflict");  // inherited
  CHECK(remove("roletemplates", "more"));
  CHECK(remove("roletemplates", "pods"));
}
