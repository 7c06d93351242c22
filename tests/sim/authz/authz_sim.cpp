// Random churn of roles, inheritance, bindings, clusters, projects and namespaces; then every
// answer that the RBAC objects give, in every cluster, is compared with a model that knows no
// objects: it reads the rules of who is bound where. 100,000 operations; the objects are only
// touched where the plan says that something changed, so that a change it forgets to name is found
// out too.
//   AUTHZ_OPERATIONS=1000000 AUTHZ_SEED=7 sim_authz "[plan]"
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "engine/controllers/management/rbac_plan.h"
#include "tests/sim/authz/authz_model.h"

using namespace engine;
using namespace tests::authz;

namespace {

constexpr int kUsers = 8, kTemplates = 10, kNamespaces = 12, kProjects = 6, kBindings = 40;
const std::vector<std::string> kClusters = {"local", "c-1", "c-2"};

// The RBAC objects of all clusters, as somebody who follows the plan has them.
struct Objects {
  std::map<std::pair<std::string, std::string>, Json> all;  // place, key
  void follow(RbacPlan& plan) {
    for (const auto& one : plan.take_concerned()) {
      Json wanted = plan.wanted(one.place, one.key);
      if (wanted.is_null())
        all.erase({one.place, one.key});
      else
        all[{one.place, one.key}] = std::move(wanted);
    }
  }
  struct Index {
    std::map<std::string, std::vector<PolicyRule>> roles;     // place|R key
    std::map<std::string, std::vector<const Json*>> by_user;  // place|user
  };
  Index index() const {
    Index out;
    for (const auto& [at, object] : all) {
      RbacKey named = read_rbac_key(at.second);
      if (!is_rbac_binding(named.kind))
        out.roles[at.first + "|" + at.second] = PolicyRule::parse_all(object.find("rules"));
      else
        out.by_user[at.first + "|" +
                    std::string(object.find("subjects")->as_array()[0].str("name"))]
            .push_back(&object);
    }
    return out;
  }
  static bool may(const Index& index, const std::string& place, const std::string& user,
                  const std::string& ns, const What& what) {
    auto found = index.by_user.find(place + "|" + user);
    if (found == index.by_user.end()) return false;
    Attributes asked{};
    asked.verb = what.verb;
    asked.group = what.group;
    asked.resource = what.resource;
    asked.name = what.name;
    asked.ns = ns;
    for (const Json* binding : found->second) {
      std::string of(binding->str({"metadata", "namespace"}));
      if (!of.empty() && of != ns) continue;
      const bool cluster_role = binding->str({"roleRef", "kind"}) == "ClusterRole";
      auto role =
          index.roles.find(place + "|" +
                           rbac_key(cluster_role ? RbacKind::cluster_role : RbacKind::role,
                                    cluster_role ? "" : of, binding->str({"roleRef", "name"})));
      if (role == index.roles.end()) continue;
      for (const PolicyRule& rule : role->second)
        if (rule.allows(asked)) return true;
    }
    return false;
  }
};

class Churn {
 public:
  explicit Churn(uint64_t seed) : random_(seed) {
    for (const std::string& cluster : kClusters) put_cluster(cluster, true);
  }

  void step() {
    switch (below(12)) {
      case 0:
      case 1:
        return put_role();
      case 2:
        return drop_role();
      case 3:
      case 4:
      case 5:
        return put_binding();
      case 6:
      case 7:
        return drop_binding();
      case 8:
      case 9:
      case 10:
        return move_namespace();
      default:
        return below(8) == 0 ? put_cluster(any(kClusters), below(2) == 0) : put_project();
    }
  }
  void follow() { objects_.follow(plan_); }

  void compare() {
    auto index = objects_.index();
    Asked all;
    for (int u = 0; u < kUsers; ++u)
      all.users["u-" + std::to_string(u)] = {"u-" + std::to_string(u)};
    all.clusters = kClusters;
    for (int n = 0; n < kNamespaces; ++n) all.namespaces.push_back("n-" + std::to_string(n));
    for (int p = 0; p < kProjects; ++p)
      all.projects.emplace_back(cluster_of(p), "p-" + std::to_string(p));
    auto out = tests::authz::compare(
        model_, all,
        [&](const std::string& place, const std::string& user, const Who&, const std::string& ns,
            const What& what) { return Objects::may(index, place, user, ns, what); });
    yes_ += out.yes;
    INFO(out.answers << " answers compared\n" << out.first);
    REQUIRE(out.wrong == 0);
  }
  // That the churn is about something: answers that were yes.
  size_t yes() const { return yes_; }
  // When all bindings are gone, so is everything.
  void end() {
    while (!model_.bindings.empty()) drop(model_.bindings.begin()->first);
    follow();
    CHECK(objects_.all.empty());
    CHECK(plan_.numbers().objects == 0);
    CHECK(plan_.numbers().units == 0);
  }

 private:
  uint64_t below(uint64_t n) { return random_() % n; }
  const std::string& any(const std::vector<std::string>& list) { return list[below(list.size())]; }
  static std::string cluster_of(int project) { return kClusters[project % kClusters.size()]; }
  static Json object_of(const std::string& name, const std::string& ns = {}) {
    Json out = Json::object();
    out["metadata"] = Json::object({{"name", name}, {"namespace", ns}, {"uid", "uid-" + name}});
    return out;
  }

  void put_cluster(const std::string& id, bool there) {
    Json object = object_of(id);
    plan_.put_cluster(id, there ? &object : nullptr);
    if (there)
      model_.clusters.insert(id);
    else
      model_.clusters.erase(id);
  }
  void put_project() {
    const int p = static_cast<int>(below(kProjects));
    const std::string name = "p-" + std::to_string(p), cluster = cluster_of(p);
    const bool there = below(4) != 0;
    Json object = object_of(name, cluster);
    plan_.put_project(cluster, name, there ? &object : nullptr);
    if (there)
      model_.projects[cluster].insert(name);
    else
      model_.projects[cluster].erase(name);
  }
  void put_role() {
    const uint64_t n = below(kTemplates);
    const std::string name = "rt-" + std::to_string(n);
    Model::Role role;
    role.of_project = n % 2 == 0;
    Json object = object_of(name), rules = Json::array(), parents = Json::array();
    object.set("context", role.of_project ? "project" : "cluster");
    for (uint64_t i = below(4); i > 0; --i) {
      const size_t t = below(things().size());
      const What& what = things()[t].what;
      role.things.insert(t);
      rules.push_back(rule_json({{what.verb}, {what.group}, {what.resource}, {}, {}}));
    }
    // Circles too: nobody can make one through the API, but two writes at once might.
    for (uint64_t i = below(3); i > 0; --i) {
      std::string parent = "rt-" + std::to_string(below(kTemplates));
      if (role.parents.insert(parent).second) parents.push_back(parent);
    }
    object.set("rules", std::move(rules));
    object.set("roleTemplateNames", std::move(parents));
    plan_.put_template(name, &object);
    model_.roles[name] = std::move(role);
  }
  void drop_role() {
    const std::string name = "rt-" + std::to_string(below(kTemplates));
    plan_.put_template(name, nullptr);
    model_.roles.erase(name);
  }
  void put_binding() {
    const std::string name = "b-" + std::to_string(below(kBindings));
    const bool of_project = name.size() % 2 == 0;
    Binding one;
    one.user = "u-" + std::to_string(below(kUsers));
    one.role = "rt-" + std::to_string(below(kTemplates));
    std::string ns;
    if (of_project) {
      const int p = static_cast<int>(below(kProjects));
      one.cluster = cluster_of(p);
      ns = one.project = "p-" + std::to_string(p);
    } else {
      ns = one.cluster = any(kClusters);
    }
    Json object = object_of(name, ns);
    object.set("roleTemplateName", one.role);
    object.set("userName", one.user);
    if (of_project)
      object.set("projectName", one.cluster + ":" + one.project);
    else
      object.set("clusterName", one.cluster);
    auto where = of_project ? Grant::Where::project : Grant::Where::cluster;
    plan_.put_grant(where, ns, name, &object);
    model_.bindings[Grant::id_of(where, ns, name)] = std::move(one);
  }
  void drop(const std::string& id) {
    const Binding one = model_.bindings.at(id);
    auto where = one.project.empty() ? Grant::Where::cluster : Grant::Where::project;
    plan_.put_grant(where, one.project.empty() ? one.cluster : one.project,
                    id.substr(id.rfind('/') + 1), nullptr);
    model_.bindings.erase(id);
  }
  void drop_binding() {
    if (model_.bindings.empty()) return;
    auto at = model_.bindings.begin();
    std::advance(at, below(model_.bindings.size()));
    drop(std::string(at->first));
  }
  void move_namespace() {
    const std::string ns = "n-" + std::to_string(below(kNamespaces));
    const int p = static_cast<int>(below(kProjects));
    const std::string cluster = cluster_of(p);
    const bool none = below(4) == 0;
    plan_.put_namespace(cluster, ns, none ? "" : "p-" + std::to_string(p));
    if (none)
      model_.project_of.erase({cluster, ns});
    else
      model_.project_of[{cluster, ns}] = "p-" + std::to_string(p);
  }

  std::mt19937_64 random_;
  RbacPlan plan_;
  Model model_;
  Objects objects_;
  size_t yes_ = 0;
};

}  // namespace

TEST_CASE("after any churn every answer is the model's", "[plan]") {
  const uint64_t operations = number_of("AUTHZ_OPERATIONS", 100'000);
  const uint64_t seed = number_of("AUTHZ_SEED", 20260101);
  INFO("AUTHZ_SEED=" << seed);
  Churn churn(seed);
  for (uint64_t i = 1; i <= operations; ++i) {
    churn.step();
    // Sometimes much comes before anybody looks.
    if (i % 3 != 0 || i % 1000 == 0) churn.follow();
    if (i % 1000 == 0) {
      INFO("after " << i << " operations");
      churn.compare();
    }
  }
  CHECK(churn.yes() > operations / 10);
  churn.end();
}
