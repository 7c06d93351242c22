// The same churn over the whole server: users, groups, role templates with inheritance, bindings on
// clusters and projects, projects, namespaces that move, clusters that go away and come back,
// objects that somebody changes or removes by hand, all through the real registry, admission and
// controllers, with other clusters simulated. When everything has come to rest every answer is the
// model's: of RBAC here and in every cluster, and of what /v3 is decided by; and who may, as the
// access questions answer it, agrees with access reviews.
//   AUTHZ_SERVER_OPERATIONS=100000 AUTHZ_SEED=7 sim_authz "[server]"
#include <cstdio>
#include <random>

#include "engine/access/groups.h"
#include "engine/norman/access_questions.h"
#include "tests/sim/authz/authz_model.h"
#include "tests/support/authz_objects.h"
#include "tests/support/sim_cluster.h"

using namespace engine;
using namespace tests;
using namespace tests::authz;

namespace {

constexpr int kUsers = 6, kGroups = 3, kTemplates = 8, kNamespaces = 8, kProjects = 6;
constexpr int kBindings = 30;
constexpr uint64_t kCompareEvery = 1'000;
const std::vector<std::string> kClusters = {"local", "c-1", "c-2"};

class ServerChurn {
 public:
  explicit ServerChurn(uint64_t seed) : w_(&ways_), random_(seed) {
    for (const std::string& id : kClusters)
      if (id != "local") far_[id] = ways_.add(w_.env, id);
    w_.start();
    for (const std::string& id : kClusters) {
      add_cluster(w_, id);
      model_.clusters.insert(id);
      if (id != "local") w_.way_changed(id);
    }
    for (int u = 0; u < kUsers; ++u) {
      add_user(w_, user(u));
      Who& who = asked_.users[user(u)];
      who.insert(user(u));
      for (int g = 0; g < kGroups; ++g)
        if ((u + g) % 3 == 0) who.insert(group(g));
    }
    asked_.clusters = kClusters;
    for (int n = 0; n < kNamespaces; ++n) asked_.namespaces.push_back(ns(n));
    for (int n = 0; n < kNamespaces; ++n) add_namespace(w_, ns(n), "none");
    for (int p = 0; p < kProjects; ++p) add_project_now();
  }

  void step() {
    switch (below(16)) {
      case 0:
      case 1:
        return put_role();
      case 2:
        return drop_role();
      case 3:
      case 4:
      case 5:
      case 6:
        return put_binding();
      case 7:
      case 8:
        return drop_binding();
      case 9:
      case 10:
      case 11:
        return move();
      case 12:
        return below(4) == 0 ? way() : drift();
      case 13:
        return below(6) == 0 ? end_project() : put_binding();
      default:
        return drift();
    }
  }

  void compare() {
    for (auto& [id, cluster] : far_) open(id);
    size_t wrong = 1;
    Compared out;
    // What was changed by hand a moment ago may still be on its way back.
    for (int tries = 0; wrong != 0 && tries < 40; ++tries) {
      REQUIRE(w_.soon([&] { return w_.authorization->at_rest(); }, 6'000));
      out = tests::authz::compare(
          model_, asked_,
          [&](const std::string& place, const std::string& user, const Who& who,
              const std::string& in, const What& what) { return may(place, user, who, in, what); });
      wrong = out.wrong;
      if (wrong != 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    yes_ += out.yes;
    INFO(out.answers << " answers compared\n" << out.first);
    REQUIRE(wrong == 0);
    questions_agree();
  }
  size_t yes() const { return yes_; }

  // When all bindings are gone, nothing of ours is left in any cluster.
  void end() {
    while (!model_.bindings.empty()) drop(std::string(model_.bindings.begin()->first));
    for (auto& [id, cluster] : far_) open(id);
    for (auto& [id, cluster] : far_)
      for (const char* plural : {"clusterroles", "clusterrolebindings", "rolebindings"})
        CHECK(w_.soon([&, c = cluster] { return c->count(plural) == 0; }, 2'000));
    CHECK(w_.soon([&] { return ours_here() == static_cast<size_t>(kUsers) * 2; }, 2'000));
  }

 private:
  static std::string user(int n) { return "u-" + std::to_string(n); }
  static std::string group(int n) { return "okta_group://g-" + std::to_string(n); }
  static std::string ns(int n) { return "n-" + std::to_string(n); }
  uint64_t below(uint64_t n) { return random_() % n; }
  template <class List>
  const auto& any(const List& list) {
    return *std::next(list.begin(), static_cast<ptrdiff_t>(below(list.size())));
  }

  bool may(const std::string& place, const std::string& name, const Who& who, const std::string& in,
           const What& what) {
    if (place == "local") {
      std::vector<std::string> groups;
      for (const std::string& one : who)
        if (one != name) groups.push_back(one);
      return w_.may(name, what.verb, what.group, what.resource, in, what.name, groups);
    }
    for (const std::string& one : who)
      if (far_[place]->may((one == name ? "u:" : "g:") + one, what.verb, what.resource, in,
                           what.group))
        return true;
    return false;
  }

  // Who may, as the questions answer it for this server's namespaces, is who is allowed.
  void questions_agree() {
    AccessQuestions questions({w_.grants, *w_.authorizer, w_.dispatcher, *w_.kinds, groups_});
    const User root{.name = "root", .uid = {}, .groups = {"system:masters"}};
    for (const Thing& thing : things()) {
      if (thing.reach != Reach::in_cluster) continue;
      for (const std::string& in : asked_.namespaces) {
        Json question = Json::object({{"verb", thing.what.verb},
                                      {"apiGroup", thing.what.group},
                                      {"resource", thing.what.resource},
                                      {"clusterId", "local"},
                                      {"namespace", in}});
        const Json said = MUST(questions.answer(root, question));
        std::set<std::string> holders;
        for (const Json& one : said.find("answers")->as_array())
          holders.emplace(one.str({"subject", "id"}));
        for (const auto& [name, who] : asked_.users) {
          bool named = false;
          for (const std::string& one : who) named = named || holders.count(one);
          INFO(name << " " << thing.what.verb << " " << thing.what.resource << " in " << in);
          REQUIRE(named == may("local", name, who, in, thing.what));
        }
      }
    }
  }

  size_t ours_here() {
    size_t out = 0;
    for (const char* plural : {"roles", "clusterroles", "rolebindings", "clusterrolebindings"})
      for (const auto& object :
           MUST(w_.registry->list(w_.kind(plural), "", storage::kLatest, "", 0)).objects)
        out += is_made_by_us(object.json()) ? 1 : 0;
    return out;
  }

  void add_project_now() {
    const std::string name = "p-" + std::to_string(++projects_made_), cluster = any(kClusters);
    add_project(w_, cluster, name);
    model_.projects[cluster].insert(name);
    asked_.projects.emplace_back(cluster, name);
  }
  // Its bindings go with it; another one takes its place.
  void end_project() {
    const size_t at = below(asked_.projects.size());
    const auto [cluster, name] = asked_.projects[at];
    w_.remove("projects", cluster, name);
    std::erase_if(model_.bindings,
                  [&, gone = name](const auto& entry) { return entry.second.project == gone; });
    model_.projects[cluster].erase(name);
    asked_.projects.erase(asked_.projects.begin() + static_cast<ptrdiff_t>(at));
    add_project_now();
  }

  void put_role() {
    const uint64_t n = below(kTemplates);
    const std::string name = "rt-" + std::to_string(n);
    Model::Role role;
    Json rules = Json::array(), parents = Json::array();
    for (uint64_t i = below(4); i > 0; --i) {
      const size_t t = below(things().size());
      const What& what = things()[t].what;
      role.things.insert(t);
      rules.push_back(rule_json({{what.verb}, {what.group}, {what.resource}, {}, {}}));
    }
    for (uint64_t i = n == 0 ? 0 : below(3); i > 0; --i) {
      std::string parent = "rt-" + std::to_string(below(n));
      if (role.parents.insert(parent).second) parents.push_back(parent);
    }
    auto set = [&](Json& object) {
      object.set("rules", rules);
      object.set("roleTemplateNames", parents);
    };
    if (model_.roles.count(name)) {
      MUST(w_.registry->modify(w_.kind("roletemplates"), "", name, AuthzWorld::as_server(),
                               [&](Json& object) -> Result<bool> {
                                 set(object);
                                 return true;
                               }));
    } else {
      Json object = Json::object({{"metadata", Json::object({{"name", name}})},
                                  {"displayName", name},
                                  {"context", n % 2 == 0 ? "project" : "cluster"}});
      set(object);
      w_.create("roletemplates", "", dump(object));
    }
    model_.roles[name] = std::move(role);
  }
  void drop_role() {
    const std::string name = "rt-" + std::to_string(below(kTemplates));
    if (!model_.roles.count(name)) return;
    // Whoever uses it is left with nothing of it; the server itself may do that, nobody else.
    w_.remove("roletemplates", "", name);
    model_.roles.erase(name);
  }
  void put_binding() {
    if (model_.roles.empty() || model_.bindings.size() >= kBindings) return drop_binding();
    const std::string name = "b-" + std::to_string(++bindings_made_);
    Binding one;
    const bool to_group = below(4) == 0;
    one.user =
        to_group ? group(static_cast<int>(below(kGroups))) : user(static_cast<int>(below(kUsers)));
    one.role = any(model_.roles).first;
    const std::string whom =
        (to_group ? R"("groupPrincipalName":")" : R"("userName":")") + one.user + "\"";
    std::string in;
    Grant::Where where = Grant::Where::project;
    if (below(3) != 0) {
      std::tie(one.cluster, one.project) = any(asked_.projects);
      in = one.project;
      bind_project(w_, one.cluster, one.project, name, one.role, whom);
    } else {
      where = Grant::Where::cluster;
      in = one.cluster = any(kClusters);
      bind_cluster(w_, one.cluster, name, one.role, whom);
    }
    model_.bindings[Grant::id_of(where, in, name)] = std::move(one);
  }
  void drop(const std::string& id) {
    const Binding one = model_.bindings.at(id);
    const bool wide = one.project.empty();
    w_.remove(wide ? "clusterroletemplatebindings" : "projectroletemplatebindings",
              wide ? one.cluster : one.project, id.substr(id.rfind('/') + 1));
    model_.bindings.erase(id);
  }
  void drop_binding() {
    if (!model_.bindings.empty()) drop(std::string(any(model_.bindings).first));
  }
  void move() {
    const std::string name = ns(static_cast<int>(below(kNamespaces)));
    auto [cluster, project] = any(asked_.projects);
    const bool none = below(4) == 0;
    if (cluster == "local")
      move_namespace(w_, name, none ? "none" : project);
    else
      far_[cluster]->set_namespace(name, none ? "" : cluster + ":" + project);
    if (none)
      model_.project_of.erase({cluster, name});
    else
      model_.project_of[{cluster, name}] = project;
  }
  void way() {
    auto& [id, cluster] = *std::next(far_.begin(), static_cast<ptrdiff_t>(below(far_.size())));
    if (away_.count(id)) return open(id);
    away_.insert(id);
    ways_.open(id, "no");
    cluster->reachable("no");
    w_.way_changed(id);
  }
  void open(const std::string& id) {
    if (away_.erase(id) == 0) return;
    far_[id]->reachable("yes");
    ways_.open(id, "yes");
    w_.way_changed(id);
  }
  // Somebody with kubectl: an object of ours is removed, or says something else.
  void drift() {
    static constexpr const char* kPlurals[] = {"rolebindings", "clusterrolebindings",
                                               "clusterroles"};
    const std::string plural = kPlurals[below(3)], place = any(kClusters);
    if (place != "local") {
      auto all = far_[place]->all(plural);
      if (all.empty()) return;
      auto [key, object] = any(all);
      if (below(2) == 0) return far_[place]->erase(plural, key);
      object.set(
          plural == "clusterroles" ? "rules" : "subjects",
          plural == "clusterroles" ? Json::array() : json(R"([{"kind":"User","name":"u-0"}])"));
      return far_[place]->put(plural, key, std::move(object));
    }
    const auto page = MUST(w_.registry->list(w_.kind(plural), "", storage::kLatest, "", 0));
    std::vector<Json> ours;
    for (const auto& object : page.objects)
      if (Json one = object.json(); is_made_by_us(one)) ours.push_back(std::move(one));
    if (ours.empty()) return;
    const Json& one = any(ours);
    const std::string in(one.str({"metadata", "namespace"})), name(one.str({"metadata", "name"}));
    // It may be gone by itself meanwhile.
    if (below(2) == 0)
      (void)w_.registry->remove(w_.kind(plural), in, name, {.user = server_user()});
    else
      (void)w_.registry->modify(w_.kind(plural), in, name, AuthzWorld::as_server(),
                                [&](Json& object) -> Result<bool> {
                                  if (plural == "clusterroles") object.set("rules", Json::array());
                                  object["metadata"].erase("ownerReferences");
                                  return true;
                                });
  }

  SimWays ways_;
  AuthzWorld w_;
  Groups groups_{w_.dispatcher, *w_.kinds};
  std::mt19937_64 random_;
  Model model_;
  Asked asked_;
  std::map<std::string, std::shared_ptr<SimCluster>> far_;
  std::set<std::string> away_;
  int projects_made_ = 0, bindings_made_ = 0;
  size_t yes_ = 0;
};

}  // namespace

TEST_CASE("after any churn of the whole server every answer is the model's", "[server]") {
  const uint64_t operations = number_of("AUTHZ_SERVER_OPERATIONS", 6'000);
  const uint64_t seed = number_of("AUTHZ_SEED", 20260202);
  INFO("AUTHZ_SEED=" << seed);
  ServerChurn churn(seed);
  const auto begun = std::chrono::steady_clock::now();
  for (uint64_t i = 1; i <= operations; ++i) {
    churn.step();
    if (i % kCompareEvery != 0) continue;
    INFO("after " << i << " operations");
    churn.compare();
  }
  CHECK(churn.yes() > operations / 100);
  churn.end();
  std::printf("%llu operations: every answer is the model's; %.1f s\n",
              static_cast<unsigned long long>(operations),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
}
