// ResourceQuota and LimitRange: what is refused and in which words, and that `used` is the sum of
// what is there, whatever happens at once.
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "engine/access/admission/quota_usage.h"
#include "tests/support/engine_world.h"

using namespace engine;
using tests::json;

namespace {

struct World : tests::EngineWorld {
  Json quota(std::string_view name) { return get("", "resourcequotas", "default", name); }
  void make_quota(std::string_view name, std::string_view hard, std::string_view more = "") {
    MUST(create("resourcequotas", "default",
                R"({"metadata":{"name":")" + std::string(name) + R"("},"spec":{"hard":)" +
                    std::string(hard) + std::string(more) + "}}"));
    REQUIRE(soon([&] { return quota(name).at({"status", "used"}) != nullptr; }));
  }
  std::string used(std::string_view name) {
    Json status = quota(name);
    return dump(*status.at({"status", "used"}));
  }
};

std::string pod(std::string_view name, std::string_view resources, std::string_view more = "") {
  return R"({"metadata":{"name":")" + std::string(name) +
         R"("},"spec":{"containers":[{"name":"c","image":"i","resources":)" +
         std::string(resources) + "}]" + std::string(more) + "}}";
}

std::string why(const Result<Written>& result) {
  return result ? "made" : result.error().message();
}

}  // namespace

TEST_CASE("a quota refuses what is too much, in upstream's words, and says what is used") {
  World w;
  w.make_quota("q", R"({"pods":"2","requests.cpu":"1","limits.memory":"1Gi","count/configmaps":"3",
                       "services.nodeports":"1","requests.example.com/gpu":"1"})");
  const char* small =
      R"({"requests":{"cpu":"600m","example.com/gpu":"1"},"limits":{"memory":"1Gi",
          "example.com/gpu":"1"}})";
  REQUIRE(w.create("pods", "default", pod("a", small)));
  CHECK(w.used("q") ==
        R"({"count/configmaps":"1","limits.memory":"1Gi","pods":"1","requests.cpu":"600m",)"
        R"("requests.example.com/gpu":"1","services.nodeports":"0"})");
  CHECK(why(w.create("pods", "default", pod("b", small))) ==
        "pods \"b\" is forbidden: exceeded quota: q, requested: "
        "limits.memory=1Gi,requests.cpu=600m,requests.example.com/gpu=1, used: "
        "limits.memory=1Gi,requests.cpu=600m,requests.example.com/gpu=1, limited: "
        "limits.memory=1Gi,requests.cpu=1,requests.example.com/gpu=1");
  CHECK(why(w.create("pods", "default", pod("b", "{}"))) ==
        "pods \"b\" is forbidden: failed quota: q: must specify limits.memory for: c; "
        "requests.cpu for: c");
  REQUIRE(w.create("configmaps", "default", R"({"metadata":{"name":"m1"}})"));
  REQUIRE(w.create("configmaps", "default", R"({"metadata":{"name":"m2"}})"));
  CHECK(why(w.create("configmaps", "default", R"({"metadata":{"name":"m3"}})")) ==
        "configmaps \"m3\" is forbidden: exceeded quota: q, requested: count/configmaps=1, used: "
        "count/configmaps=3, limited: count/configmaps=3");
  // What goes is given back in the same write.
  MUST(w.client->remove(w.kind("", "configmaps"), "default", "m1", {}));
  MUST(w.client->remove(w.kind("", "pods"), "default", "a", {}));
  CHECK(w.used("q") ==
        R"({"count/configmaps":"2","limits.memory":"0","pods":"0","requests.cpu":"0",)"
        R"("requests.example.com/gpu":"0","services.nodeports":"0"})");
  CHECK(why(w.create("services", "default",
                     R"({"metadata":{"name":"s"},"spec":{"type":"NodePort",
                         "ports":[{"port":1},{"port":2,"name":"b"}]}})"))
            .find("requested: services.nodeports=2, used: services.nodeports=0") !=
        std::string::npos);
}

TEST_CASE("scopes choose what a quota counts") {
  World w;
  w.make_quota("best", R"({"pods":"1"})", R"(,"scopes":["BestEffort"])");
  w.make_quota("gold", R"({"pods":"1"})",
               R"(,"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass",
                  "operator":"In","values":["gold"]}]})");
  REQUIRE(w.create("pods", "default", pod("a", R"({"requests":{"cpu":"1"}})")));
  REQUIRE(w.create("pods", "default", pod("b", "{}")));
  CHECK_FALSE(w.create("pods", "default", pod("c", "{}")));
  REQUIRE(w.create("pods", "default",
                   pod("d", R"({"requests":{"cpu":"1"}})", R"(,"priorityClassName":"gold")")));
  CHECK_FALSE(w.create("pods", "default",
                       pod("e", R"({"requests":{"cpu":"1"}})", R"(,"priorityClassName":"gold")")));
  // A pod that is over uses nothing more.
  MUST(w.client->modify(
      w.kind("", "pods"), "default", "b",
      [](Json& object) -> Result<bool> {
        object["status"].set("phase", "Succeeded");
        return true;
      },
      "status"));
  CHECK(w.used("best") == R"({"pods":"0"})");
  CHECK(w.create("pods", "default", pod("c", "{}")));
}

TEST_CASE("quotas and limit ranges that say nonsense are refused") {
  World w;
  CHECK(
      why(w.create("resourcequotas", "default",
                   R"({"metadata":{"name":"q"},"spec":{"hard":{"foo":"1","pods":"1500m"},
                         "scopes":["BestEffort","NotBestEffort"]}})"))
          .find("spec.hard[foo]: Invalid value: \"foo\": must be a standard resource for quota") !=
      std::string::npos);
  CHECK(why(w.create("limitranges", "default",
                     R"({"metadata":{"name":"l"},"spec":{"limits":[{"type":"Container",
                         "min":{"cpu":"2"},"max":{"cpu":"1"}}]}})"))
            .find("min value 2 is greater than max value 1") != std::string::npos);
}

TEST_CASE("limit ranges fill in what containers do not name, and keep them within bounds") {
  World w;
  MUST(w.create("limitranges", "default",
                R"({"metadata":{"name":"l"},"spec":{"limits":[
                    {"type":"Container","default":{"cpu":"500m","memory":"1Gi"},
                     "defaultRequest":{"cpu":"100m"},"max":{"cpu":"1"},
                     "maxLimitRequestRatio":{"cpu":"5"}},
                    {"type":"Pod","max":{"cpu":"1500m"}},
                    {"type":"PersistentVolumeClaim","min":{"storage":"1Gi"}}]}})"));
  MUST(w.create("pods", "default", pod("a", "{}")));
  Json a = w.get("", "pods", "default", "a");
  CHECK(dump(*a.at({"spec", "containers"})) ==
        R"([{"name":"c","image":"i","resources":{"limits":{"cpu":"500m","memory":"1Gi"},)"
        R"("requests":{"cpu":"100m","memory":"1Gi"}}}])");
  CHECK(a.str({"metadata", "annotations", "kubernetes.io/limit-ranger"}) ==
        "LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for "
        "container c");
  CHECK(why(w.create("pods", "default", pod("b", R"({"limits":{"cpu":"2"}})"))) ==
        "pods \"b\" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, "
        "maximum cpu usage per Pod is 1500m, but limit is 2]");
  CHECK(why(w.create("pods", "default",
                     pod("b", R"({"requests":{"cpu":"100m"},"limits":{"cpu":"1"}})"))) ==
        "pods \"b\" is forbidden: cpu max limit to request ratio per Container is 5, but provided "
        "ratio is 10.000000");
  CHECK(why(w.create("persistentvolumeclaims", "default",
                     R"({"metadata":{"name":"p"},"spec":{"accessModes":["ReadWriteOnce"],
                         "resources":{"requests":{"storage":"1Mi"}}}})")) ==
        "persistentvolumeclaims \"p\" is forbidden: minimum storage usage per "
        "PersistentVolumeClaim is 1Gi, but request is 1Mi");
}

TEST_CASE("used is the sum of what is there under concurrent writes") {
  World w;
  w.make_quota("q", R"({"pods":"12","requests.cpu":"4","count/secrets":"9"})");
  w.make_quota("r", R"({"count/pods":"20","secrets":"30"})");
  std::atomic<int> refused = 0, wrong = 0;
  auto churn = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 150; i++) {
      const std::string name = "o" + std::to_string(random() % 12);
      const unsigned what = random() % 5;
      Result<Unit> done = Unit{};
      auto take = [&](auto result) {
        if (!result) done = result.error();
      };
      if (what <= 1)
        take(w.create(
            "pods", "default",
            pod(name, R"({"requests":{"cpu":")" + std::to_string(random() % 900 + 1) + R"(m"}})")));
      if (what == 2) take(w.client->remove(w.kind("", "pods"), "default", name, {}));
      if (what == 3)
        take(w.create("secrets", "default", R"({"metadata":{"name":")" + name + R"("}})"));
      if (what == 4) take(w.client->remove(w.kind("", "secrets"), "default", name, {}));
      if (done) continue;
      const Status& status = done.error();
      if (status.is("Forbidden")) refused++;
      if (!status.is("Forbidden") && !status.is("NotFound") && !status.is("AlreadyExists")) {
        wrong++;
        UNSCOPED_INFO(status.message());
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; i++) threads.emplace_back(churn, i + 7);
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(refused > 0);
  for (const char* name : {"q", "r"}) {
    Json quota = w.quota(name);
    const Json* hard = quota.at({"status", "hard"});
    Amounts sum;
    for (const KindPtr& kind : kinds_counted(*w.kinds->snapshot(), hard)) {
      const auto page = MUST(w.registry->list(*kind, "default", 0, "", 0));
      for (const Object& object : page.objects)
        for (const std::string& resource : resources_counted(*kind, hard))
          sum.add(resource, *usage_of(*kind, object.json()).find(resource));
    }
    CHECK(dump(sum.json()) == dump(*quota.at({"status", "used"})));
  }
}
