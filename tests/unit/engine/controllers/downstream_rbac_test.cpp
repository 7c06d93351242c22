// Roles and bindings in clusters beside this server: true when a way comes, followed from then on,
// mended when somebody there changes them, gone when the cluster returns.
#include "engine/controllers/management/rbac_removal.h"
#include "tests/support/authz_objects.h"
#include "tests/support/sim_cluster.h"

using namespace engine;
using namespace tests;

namespace {

constexpr const char* kPods = R"("context":"project","rules":[
  {"apiGroups":[""],"resources":["pods"],"verbs":["get"]},
  {"apiGroups":[""],"resources":["namespaces"],"verbs":["create"]}])";
constexpr const char* kNodes = R"("context":"cluster","rules":[
  {"apiGroups":[""],"resources":["nodes"],"verbs":["get"]}])";

struct World {
  World() : w(&ways), far(ways.add(w.env, "c-1")) {
    add_template(w, "pods", kPods);
    add_template(w, "nodes", kNodes);
    w.create("globalroles", "", R"({"metadata":{"name":"admin"},"displayName":"A","rules":[]})");
    w.start();
    add_cluster(w, "c-1");
    add_project(w, "c-1", "p-1");
    add_project(w, "c-1", "p-2");
    far->set_namespace("web", "c-1:p-1");
    far->set_namespace("other", "");
  }
  void come() {
    w.way_changed("c-1");
    REQUIRE(w.soon([&] { return w.authorization->at_rest(); }));
  }
  bool may(const std::string& verb, const std::string& resource, const std::string& ns) {
    return far->may("u:u-1", verb, resource, ns);
  }

  SimWays ways;
  AuthzWorld w;
  std::shared_ptr<SimCluster> far;
};

}  // namespace

TEST_CASE("a cluster gets the roles and bindings of its own, and only these", "[authorization]") {
  World o;
  bind_cluster(o.w, "c-1", "n", "nodes", R"("userName":"u-1")");
  bind_project(o.w, "c-1", "p-1", "b", "pods", R"("userName":"u-1")");
  o.w.create("globalrolebindings", "",
             R"({"metadata":{"name":"g"},"globalRoleName":"admin","userName":"u-0"})");
  o.far->put("clusterrolebindings", "/theirs",
             json(R"({"metadata":{"name":"theirs"},"roleRef":{"kind":"ClusterRole","name":"x"},
               "subjects":[{"kind":"User","name":"u"}]})"));
  o.far->put("rolebindings", "web/old",
             json(R"({"metadata":{"name":"old","namespace":"web","labels":{
               "authz.management.cattle.io/made-by":"paddock"}},"roleRef":{"kind":"ClusterRole",
               "name":"pods"},"subjects":[{"kind":"User","name":"u-8"}]})"));
  o.come();
  CHECK(o.w.soon([&] { return o.may("get", "pods", "web") && o.may("get", "nodes", ""); }));
  CHECK_FALSE(o.may("get", "pods", "other"));
  CHECK(o.far->get("clusterroles", "/p-1-namespaces-edit"));
  CHECK(o.far->get("clusterrolebindings", "/globaladmin-u-0"));
  CHECK(o.far->get("clusterrolebindings", "/theirs"));
  CHECK_FALSE(o.far->get("rolebindings", "web/old"));

  SECTION("namespaces join and leave there") {
    o.far->set_namespace("other", "c-1:p-1");
    CHECK(o.w.soon([&] { return o.may("get", "pods", "other"); }));
    o.far->set_namespace("other", "c-1:p-2");
    CHECK(o.w.soon([&] { return !o.may("get", "pods", "other"); }));
    o.far->set_namespace("web", "c-2:p-1");  // of no project of this cluster
    CHECK(o.w.soon([&] { return !o.may("get", "pods", "web"); }));
  }
  SECTION("what somebody there changes is mended") {
    auto bindings = o.far->all("rolebindings");
    REQUIRE(bindings.size() == 1);
    o.far->erase("rolebindings", bindings.begin()->first);
    CHECK(o.w.soon([&] { return o.may("get", "pods", "web"); }));
    Json role = *o.far->get("clusterroles", "/pods");
    role.set("rules", Json::array());
    role["metadata"].set("labels", Json::object({{"a", "b"}}));
    o.far->put("clusterroles", "/pods", role);
    // Without our label the watch tells nothing of it: the next compare does.
    o.come();
    CHECK(o.w.soon([&] { return o.may("get", "pods", "web"); }));
    CHECK(o.far->get("clusterroles", "/pods")->str({"metadata", "labels", "a"}) == "b");
  }
  SECTION("removed here is removed there, with the roles nobody needs") {
    o.w.remove("projectroletemplatebindings", "p-1", "b");
    CHECK(o.w.soon([&] { return o.far->count("rolebindings") == 0; }));
    CHECK(o.w.soon([&] { return !o.far->get("clusterroles", "/pods"); }));
    CHECK(o.may("get", "nodes", ""));
  }
}

TEST_CASE("a cluster that was away is made good when it returns", "[authorization]") {
  World o;
  bind_project(o.w, "c-1", "p-1", "b", "pods", R"("userName":"u-1")");
  o.come();
  REQUIRE(o.w.soon([&] { return o.may("get", "pods", "web"); }));
  SECTION("its way was gone") {
    o.ways.open("c-1", "no");
    o.far->reachable("no");
    o.w.way_changed("c-1");
    o.w.remove("projectroletemplatebindings", "p-1", "b");
    REQUIRE(o.w.soon([&] { return o.w.authorization->at_rest(); }));
    CHECK(o.may("get", "pods", "web"));
    o.far->reachable("yes");
    o.ways.open("c-1", "yes");
    o.w.way_changed("c-1");
    CHECK(o.w.soon([&] { return !o.may("get", "pods", "web"); }));
    CHECK(o.w.soon([&] { return o.far->count("clusterroles") == 0; }));
  }
  SECTION("it did not answer for a while, and nobody says that it is back") {
    o.far->reachable("no");
    o.w.remove("projectroletemplatebindings", "p-1", "b");
    o.far->set_namespace("late", "c-1:p-1");
    bind_project(o.w, "c-1", "p-1", "c", "pods", R"("userName":"u-2")");
    o.far->reachable("yes");
    CHECK(o.w.soon([&] { return o.far->may("u:u-2", "get", "pods", "late"); }, 2000));
    CHECK_FALSE(o.may("get", "pods", "web"));
  }
}

TEST_CASE("a role of ours does not take the place of one of Kubernetes' own", "[authorization]") {
  World o;
  o.far->put("clusterroles", "/pods",
             json(R"({"metadata":{"name":"pods","labels":{"kubernetes.io/bootstrapping":
               "rbac-defaults"}},"rules":[]})"));
  bind_project(o.w, "c-1", "p-1", "b", "pods", R"("userName":"u-1")");
  o.come();
  CHECK(o.far->get("clusterroles", "/pods")->find("rules")->size() == 0);
}

TEST_CASE("a cluster's namespaces are watched once, whatever follows them", "[authorization]") {
  World o;
  bind_project(o.w, "c-1", "p-1", "b", "pods", R"("userName":"u-1")");
  // Its way comes after it.
  o.ways.open("c-1", "no");
  o.far->reachable("no");
  o.w.way_changed("c-1");
  REQUIRE(o.w.soon([&] { return o.far->watching("namespaces") == 0; }));
  o.far->reachable("yes");
  o.ways.open("c-1", "yes");
  o.come();
  REQUIRE(o.w.soon([&] { return o.may("get", "pods", "web"); }));
  CHECK(o.far->watching("namespaces") == 1);
  CHECK(o.far->watching("rolebindings") == 1);
  // All is compared once more without hearing of namespaces again.
  o.w.authorization->way_changed("c-1");
  REQUIRE(o.w.soon([&] { return o.w.authorization->at_rest(); }));
  CHECK(o.may("get", "pods", "web"));
  CHECK(o.far->watching("namespaces") == 1);
}

TEST_CASE("a cluster that is removed is left without our roles and bindings", "[authorization]") {
  World o;
  bind_cluster(o.w, "c-1", "n", "nodes", R"("userName":"u-1")");
  for (int n = 0; n < 40; ++n) {
    o.far->set_namespace("n-" + std::to_string(n), "c-1:p-1");
    bind_project(o.w, "c-1", "p-1", "b" + std::to_string(n), "pods",
                 R"("userName":"u-)" + std::to_string(n) + "\"");
  }
  const Json theirs = json(R"({"metadata":{"name":"theirs"},"roleRef":{"kind":"ClusterRole",
    "name":"x"},"subjects":[{"kind":"User","name":"u"}]})");
  o.far->put("clusterrolebindings", "/theirs", theirs);
  o.far->put("roles", "web/old", json(R"({"metadata":{"name":"old","namespace":"web","labels":{
    "authz.management.cattle.io/made-by":"paddock"}},"rules":[]})"));
  o.come();
  REQUIRE(o.far->count("rolebindings") == 40 * 41);
  auto sweep = [&] {
    std::mutex mutex;
    std::optional<RbacRemoval> out;
    remove_rbac(o.w.env, o.far, storage::Seconds(4), [&](RbacRemoval report) {
      std::lock_guard lock(mutex);
      out = std::move(report);
    });
    REQUIRE(o.w.soon([&] {
      std::lock_guard lock(mutex);
      return out.has_value();
    }));
    return *out;
  };
  auto ours = [&] {
    return o.far->count("rolebindings") + o.far->count("roles") + o.far->count("clusterroles") +
           o.far->count("clusterrolebindings") - 1;
  };
  SECTION("it is told to leave first, and nobody puts them back") {
    o.w.authorization->leave("c-1");
    bind_project(o.w, "c-1", "p-1", "late", "pods", R"("userName":"late")");
    auto report = sweep();
    CHECK(report.problem.empty());
    CHECK(report.removed > 40 * 41);
    CHECK(ours() == 0);
    CHECK(o.far->get("clusterrolebindings", "/theirs"));
    o.w.way_changed("c-1");
    o.far->set_namespace("again", "c-1:p-1");
    REQUIRE(o.w.soon([&] { return o.w.authorization->at_rest(); }));
    CHECK(ours() == 0);
  }
  SECTION("what the cluster refuses is told") {
    o.w.authorization->leave("c-1");
    o.far->refuse_writes(403);
    CHECK_FALSE(sweep().problem.empty());
    CHECK(ours() > 0);
  }
  SECTION("a cluster that does not answer is given up") {
    o.w.authorization->leave("c-1");
    o.far->reachable("no");
    CHECK_FALSE(sweep().problem.empty());
  }
  SECTION("the Cluster's end alone stops us") {
    o.w.remove("clusters", "", "c-1");
    REQUIRE(o.w.soon([&] { return o.w.authorization->at_rest(); }));
    CHECK(sweep().problem.empty());
    CHECK(ours() == 0);
  }
}
