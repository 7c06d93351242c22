// Projects' quotas over their namespaces: what is given, what is refused, and that what is used is
// the sum of its parts whatever happens at once.
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "engine/access/admission/project_limits.h"
#include "tests/support/engine_world.h"

using namespace engine;
using tests::json;

namespace {

constexpr std::string_view kGroup = "management.cattle.io";

struct World : tests::EngineWorld {
  World() { MUST(client->create(kind("", "namespaces"), "", named("local"))); }

  Result<Written> make_project(std::string_view name, std::string_view limit,
                               std::string_view otherwise, std::string_view more = "") {
    std::string spec = R"({"clusterName":"local","displayName":"P")";
    if (!limit.empty()) spec += R"(,"resourceQuota":{"limit":)" + std::string(limit) + "}";
    if (!otherwise.empty())
      spec += R"(,"namespaceDefaultResourceQuota":{"limit":)" + std::string(otherwise) + "}";
    return create(kGroup, "projects", "local",
                  json(R"({"metadata":{"name":")" + std::string(name) + R"("},"spec":)" + spec +
                       std::string(more) + "}}"));
  }
  Json project(std::string_view name) { return get(kGroup, "projects", "local", name); }
  std::string used(std::string_view name) {
    Json object = project(name);
    const Json* used = object.at({"spec", "resourceQuota", "usedLimit"});
    return used ? dump(*used) : "none";
  }
  Result<Written> make_namespace(std::string_view name, std::string_view project,
                                 std::string_view quota = "") {
    Json object = named(name);
    Json& annotations = object.make({"metadata", "annotations"});
    annotations.set(kProjectIdAnnotation, "local:" + std::string(project));
    if (!quota.empty())
      annotations.set(kQuotaAnnotation, R"({"limit":)" + std::string(quota) + "}");
    return create("", "namespaces", "", std::move(object));
  }
  Result<Written> move(std::string_view name, std::string_view project) {
    return client->modify(kind("", "namespaces"), "", name, [&](Json& object) -> Result<bool> {
      object.make({"metadata", "annotations"})
          .set(kProjectIdAnnotation, "local:" + std::string(project));
      return true;
    });
  }
  // The one object of a kind that is kept in the namespace.
  Json managed(std::string_view plural, std::string_view ns) {
    auto page = MUST(registry->list(kind("", plural), ns, 0, "", 0));
    for (const Object& object : page.objects)
      if (object.json().str({"metadata", "labels", kManagedQuotaLabel}) == "true")
        return object.json();
    return {};
  }
  std::string hard(std::string_view ns) {
    Json quota = managed("resourcequotas", ns);
    const Json* found = quota.at({"spec", "hard"});
    return found ? dump(*found) : "none";
  }
};

std::string fault(const Result<Written>& result) {
  if (result) return "made";
  const Status& status = result.error();
  return status.reason() + " " + (status.causes().empty() ? "" : status.causes()[0].field) + " " +
         status.message();
}

}  // namespace

TEST_CASE("a project's quotas come together, with the same fields, and within each other") {
  World w;
  CHECK(fault(w.make_project("a", R"({"pods":"10"})", ""))
            .find("MissingRequired namespaceDefaultResourceQuota") == 0);
  CHECK(fault(w.make_project("a", "", R"({"pods":"10"})")).find("MissingRequired resourceQuota") ==
        0);
  CHECK(fault(w.make_project("a", R"({"pods":"10"})", R"({"pods":"1","secrets":"1"})"))
            .find("MissingRequired resourceQuota") == 0);
  CHECK(fault(w.make_project("a", R"({"pods":"10"})", R"({"pods":"11"})"))
            .find("MaxLimitExceeded namespaceDefaultResourceQuota") == 0);
  CHECK(fault(w.make_project("a", R"({"pods":"many"})", R"({"pods":"1"})"))
            .find("InvalidFormat resourceQuota") == 0);
  CHECK(fault(w.make_project("a", R"({"pods":"10"})", R"({"pods":"10"})")) == "made");
}

TEST_CASE("namespaces take their part of a project's quota, and carry it") {
  World w;
  MUST(w.make_project("a", R"({"pods":"10","limitsCpu":"2","extended":{"requests.x.io/gpu":"4"}})",
                      R"({"pods":"4","limitsCpu":"500m","extended":{"requests.x.io/gpu":"1"}})",
                      R"(,"containerDefaultResourceLimit":{"limitsCpu":"100m"})"));
  MUST(w.make_namespace("one", "a"));
  CHECK(w.used("a") == R"({"extended":{"requests.x.io/gpu":"1"},"limitsCpu":"500m","pods":"4"})");
  CHECK(w.soon([&] {
    return w.hard("one") == R"({"pods":"4","limits.cpu":"500m","requests.x.io/gpu":"1"})";
  }));
  CHECK(w.soon([&] {
    Json range = w.managed("limitranges", "one");
    const Json* limits = range.at({"spec", "limits"});
    return limits && dump(*limits) == R"([{"type":"Container","default":{"cpu":"100m"},)"
                                      R"("defaultRequest":{"cpu":"100m"}}])";
  }));
  CHECK(w.soon([&] {
    return w.get("", "namespaces", "", "one")
               .str({"metadata", "annotations", kNamespaceStatusAnnotation})
               .find(R"("Type":"ResourceQuotaValidated","Status":"True")") != std::string::npos;
  }));
  // Its own part, completed with the default; what does not fit is refused with the field named.
  MUST(w.make_namespace("two", "a", R"({"pods":"5"})"));
  CHECK(fault(w.make_namespace("three", "a")) ==
        "MaxLimitExceeded resourceQuota exceeds the limit of project a on fields: pods");
  // What somebody takes away or changes comes back.
  Json quota = w.managed("resourcequotas", "one");
  MUST(w.client->remove(w.kind("", "resourcequotas"), "one", quota.str({"metadata", "name"}), {}));
  CHECK(w.soon([&] { return w.hard("one") != "none"; }));
  // A limit below what is used is refused; a namespace that ends gives its part back.
  auto lower =
      w.client->modify(w.kind(kGroup, "projects"), "local", "a", [](Json& object) -> Result<bool> {
        object.make({"spec", "resourceQuota", "limit"}).set("pods", "8");
        return true;
      });
  CHECK(fault(lower).find("MaxLimitExceeded resourceQuota") == 0);
  MUST(w.client->remove(w.kind("", "namespaces"), "", "two", {}));
  CHECK(w.used("a").find(R"("pods":"4")") != std::string::npos);
}

TEST_CASE("a namespace moves with its part, or not at all") {
  World w;
  MUST(w.make_project("a", R"({"pods":"10"})", R"({"pods":"4"})"));
  MUST(w.make_project("b", R"({"pods":"5","secrets":"9"})", R"({"pods":"1","secrets":"2"})"));
  MUST(w.make_project("c", "", ""));
  MUST(w.make_namespace("n", "a"));
  MUST(w.make_namespace("m", "a", R"({"pods":"3"})"));
  MUST(w.move("n", "b"));
  CHECK(w.used("a") == R"({"pods":"3"})");
  CHECK(w.used("b") == R"({"pods":"4","secrets":"2"})");
  CHECK(w.get("", "namespaces", "", "n").str({"metadata", "labels", kProjectIdAnnotation}) == "b");
  CHECK(fault(w.move("m", "b")).find("MaxLimitExceeded resourceQuota") == 0);
  CHECK(w.used("a") == R"({"pods":"3"})");
  MUST(w.move("n", "c"));
  CHECK(w.used("b") == R"({})");
  CHECK(w.soon([&] { return w.hard("n") == "none"; }));
}

TEST_CASE(
    "a quota that comes later is given to the namespaces that are there; one that goes, goes") {
  World w;
  MUST(w.make_project("a", "", ""));
  for (const char* name : {"n1", "n2", "n3"}) MUST(w.make_namespace(name, "a"));
  auto set = [&](std::string_view quota, std::string_view otherwise) {
    MUST(w.client->modify(w.kind(kGroup, "projects"), "local", "a",
                          [&](Json& object) -> Result<bool> {
                            object["spec"].set("resourceQuota", json(quota));
                            object["spec"].set("namespaceDefaultResourceQuota", json(otherwise));
                            return true;
                          }));
  };
  set(R"({"limit":{"pods":"5"}})", R"({"limit":{"pods":"2"}})");
  CHECK(w.soon([&] { return w.used("a") == R"({"pods":"4"})"; }));
  // The third does not fit: it says so, and may hold nothing.
  int refused = 0;
  CHECK(w.soon([&] {
    refused = 0;
    for (const char* name : {"n1", "n2", "n3"})
      if (w.hard(name) == R"({"pods":"0"})" &&
          w.get("", "namespaces", "", name)
                  .str({"metadata", "annotations", kNamespaceStatusAnnotation})
                  .find("exceeds the limit of project a") != std::string::npos)
        refused++;
    return refused == 1;
  }));
  set("{}", "{}");
  CHECK(w.soon([&] {
    return w.used("a") == "none" && w.hard("n1") == "none" && w.hard("n2") == "none" &&
           w.hard("n3") == "none";
  }));
}

TEST_CASE("a project that ends lets its namespaces go; the default project stays") {
  World w;
  MUST(w.create(kGroup, "clusters", "", json(R"({"metadata":{"name":"local"},"spec":{}})")));
  MUST(w.make_project("a", R"({"pods":"5"})", R"({"pods":"2"})"));
  MUST(w.make_namespace("n", "a"));
  REQUIRE(w.soon([&] { return w.hard("n") != "none"; }));
  MUST(w.client->remove(w.kind(kGroup, "projects"), "local", "a", {}));
  CHECK(w.soon([&] { return w.project("a").is_null(); }));
  Json n = w.get("", "namespaces", "", "n");
  CHECK(n.str({"metadata", "annotations", kProjectIdAnnotation}).empty());
  CHECK(n.str({"metadata", "labels", kProjectIdAnnotation}).empty());
  CHECK(w.soon([&] { return w.hard("n") == "none"; }));
  Json first = json(R"({"metadata":{"name":"d","labels":{
      "authz.management.cattle.io/default-project":"true"}},"spec":{"displayName":"Default"}})");
  MUST(w.create(kGroup, "projects", "local", first));
  CHECK_FALSE(w.client->remove(w.kind(kGroup, "projects"), "local", "d", {}));
}

TEST_CASE("what a member of one project makes lands in that project") {
  World w;
  MUST(w.make_project("a", "", ""));
  MUST(w.create("", "namespaces", "", World::named("a")));
  MUST(w.create(kGroup, "projectroletemplatebindings", "a",
                json(R"({"metadata":{"name":"b"},"userName":"u-1","projectName":"local:a",
                         "roleTemplateName":"project-member"})")));
  WriteOptions as{.user = {.name = "u-1", .groups = {"system:authenticated"}}};
  Json mine = MUST(w.registry->create(w.kind("", "namespaces"), "", World::named("mine"), as))
                  .object.json();
  CHECK(mine.str({"metadata", "annotations", kProjectIdAnnotation}) == "local:a");
  CHECK(mine.str({"metadata", "labels", kProjectIdAnnotation}) == "a");
  Json other = World::named("other");
  other.make({"metadata", "annotations"}).set(kProjectIdAnnotation, "local:b");
  CHECK_FALSE(w.registry->create(w.kind("", "namespaces"), "", other, as));
}

TEST_CASE("used is the sum of the namespaces' parts under concurrent creates, deletes and moves") {
  World w;
  for (const char* name : {"a", "b", "c"})
    MUST(w.make_project(name, R"({"pods":"20","limitsCpu":"3"})",
                        R"({"pods":"2","limitsCpu":"250m"})"));
  std::atomic<int> refused = 0, wrong = 0;
  auto churn = [&](unsigned seed) {
    std::mt19937 random(seed);
    const char* projects[] = {"a", "b", "c"};
    for (int i = 0; i < 120; i++) {
      const std::string name = "n" + std::to_string(random() % 14);
      const char* project = projects[random() % 3];
      auto note = [&](const auto& result) {
        if (result) return;
        const Status& status = result.error();
        if (status.is("MaxLimitExceeded"))
          refused++;
        else if (!status.is("NotFound") && !status.is("AlreadyExists") && !status.is("Forbidden"))
          wrong++;
      };
      switch (random() % 4) {
        case 0:
          note(w.make_namespace(name, project));
          break;
        case 1:
          note(w.make_namespace(name, project,
                                R"({"pods":")" + std::to_string(random() % 9) + R"("})"));
          break;
        case 2:
          note(w.move(name, project));
          break;
        default:
          if (random() % 2) note(w.client->remove(w.kind("", "namespaces"), "", name, {}));
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; i++) threads.emplace_back(churn, i + 3);
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(refused > 0);
  auto sums = [&] {
    std::map<std::string, Amounts> parts;
    auto page = MUST(w.registry->list(w.kind("", "namespaces"), "", 0, "", 0));
    for (const Object& object : page.objects) {
      Json ns = object.json();
      if (ns.str({"metadata", "deletionTimestamp"}).empty())
        parts[std::string(project_in("local", ns))].add(namespace_limit(ns));
    }
    std::string out;
    for (const char* name : {"a", "b", "c"}) {
      parts[name].drop_zeros();
      out += dump(limit_json(parts[name])) + "|";
    }
    return out;
  };
  CHECK(
      w.soon([&] { return sums() == w.used("a") + "|" + w.used("b") + "|" + w.used("c") + "|"; }));
}

TEST_CASE("a project's secrets are in every namespace of the project, and nowhere else") {
  World w;
  for (const char* name : {"a", "b"}) {
    MUST(w.make_project(name, "", ""));
    MUST(w.create("", "namespaces", "", World::named(name)));  // the project's own
  }
  MUST(w.make_namespace("n1", "a"));
  MUST(w.create("secrets", "n1", R"({"metadata":{"name":"mine"},"data":{"k":"MQ=="}})"));
  auto secret = [&](std::string_view ns, std::string_view name) {
    return std::string(w.get("", "secrets", ns, name).str({"data", "k"}));
  };
  MUST(w.create("secrets", "a", R"({"metadata":{"name":"s"},"data":{"k":"Mg=="}})"));
  MUST(w.create("secrets", "a", R"({"metadata":{"name":"mine"},"data":{"k":"Mg=="}})"));
  CHECK(w.soon([&] { return secret("n1", "s") == "Mg=="; }));
  MUST(w.make_namespace("n2", "a"));
  CHECK(w.soon([&] { return secret("n2", "s") == "Mg==" && secret("n2", "mine") == "Mg=="; }));
  MUST(w.client->modify(w.kind("", "secrets"), "a", "s", [](Json& object) -> Result<bool> {
    object["data"].set("k", "Mw==");
    return true;
  }));
  CHECK(w.soon([&] { return secret("n1", "s") == "Mw==" && secret("n2", "s") == "Mw=="; }));
  // A copy that somebody changes or removes comes back.
  MUST(w.client->remove(w.kind("", "secrets"), "n1", "s", {}));
  CHECK(w.soon([&] { return secret("n1", "s") == "Mw=="; }));
  MUST(w.move("n2", "b"));
  CHECK(w.soon([&] { return secret("n2", "s").empty() && secret("n2", "mine").empty(); }));
  MUST(w.client->remove(w.kind("", "secrets"), "a", "s", {}));
  CHECK(w.soon([&] { return secret("n1", "s").empty(); }));
  CHECK(secret("n1", "mine") == "MQ==");
}
