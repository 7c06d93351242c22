// Pod security levels: asked for on clusters and projects, kept on namespaces, taken off again.
#include "engine/controllers/management/pod_security.h"

#include "tests/support/authz_objects.h"
#include "tests/support/sim_cluster.h"

using namespace engine;
using namespace tests;

namespace {

Json asking(const std::string& enforce, const std::string& more = "") {
  return json(R"({"metadata":{"annotations":{"pod-security.management.cattle.io/enforce":")" +
              enforce + "\"" + more + "}}}");
}

}  // namespace

TEST_CASE("a project's level goes before its cluster's", "[pod-security]") {
  PodSecurityPlan plan;
  Json cluster = asking("baseline", R"(,"pod-security.management.cattle.io/warn":"restricted")");
  plan.put_cluster("c", &cluster);
  plan.put_namespace("c", "web", "p-1");
  plan.put_namespace("c", "sys", "p-2");
  Json system = json(R"({"metadata":{"labels":{"authz.management.cattle.io/system-project":
    "true"}}})");
  plan.put_project("c", "p-2", &system);
  CHECK(plan.wanted("c", "web") ==
        PodSecurityLevels{{"enforce", "baseline"}, {"warn", "restricted"}});
  CHECK(plan.wanted("c", "sys").empty());
  CHECK(plan.wanted("c", "other").empty());
  plan.take_concerned();
  Json project = asking("restricted", R"(,"pod-security.management.cattle.io/enforce-version":
    "v1.29","pod-security.management.cattle.io/audit":"nonsense")");
  plan.put_project("c", "p-1", &project);
  CHECK(plan.wanted("c", "web") == PodSecurityLevels{{"enforce", "restricted"},
                                                     {"enforce-version", "v1.29"},
                                                     {"warn", "restricted"}});
  auto concerned = plan.take_concerned();
  REQUIRE(concerned.size() == 1);
  CHECK(concerned[0].ns == "web");
}

TEST_CASE("a template stands for the level nearest to what it allows", "[pod-security]") {
  CHECK(level_of_template(json(R"({"spec":{"privileged":true}})")) == "privileged");
  CHECK(level_of_template(json(R"({"spec":{"volumes":["*"]}})")) == "privileged");
  CHECK(level_of_template(json(R"({"spec":{"hostNetwork":true}})")) == "privileged");
  CHECK(level_of_template(json(R"({"spec":{"volumes":["secret"]}})")) == "baseline");
  const Json strict = json(R"({"spec":{"allowPrivilegeEscalation":false,
    "requiredDropCapabilities":["ALL"],"volumes":["secret","configMap"]}})");
  CHECK(level_of_template(strict) == "restricted");

  PodSecurityPlan plan;
  Json cluster = json(R"({"spec":{"defaultPodSecurityPolicyTemplateName":"strict"}})");
  plan.put_cluster("c", &cluster);
  plan.put_namespace("c", "web", "p-1");
  CHECK(plan.wanted("c", "web").empty());  // the template is not there
  plan.take_concerned();
  plan.put_template("strict", &strict);
  CHECK(plan.take_concerned().size() == 1);
  CHECK(plan.wanted("c", "web") == PodSecurityLevels{{"enforce", "restricted"}});
  // A project's own goes before it, and its annotation before that.
  const Json loose = json(R"({"spec":{"privileged":true}})");
  const Json binding = json(R"({"podSecurityPolicyTemplateId":"loose",
    "targetProjectId":"c:p-1"})");
  plan.put_template("loose", &loose);
  plan.put_template_binding("p-1/b", &binding);
  CHECK(plan.wanted("c", "web") == PodSecurityLevels{{"enforce", "privileged"}});
  Json project = asking("baseline");
  plan.put_project("c", "p-1", &project);
  CHECK(plan.wanted("c", "web") == PodSecurityLevels{{"enforce", "baseline"}});
  plan.put_project("c", "p-1", nullptr);
  plan.put_template_binding("p-1/b", nullptr);
  CHECK(plan.wanted("c", "web") == PodSecurityLevels{{"enforce", "restricted"}});
  plan.put_template("strict", nullptr);
  CHECK(plan.wanted("c", "web").empty());
}

TEST_CASE("only what we set is taken off", "[pod-security]") {
  Json ns =
      json(R"({"metadata":{"labels":{"a":"b","pod-security.kubernetes.io/warn":"baseline"}}})");
  CHECK_FALSE(pod_security_patch(ns, {}));
  auto patch = pod_security_patch(ns, {{"enforce", "baseline"}});
  REQUIRE(patch);
  CHECK(dump(*patch) ==
        R"({"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline"},)"
        R"("annotations":{"pod-security.management.cattle.io/kept":"enforce"}}})");
  Json kept = json(R"({"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline",
    "pod-security.kubernetes.io/warn":"baseline"},"annotations":{
    "pod-security.management.cattle.io/kept":"enforce"}}})");
  CHECK_FALSE(pod_security_patch(kept, {{"enforce", "baseline"}}));
  CHECK(dump(*pod_security_patch(kept, {})) ==
        R"({"metadata":{"labels":{"pod-security.kubernetes.io/enforce":null},)"
        R"("annotations":{"pod-security.management.cattle.io/kept":null}}})");
}

TEST_CASE("levels are kept on namespaces, here and in clusters", "[pod-security]") {
  SimWays ways;
  AuthzWorld w(&ways);
  auto far = ways.add(w.env, "c-1");
  w.start();
  add_cluster(w, "local");
  add_cluster(w, "c-1");
  add_project(w, "local", "p-1");
  add_project(w, "c-1", "p-2");
  add_namespace(w, "web", "p-1");
  far->set_namespace("there", "c-1:p-2");
  w.way_changed("c-1");
  auto ask = [&](const std::string& cluster, const std::string& project, Json level) {
    MUST(w.client->modify(w.kind("projects"), cluster, project, [&](Json& o) -> Result<bool> {
      o["metadata"]["annotations"].set("pod-security.management.cattle.io/enforce", level);
      return true;
    }));
  };
  auto here = [&] {
    return std::string(w.get("namespaces", "", "web")
                           .str({"metadata", "labels", "pod-security.kubernetes.io/enforce"}));
  };
  auto there = [&] {
    return std::string(far->get("namespaces", "/there")
                           ->str({"metadata", "labels", "pod-security.kubernetes.io/enforce"}));
  };
  ask("local", "p-1", "restricted");
  ask("c-1", "p-2", "baseline");
  CHECK(w.soon([&] { return here() == "restricted" && there() == "baseline"; }));
  // Changed by hand.
  MUST(w.client->modify(w.kind("namespaces"), "", "web", [](Json& o) -> Result<bool> {
    o["metadata"]["labels"].set("pod-security.kubernetes.io/enforce", "privileged");
    return true;
  }));
  Json by_hand = *far->get("namespaces", "/there");
  by_hand["metadata"].erase("labels");
  far->put("namespaces", "/there", by_hand);
  CHECK(w.soon([&] { return here() == "restricted" && there() == "baseline"; }));
  ask("local", "p-1", "");
  ask("c-1", "p-2", "");
  CHECK(w.soon([&] { return here().empty() && there().empty(); }));
  // As older clients ask: a template for the cluster, another one for a project.
  w.create("podsecuritypolicytemplates", "",
           R"({"metadata":{"name":"strict"},"spec":{"allowPrivilegeEscalation":false,
             "requiredDropCapabilities":["ALL"]}})");
  MUST(w.client->modify(w.kind("clusters"), "", "c-1", [](Json& o) -> Result<bool> {
    o["spec"].set("defaultPodSecurityPolicyTemplateName", "strict");
    return true;
  }));
  w.create("podsecuritypolicytemplateprojectbindings", "p-1",
           R"({"metadata":{"name":"b"},"podSecurityPolicyTemplateId":"strict",
             "targetProjectId":"local:p-1"})");
  CHECK(w.soon([&] { return here() == "restricted" && there() == "restricted"; }));
  by_hand = *far->get("namespaces", "/there");
  by_hand["metadata"].erase("labels");
  far->put("namespaces", "/there", by_hand);
  CHECK(w.soon([&] { return there() == "restricted"; }));
  w.remove("podsecuritypolicytemplateprojectbindings", "p-1", "b");
  w.remove("podsecuritypolicytemplates", "", "strict");
  CHECK(w.soon([&] { return here().empty() && there().empty(); }));
}
