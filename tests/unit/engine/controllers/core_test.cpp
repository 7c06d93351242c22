#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <thread>

#include "engine/access/admission/lifecycle.h"
#include "engine/controllers/controller_set.h"
#include "engine/controllers/core/bootstrap.h"
#include "engine/controllers/core/custom_resource_definitions.h"
#include "engine/controllers/runtime/store_key.h"
#include "tests/support/engine_threads.h"

using namespace engine;
using tests::json;

namespace {

// The whole engine below the API on real threads: writes, controllers, admission.
struct Cluster : tests::EngineThreads {
  Cluster() {
    std::vector<std::unique_ptr<Admission>> admission;
    admission.push_back(make_lifecycle_admission(store, dispatcher, *kinds));
    make(std::move(admission));
    MUST(ensure_bootstrap_objects(env, *client));
    MUST(set->start());
  }
  const Kind& kind(std::string_view group, std::string_view plural) {
    held.push_back(kinds->snapshot()->stored(group, plural));
    REQUIRE(held.back() != nullptr);
    return *held.back();
  }
  bool there(const Kind& k, std::string_view ns, std::string_view name) {
    return registry->get(k, ns, name).ok();
  }
  Json get(const Kind& k, std::string_view ns, std::string_view name) {
    return MUST(registry->get(k, ns, name)).json();
  }
  Json create(const Kind& k, std::string_view ns, std::string_view text) {
    return MUST(client->create(k, ns, json(text))).object.json();
  }
  // A child of `owner`.
  Json owned(const Kind& k, std::string_view ns, std::string_view name, const Json& owner,
             bool blocks = false) {
    Json object = Json::object({{"metadata", Json::object({{"name", Json(name)}})}});
    object.make({"metadata", "ownerReferences"})
        .push_back(Json::object({{"apiVersion", Json(owner.str("apiVersion"))},
                                 {"kind", Json(owner.str("kind"))},
                                 {"name", Json(owner.str({"metadata", "name"}))},
                                 {"uid", Json(owner.str({"metadata", "uid"}))},
                                 {"blockOwnerDeletion", Json(blocks)}}));
    return MUST(client->create(k, ns, std::move(object))).object.json();
  }
  std::vector<KindPtr> held;
};

constexpr const char* kCrd = R"({"metadata":{"name":"widgets.x.io"},"spec":{"group":"x.io",
  "scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1",
  "served":true,"storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{
  "type":"object","properties":{"spec":{"type":"object","properties":{"n":{"type":"integer"}}},
  "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}})";

}  // namespace

TEST_CASE("a new store has what a cluster has", "[controllers][bootstrap]") {
  Cluster c;
  const Kind& ns = c.kind("", "namespaces");
  for (std::string_view name : {"default", "kube-system", "kube-public", "kube-node-lease"})
    CHECK(c.there(ns, "", name));
  const Kind& roles = c.kind("rbac.authorization.k8s.io", "clusterroles");
  CHECK(c.there(roles, "", "cluster-admin"));
  CHECK(c.there(c.kind("rbac.authorization.k8s.io", "clusterrolebindings"), "", "cluster-admin"));
  CHECK(c.soon([&] {
    const Json view = c.get(roles, "", "view");
    const Json* rules = view.find("rules");
    return rules != nullptr && rules->size() > 0;
  }));
  CHECK(c.soon([&] { return c.there(c.kind("", "serviceaccounts"), "default", "default"); }));
  CHECK(c.soon([&] { return c.there(c.kind("", "configmaps"), "default", "kube-root-ca.crt"); }));

  SECTION("and gets it back") {
    REQUIRE(c.client->remove(c.kind("", "serviceaccounts"), "default", "default", {}));
    CHECK(c.soon([&] { return c.there(c.kind("", "serviceaccounts"), "default", "default"); }));
    REQUIRE(c.client->modify(roles, "", "system:discovery", [](Json& object) -> Result<bool> {
      object["rules"] = Json::array();
      return true;
    }));
    uint64_t before = MUST(c.store.current());
    MUST(ensure_bootstrap_objects(c.env, *c.client));
    CHECK(c.get(roles, "", "system:discovery").find("rules")->size() > 0);
    CHECK(MUST(c.store.current()) <= before + 3);  // only what was missing is written
  }
}

TEST_CASE("a namespace ends with everything in it", "[controllers]") {
  Cluster c;
  const Kind& ns = c.kind("", "namespaces");
  const Kind& maps = c.kind("", "configmaps");
  c.create(ns, "", R"({"metadata":{"name":"n"}})");
  c.create(maps, "n", R"({"metadata":{"name":"a"}})");
  c.create(maps, "n", R"({"metadata":{"name":"held","finalizers":["x.io/y"]}})");
  auto removed = MUST(c.client->remove(ns, "", "n", {}));
  CHECK(!removed.gone);
  CHECK(removed.object.json().str({"status", "phase"}) == "Terminating");
  CHECK(c.soon([&] { return !c.there(maps, "n", "a"); }));
  CHECK(c.soon([&] {
    return condition_status(c.get(ns, "", "n"), "NamespaceFinalizersRemaining") == "True";
  }));

  auto late = c.client->create(maps, "n", json(R"({"metadata":{"name":"late"}})"));
  REQUIRE(!late);
  CHECK(late.error().code() == 403);
  CHECK(late.error().message() ==
        "configmaps \"late\" is forbidden: unable to create new content in namespace n because it "
        "is being terminated");

  REQUIRE(c.client->modify(maps, "n", "held", [](Json& object) -> Result<bool> {
    object["metadata"].erase("finalizers");
    return true;
  }));
  CHECK(c.soon([&] { return !c.there(ns, "", "n"); }));
  auto gone = c.client->create(maps, "n", json(R"({"metadata":{"name":"late"}})"));
  REQUIRE(!gone);
  CHECK(gone.error().message() == "namespaces \"n\" not found");
  auto immortal = c.client->remove(ns, "", "default", {});
  REQUIRE(!immortal);
  CHECK(immortal.error().message() ==
        "namespaces \"default\" is forbidden: this namespace may not be deleted");
}

TEST_CASE("what is owned goes with its owner", "[controllers][gc]") {
  Cluster c;
  const Kind& maps = c.kind("", "configmaps");
  Json owner = c.create(maps, "default", R"({"metadata":{"name":"owner"}})");
  c.owned(maps, "default", "child", owner);
  Json child = c.get(maps, "default", "child");
  c.owned(maps, "default", "grandchild", child);

  SECTION("in the background") {
    REQUIRE(c.client->remove(maps, "default", "owner", {}));
    CHECK(c.soon([&] { return !c.there(maps, "default", "child"); }));
    CHECK(c.soon([&] { return !c.there(maps, "default", "grandchild"); }));
  }
  SECTION("before it") {
    c.owned(maps, "default", "blocking", owner, true);
    Client::Removal removal;
    removal.propagation = Propagation::foreground;
    CHECK(!MUST(c.client->remove(maps, "default", "owner", removal)).gone);
    CHECK(c.soon([&] { return !c.there(maps, "default", "owner"); }));
    CHECK(!c.there(maps, "default", "blocking"));
    CHECK(c.soon([&] { return !c.there(maps, "default", "child"); }));
  }
  SECTION("or is let go") {
    Client::Removal removal;
    removal.propagation = Propagation::orphan;
    REQUIRE(c.client->remove(maps, "default", "owner", removal));
    CHECK(c.soon([&] { return !c.there(maps, "default", "owner"); }));
    REQUIRE(c.there(maps, "default", "child"));
    CHECK(c.get(maps, "default", "child").at({"metadata", "ownerReferences"}) == nullptr);
    CHECK(c.there(maps, "default", "grandchild"));
  }
}

TEST_CASE("an owner that is not there is as one that went", "[controllers][gc]") {
  Cluster c;
  const Kind& maps = c.kind("", "configmaps");
  const Kind& ns = c.kind("", "namespaces");
  c.create(ns, "", R"({"metadata":{"name":"other"}})");
  Json owner = c.create(maps, "default", R"({"metadata":{"name":"owner"}})");
  SECTION("in another namespace") {
    c.owned(maps, "other", "stray", owner);
    CHECK(c.soon([&] { return !c.there(maps, "other", "stray"); }));
    CHECK(c.there(maps, "default", "owner"));
  }
  SECTION("a second owner keeps it, the first reference goes") {
    Json ghost = owner;
    ghost.make({"metadata", "uid"}) = Json("00000000-0000-4000-8000-000000000000");
    ghost.make({"metadata", "name"}) = Json("ghost");
    Json object = json(R"({"metadata":{"name":"both"}})");
    for (const Json* one : {&owner, &ghost})
      object.make({"metadata", "ownerReferences"})
          .push_back(Json::object({{"apiVersion", Json("v1")},
                                   {"kind", Json("ConfigMap")},
                                   {"name", Json(one->str({"metadata", "name"}))},
                                   {"uid", Json(one->str({"metadata", "uid"}))}}));
    MUST(c.client->create(maps, "default", object));
    CHECK(c.soon([&] {
      return c.get(maps, "default", "both").at({"metadata", "ownerReferences"})->size() == 1;
    }));
    CHECK(c.there(maps, "default", "both"));
  }
  SECTION("a namespaced owner of a cluster-scoped object is nobody's business") {
    c.owned(ns, "", "owned", owner);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(c.there(ns, "", "owned"));
  }
}

TEST_CASE("a custom resource comes and goes", "[controllers][crd]") {
  Cluster c;
  const Kind& crds = c.kind("apiextensions.k8s.io", "customresourcedefinitions");
  Json crd = c.create(crds, "", kCrd);
  CHECK(crd.integer({"metadata", "generation"}) == 1);
  CHECK(crd.str({"spec", "names", "listKind"}) == "WidgetList");
  REQUIRE(c.soon(
      [&] { return condition_status(c.get(crds, "", "widgets.x.io"), "Established") == "True"; }));
  const Kind& widgets = c.kind("x.io", "widgets");
  Json made =
      c.create(widgets, "default", R"({"metadata":{"name":"w"},"spec":{"n":1},"status":{"x":1}})");
  CHECK(made.find("status") == nullptr);
  CHECK(made.integer({"metadata", "generation"}) == 1);

  SECTION("generation follows the spec") {
    made.make({"spec", "n"}) = Json(2);
    Json now = MUST(c.client->update(widgets, "default", "w", made)).object.json();
    CHECK(now.integer({"metadata", "generation"}) == 2);
    now.make({"status", "y"}) = Json(1);
    now.make({"spec", "n"}) = Json(3);
    now = MUST(c.client->update(widgets, "default", "w", now, "status")).object.json();
    CHECK(now.integer({"metadata", "generation"}) == 2);
    CHECK(now.integer({"spec", "n"}) == 2);
    CHECK(now.integer({"status", "y"}) == 1);
  }
  SECTION("updates need a revision") {
    made.make({"metadata"}).erase("resourceVersion");
    auto done = c.client->update(widgets, "default", "w", made);
    REQUIRE(!done);
    CHECK(done.error().code() == 422);
    CHECK(done.error().message().find("must be specified for an update") != std::string::npos);
  }
  SECTION("a restart serves it at once") {
    auto again = KindSet::builtin();
    Registry other(c.env, c.store, *again, c.strategies, {});
    MUST(serve_established_crds(other));
    CHECK(again->snapshot()->by_resource("x.io", "v1", "widgets") != nullptr);
  }
  SECTION("removed with its objects") {
    REQUIRE(c.client->modify(widgets, "default", "w", [](Json& object) -> Result<bool> {
      object["metadata"]["finalizers"].push_back(Json("x.io/held"));
      return true;
    }));
    CHECK(!MUST(c.client->remove(crds, "", "widgets.x.io", {})).gone);
    CHECK(c.soon([&] {
      const Json w = c.get(widgets, "default", "w");
      return w.at({"metadata", "deletionTimestamp"}) != nullptr;
    }));
    auto late = c.client->create(widgets, "default", json(R"({"metadata":{"name":"late"}})"));
    REQUIRE(!late);
    CHECK(late.error().code() == 405);
    REQUIRE(c.client->modify(widgets, "default", "w", [](Json& object) -> Result<bool> {
      object["metadata"].erase("finalizers");
      return true;
    }));
    CHECK(c.soon([&] { return !c.there(crds, "", "widgets.x.io"); }));
    CHECK(c.soon(
        [&] { return c.kinds->snapshot()->by_resource("x.io", "v1", "widgets") == nullptr; }));
  }
  SECTION("names that are taken are not accepted") {
    std::string second = kCrd;
    for (size_t at; (at = second.find("widgets")) != std::string::npos;)
      second.replace(at, 7, "gadgets");
    c.create(crds, "", second);
    CHECK(c.soon([&] {
      return condition_status(c.get(crds, "", "gadgets.x.io"), "NamesAccepted") == "False";
    }));
    CHECK(condition_status(c.get(crds, "", "gadgets.x.io"), "Established") == "False");
  }
}
