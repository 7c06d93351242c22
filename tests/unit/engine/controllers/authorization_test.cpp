// The product's roles and bindings as RBAC objects: under the names that clients know, true within
// moments of every change, put back when drifted, gone with their cause.
#include "tests/support/authz_objects.h"

using namespace engine;
using namespace tests;

namespace {

constexpr std::string_view kM = "management.cattle.io";

constexpr const char* kOwner = R"("context":"cluster","administrative":true,
  "clusterCreatorDefault":true,"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]},
  {"apiGroups":["management.cattle.io"],"resources":["clusters"],"verbs":["own"]}])";
constexpr const char* kMember = R"("context":"cluster","rules":[
  {"apiGroups":["management.cattle.io"],"resources":["projects"],"verbs":["create"]},
  {"apiGroups":["management.cattle.io"],"resources":["nodes","nodepools"],"verbs":["get","list"]},
  {"apiGroups":[""],"resources":["nodes"],"verbs":["get"]}])";
constexpr const char* kProjectOwner = R"("context":"project","projectCreatorDefault":true,
  "roleTemplateNames":["admin"],"rules":[
  {"apiGroups":["management.cattle.io"],"resources":["projectroletemplatebindings"],"verbs":["*"]},
  {"apiGroups":["management.cattle.io"],"resources":["clustercatalogs"],"verbs":["get"]},
  {"apiGroups":["management.cattle.io"],"resources":["projects"],"verbs":["own"]},
  {"apiGroups":[""],"resources":["namespaces"],"verbs":["create"]},
  {"apiGroups":[""],"resources":["persistentvolumes"],"verbs":["get","list"]}])";
constexpr const char* kReader = R"("context":"project","rules":[
  {"apiGroups":[""],"resources":["configmaps"],"verbs":["get","list"]}])";

}  // namespace

TEST_CASE("global roles and their bindings", "[authorization]") {
  AuthzWorld w;
  w.start();
  add_user(w, "u-1");
  Json role = w.create("globalroles", "", R"({"metadata":{"name":"gr-1"},"displayName":"One",
    "rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}]})");
  w.create("globalrolebindings", "",
           R"({"metadata":{"name":"grb-1"},"globalRoleName":"gr-1","userName":"u-1"})");
  REQUIRE(w.soon([&] { return w.may("u-1", "get", "", "configmaps", "default"); }));
  Json made = w.get("clusterroles", "", "cattle-globalrole-gr-1");
  CHECK(made.at({"metadata", "ownerReferences"})->as_array()[0].str("uid") ==
        role.str({"metadata", "uid"}));
  CHECK(made.str({"metadata", "labels", "authz.management.cattle.io/globalrole"}) == "true");
  Json binding = w.get("clusterrolebindings", "", "cattle-globalrolebinding-grb-1");
  CHECK(binding.str({"roleRef", "name"}) == "cattle-globalrole-gr-1");
  // Whoever is a user sees themselves.
  CHECK(w.soon([&] { return w.may("u-1", "get", kM, "users", "", "u-1"); }));

  SECTION("rules follow") {
    MUST(w.client->modify(w.kind("globalroles"), "", "gr-1", [](Json& object) -> Result<bool> {
      object.set("rules", json(R"([{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}])"));
      return true;
    }));
    CHECK(w.soon([&] { return w.may("u-1", "get", "", "pods", "default"); }));
    CHECK_FALSE(w.may("u-1", "get", "", "configmaps", "default"));
  }
  SECTION("what is removed or changed by hand comes back") {
    w.remove("clusterrolebindings", "", "cattle-globalrolebinding-grb-1");
    CHECK(w.soon([&] { return w.may("u-1", "get", "", "configmaps", "default"); }));
    MUST(w.client->modify(w.kind("clusterroles"), "", "cattle-globalrole-gr-1",
                          [](Json& object) -> Result<bool> {
                            object.set("rules", Json::array());
                            object["metadata"].erase("labels");
                            return true;
                          }));
    CHECK(w.soon([&] {
      const Json role = w.get("clusterroles", "", "cattle-globalrole-gr-1");
      const Json* rules = role.find("rules");
      return rules && rules->size() == 1;
    }));
  }
  SECTION("they go with their cause") {
    w.remove("globalrolebindings", "", "grb-1");
    CHECK(w.soon(
        [&] { return !w.there("clusterrolebindings", "", "cattle-globalrolebinding-grb-1"); }));
    // The store knows it a moment before it is acknowledged.
    CHECK(w.soon([&] { return !w.may("u-1", "get", "", "configmaps", "default"); }));
    w.remove("globalroles", "", "gr-1");
    CHECK(w.soon([&] { return !w.there("clusterroles", "", "cattle-globalrole-gr-1"); }));
  }
}

TEST_CASE("administrators are cluster-admin everywhere, groups too", "[authorization]") {
  AuthzWorld w;
  w.create("globalroles", "", R"({"metadata":{"name":"admin"},"displayName":"Admin","builtin":true,
    "rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]})");
  w.create("globalrolebindings", "",
           R"({"metadata":{"name":"b1"},"globalRoleName":"admin","userName":"u-1"})");
  w.create("globalrolebindings", "", R"({"metadata":{"name":"b2"},"globalRoleName":"admin",
    "groupPrincipalName":"okta_group://ops/all"})");
  w.start();
  CHECK(w.soon([&] { return w.there("clusterrolebindings", "", "globaladmin-u-1"); }));
  CHECK(w.soon(
      [&] { return w.may("u-9", "delete", "", "nodes", "", "n", {"okta_group://ops/all"}); }));
  w.remove("globalrolebindings", "", "b1");
  CHECK(w.soon([&] { return !w.there("clusterrolebindings", "", "globaladmin-u-1"); }));
  CHECK_FALSE(w.may("u-1", "delete", "", "nodes", "", "n"));
}

TEST_CASE("a cluster's bindings", "[authorization]") {
  AuthzWorld w;
  w.start();
  add_template(w, "cluster-owner", kOwner);
  add_template(w, "cluster-member", kMember);
  add_cluster(w, "c-1");
  add_cluster(w, "c-2");
  bind_cluster(w, "c-1", "b", "cluster-member", R"("userName":"u-1")");
  REQUIRE(w.soon([&] { return w.may("u-1", "create", kM, "projects", "c-1"); }));
  CHECK(w.soon([&] { return w.may("u-1", "get", kM, "clusters", "", "c-1"); }));
  CHECK_FALSE(w.may("u-1", "update", kM, "clusters", "", "c-1"));
  CHECK_FALSE(w.may("u-1", "get", kM, "clusters", "", "c-2"));
  CHECK_FALSE(w.may("u-1", "create", kM, "projects", "c-2"));
  CHECK_FALSE(w.may("u-1", "get", "", "nodes", "", "n"));  // that is for the cluster to say
  CHECK(w.soon([&] { return w.there("rolebindings", "c-1", "b-cluster-member"); }));
  CHECK(w.there("roles", "c-1", "cluster-member"));
  bind_cluster(w, "c-1", "o", "cluster-owner", R"("groupPrincipalName":"g://owners")");
  CHECK(w.soon([&] { return w.may("u-5", "own", kM, "clusters", "", "c-1", {"g://owners"}); }));
  SECTION("owners act in its projects") {
    add_project(w, "c-1", "p-1");
    CHECK(w.soon([&] {
      return w.may("u-5", "create", kM, "projectroletemplatebindings", "p-1", "", {"g://owners"});
    }));
    CHECK_FALSE(w.may("u-1", "create", kM, "projectroletemplatebindings", "p-1"));
  }
  SECTION("another place than its own is nobody's to give") {
    w.create("clusterroletemplatebindings", "c-2", R"({"metadata":{"name":"x"},
      "clusterName":"c-1","roleTemplateName":"cluster-owner","userName":"u-7"})");
    CHECK(w.soon([&] { return w.authorization->at_rest(); }));
    CHECK_FALSE(w.may("u-7", "get", kM, "clusters", "", "c-1"));
    CHECK_FALSE(w.may("u-7", "get", kM, "clusters", "", "c-2"));
  }
  SECTION("nothing is left") {
    w.remove("clusterroletemplatebindings", "c-1", "b");
    w.remove("clusterroletemplatebindings", "c-1", "o");
    CHECK(w.soon([&] { return w.count("roles", "c-1") == 0; }));
    CHECK(w.soon([&] { return w.count("rolebindings", "c-1") == 0; }));
    CHECK(w.soon([&] { return !w.there("clusterroles", "", "c-1-clustermember"); }));
    CHECK_FALSE(w.may("u-1", "get", kM, "clusters", "", "c-1"));
  }
}

TEST_CASE("a project's bindings, and its namespaces as they come and go", "[authorization]") {
  AuthzWorld w;
  add_template(w, "admin", R"("context":"project","external":true,"hidden":true)");
  add_template(w, "project-owner", kProjectOwner);
  add_template(w, "reader", kReader);
  add_cluster(w, "local");
  w.start();
  add_project(w, "local", "p-1");
  add_project(w, "local", "p-2");
  add_namespace(w, "web", "p-1");
  bind_project(w, "local", "p-1", "b", "project-owner", R"("userName":"u-1")");
  REQUIRE(w.soon([&] { return w.may("u-1", "create", "", "pods", "web"); }));  // of `admin`
  CHECK(w.soon([&] { return w.may("u-1", "get", kM, "projects", "local", "p-1"); }));
  CHECK(w.soon([&] { return w.may("u-1", "get", kM, "clusters", "", "local"); }));
  CHECK(w.soon([&] { return w.may("u-1", "create", "", "namespaces", ""); }));
  CHECK(w.soon([&] { return w.may("u-1", "list", "", "persistentvolumes", ""); }));
  CHECK(w.soon([&] { return w.may("u-1", "delete", "", "namespaces", "", "web"); }));
  CHECK(w.soon([&] { return w.may("u-1", "create", kM, "projectroletemplatebindings", "p-1"); }));
  CHECK(w.soon([&] { return w.may("u-1", "get", "", "secrets", "p-1"); }));
  CHECK(w.soon([&] { return w.may("u-1", "get", kM, "clustercatalogs", "local"); }));
  CHECK_FALSE(w.may("u-1", "get", kM, "projects", "local", "p-2"));
  CHECK_FALSE(w.may("u-1", "delete", "", "namespaces", "", "default"));
  CHECK_FALSE(w.may("u-1", "create", "", "pods", "default"));
  CHECK(w.there("roles", "local", "p-1-projectowner"));
  CHECK(w.there("clusterroles", "", "p-1-namespaces-edit"));
  CHECK(w.there("clusterroles", "", "project-owner-promoted"));
  CHECK(w.there("rolebindings", "p-1", "b-project-owner"));

  SECTION("a namespace joins, moves, leaves") {
    add_namespace(w, "api", "p-1");
    CHECK(w.soon([&] { return w.may("u-1", "create", "", "pods", "api"); }));
    move_namespace(w, "api", "p-2");
    CHECK(w.soon([&] { return !w.may("u-1", "create", "", "pods", "api"); }));
    CHECK(w.soon([&] { return !w.may("u-1", "delete", "", "namespaces", "", "api"); }));
    move_namespace(w, "web", "");
    CHECK(w.soon([&] { return !w.may("u-1", "create", "", "pods", "web"); }));
    CHECK(w.soon([&] { return !w.may("u-1", "get", "", "namespaces", "", "web"); }));
    CHECK(w.soon([&] { return !w.there("clusterroles", "", "p-1-namespaces-edit"); }));
  }
  SECTION("rules and inheritance change") {
    bind_project(w, "local", "p-1", "r", "reader", R"("userName":"u-2")");
    REQUIRE(w.soon([&] { return w.may("u-2", "list", "", "configmaps", "web"); }));
    CHECK_FALSE(w.may("u-2", "create", "", "pods", "web"));
    MUST(w.client->modify(w.kind("roletemplates"), "", "reader", [](Json& o) -> Result<bool> {
      o.set("roleTemplateNames", Json::array({"admin"}));
      return true;
    }));
    CHECK(w.soon([&] { return w.may("u-2", "create", "", "pods", "web"); }));
    MUST(w.client->modify(w.kind("roletemplates"), "", "reader", [](Json& o) -> Result<bool> {
      o.erase("roleTemplateNames");
      o.set("rules", json(R"([{"apiGroups":[""],"resources":["services"],"verbs":["get"]}])"));
      return true;
    }));
    CHECK(w.soon([&] { return !w.may("u-2", "create", "", "pods", "web"); }));
    CHECK(w.soon([&] { return w.may("u-2", "get", "", "services", "web"); }));
    CHECK_FALSE(w.may("u-2", "list", "", "configmaps", "web"));
  }
  SECTION("all of it goes") {
    const size_t before = w.count("clusterroles") + w.count("clusterrolebindings");
    w.remove("projectroletemplatebindings", "p-1", "b");
    CHECK(w.soon([&] { return w.count("rolebindings", "web") == 0; }));
    CHECK(w.soon([&] { return w.count("rolebindings", "local") == 0; }));
    CHECK(w.soon([&] { return w.count("rolebindings", "p-1") == 0; }));
    CHECK(w.soon([&] { return w.count("roles", "local") == 0; }));
    CHECK(w.soon(
        [&] { return w.count("clusterroles") + w.count("clusterrolebindings") < before - 8; }));
    CHECK_FALSE(w.may("u-1", "get", kM, "clusters", "", "local"));
  }
}

TEST_CASE("creators get the default roles, and a condition when these are in force",
          "[authorization]") {
  AuthzWorld w;
  w.start();
  add_user(w, "u-1");
  add_cluster(w, "c-1");
  add_template(w, "cluster-owner", kOwner);
  add_project(w, "c-1", "p-1", "u-1");
  CHECK_FALSE(w.there("projectroletemplatebindings", "p-1", "creator-project-owner"));
  add_template(w, "admin", R"("context":"project","external":true,"hidden":true)");
  add_template(w, "project-owner", kProjectOwner);
  auto populated = [&](const Json& object) {
    const Json* list = object.at({"status", "conditions"});
    if (!list) return false;
    for (const Json& one : list->as_array())
      if (one.str("type") == "InitialRolesPopulated") return one.str("status") == "True";
    return false;
  };
  REQUIRE(w.soon([&] { return populated(w.get("projects", "c-1", "p-1")); }));
  CHECK(w.there("rolebindings", "p-1", "creator-project-owner-project-owner"));
  CHECK(w.may("u-1", "update", kM, "projects", "c-1", "p-1"));
  CHECK(w.get("projects", "c-1", "p-1").str({"metadata", "annotations", kCreatorRolesAnnotation}) ==
        R"({"created":["project-owner"],"required":["project-owner"]})");
  CHECK(populated(w.get("clusters", "", "c-1")));  // made by nobody: nothing to give

  SECTION("the namespace behind a project goes with it") {
    w.remove("projects", "c-1", "p-1");
    CHECK(w.soon([&] { return !w.there("namespaces", "", "p-1"); }));
    CHECK(w.soon([&] { return !w.may("u-1", "get", kM, "projects", "c-1", "p-1"); }));
  }
  SECTION("new users get global roles") {
    w.create("globalroles", "", R"({"metadata":{"name":"user"},"displayName":"User",
      "newUserDefault":true,"rules":[{"apiGroups":["management.cattle.io"],
      "resources":["settings"],"verbs":["get"]}]})");
    w.create("users", "", R"({"metadata":{"name":"u-2","annotations":{
      "authz.management.cattle.io/creator-role-bindings":"{}"}},"username":"two"})");
    CHECK(w.soon([&] { return w.may("u-2", "get", kM, "settings", "", "x"); }));
    CHECK_FALSE(w.may("u-1", "get", kM, "settings", "", "x"));
  }
}

TEST_CASE("what the server missed while it was down is made good", "[authorization]") {
  AuthzWorld w;
  add_template(w, "cluster-member", kMember);
  add_cluster(w, "c-1");
  // Left by a binding that was removed while nobody looked.
  w.create("clusterrolebindings", "", R"({"metadata":{"name":"crb-old","labels":{
    "authz.management.cattle.io/made-by":"paddock"}},"roleRef":{"apiGroup":
    "rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},"subjects":[
    {"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"u-9"}]})");
  w.create("clusterrolebindings", "", R"({"metadata":{"name":"somebodys"},"roleRef":{"apiGroup":
    "rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"},"subjects":[]})");
  bind_cluster(w, "c-1", "b", "cluster-member", R"("userName":"u-1")");
  w.start();
  CHECK(w.soon([&] { return !w.there("clusterrolebindings", "", "crb-old"); }));
  CHECK(w.soon([&] { return w.may("u-1", "create", kM, "projects", "c-1"); }));
  CHECK(w.there("clusterrolebindings", "", "somebodys"));
}
