// A large installation: 1,000 users, 100 projects, 20 clusters, on the real registry, controllers
// and dispatcher over a memory store. Prints how long it takes until everything is in force
// everywhere, and the memory that it takes.
//   sim_authz "[scale]"
#include <cstdio>
#include <fstream>

#include "tests/support/authz_objects.h"
#include "tests/support/sim_cluster.h"

using namespace engine;
using namespace tests;

namespace {

constexpr int kUsers = 1'000, kProjects = 100, kClusters = 20, kNamespacesEach = 3;

double resident_mib() {
  std::ifstream status("/proc/self/statm");
  size_t whole = 0, resident = 0;
  status >> whole >> resident;
  return static_cast<double>(resident) * 4096 / (1 << 20);
}

std::string name(const char* prefix, int n) {
  return prefix + std::to_string(n);
}

struct Clock {
  std::chrono::steady_clock::time_point from = std::chrono::steady_clock::now();
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  }
};

}  // namespace

TEST_CASE("a large installation comes to rest", "[scale]") {
  SimWays ways;
  AuthzWorld w(&ways);
  w.start();
  add_template(w, "edit", R"("context":"project","external":true)");
  add_template(w, "member", R"("context":"project","roleTemplateNames":["edit"],"rules":[
    {"apiGroups":["management.cattle.io"],"resources":["projectroletemplatebindings"],
     "verbs":["get","list","watch"]},
    {"apiGroups":[""],"resources":["persistentvolumes"],"verbs":["get","list","watch"]},
    {"apiGroups":[""],"resources":["namespaces"],"verbs":["create"]}])");
  std::vector<std::shared_ptr<SimCluster>> far;
  double before = resident_mib();
  Clock clock;
  for (int c = 0; c < kClusters; ++c) {
    far.push_back(ways.add(w.env, name("c-", c)));
    add_cluster(w, name("c-", c));
  }
  for (int p = 0; p < kProjects; ++p) {
    const int c = p % kClusters;
    add_project(w, name("c-", c), name("p-", p));
    for (int n = 0; n < kNamespacesEach; ++n)
      far[c]->set_namespace(name("n-", p * kNamespacesEach + n),
                            name("c-", c) + ":" + name("p-", p));
  }
  for (int c = 0; c < kClusters; ++c) w.way_changed(name("c-", c));
  for (int u = 0; u < kUsers; ++u) {
    add_user(w, name("u-", u));
    const int p = u % kProjects;
    bind_project(w, name("c-", p % kClusters), name("p-", p), name("b-", u), "member",
                 R"("userName":")" + name("u-", u) + "\"");
  }
  const double written = clock.seconds();
  REQUIRE(w.soon([&] { return w.authorization->at_rest(); }, 24'000));
  const double rest = clock.seconds();
  size_t there = 0;
  for (auto& cluster : far)
    for (const char* plural : {"clusterroles", "clusterrolebindings", "rolebindings"})
      there += cluster->count(plural);
  auto plan = w.authorization->plan_numbers();
  // Every user in every namespace of their project, and nowhere else.
  for (int u = 0; u < kUsers; u += 7) {
    const int p = u % kProjects, c = p % kClusters;
    const std::string who = "u:" + name("u-", u);
    CHECK(far[c]->may(who, "create", "namespaces", ""));
    for (int n = 0; n < kNamespacesEach; ++n) CHECK(far[c]->all("rolebindings").size() > 0);
    CHECK(w.may(name("u-", u), "get", "management.cattle.io", "projects", name("c-", c),
                name("p-", p)));
    CHECK_FALSE(w.may(name("u-", u), "get", "management.cattle.io", "projects", name("c-", c),
                      name("p-", (p + kClusters) % kProjects)));
  }
  CHECK(there > static_cast<size_t>(kUsers) * kNamespacesEach * 2);
  std::printf(
      "%d users, %d projects, %d clusters: written in %.1f s, at rest after %.1f s; %zu objects "
      "there, %zu planned in %zu units; %.0f MiB (the clusters' own objects, held by this test, "
      "included)\n",
      kUsers, kProjects, kClusters, written, rest, there, plan.objects, plan.units,
      resident_mib() - before);
  CHECK(rest < 120);

  // A binding that goes, with everything busy or not, is gone at once.
  Clock removal;
  w.remove("projectroletemplatebindings", "p-0", "b-0");
  REQUIRE(w.soon([&] {
    return !w.may("u-0", "get", "management.cattle.io", "projects", "c-0", "p-0") &&
           !far[0]->may("u:u-0", "create", "namespaces", "");
  }));
  std::printf("a binding removed: gone here and there after %.0f ms\n", removal.seconds() * 1e3);
}
