// The registry and two of its controllers on a store that fails: commits that are refused, and
// commits that happen while the caller is told that it is not known. An answer that was given must
// stay true; what the controllers promise must come about once the faults stop.
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "engine/controllers/controller_set.h"
#include "engine/kinds/strategies.h"
#include "storage/memory/memory_store.h"
#include "tests/support/sim_env.h"

namespace engine {
void register_controller_garbage_collector(ControllerSet& set);
void register_controller_namespaces(ControllerSet& set);
}  // namespace engine

using namespace engine;
using tests::SimEnv;

namespace {

KindSet& kinds() {
  static const std::unique_ptr<KindSet> set = KindSet::builtin();
  return *set;
}

Json json(std::string_view text) {
  return MUST(parse_json(text));
}

struct World {
  explicit World(SimEnv& e) : env(e) {
    register_builtin_strategies(strategies);
    registry = std::make_unique<Registry>(env, store, kinds(), strategies,
                                          std::vector<std::unique_ptr<Admission>>());
    maps = kinds().snapshot()->stored("", "configmaps");
    namespaces = kinds().snapshot()->stored("", "namespaces");
    options.field_manager = "sim";
  }
  void faults(unsigned per_mille) {
    env.fail("store.commit", per_mille);
    env.fail("store.commit.lost", per_mille);
    env.fail("store.get", per_mille / 4);
    env.fail("store.list", per_mille / 4);
  }
  void pause(storage::Millis time) {
    auto gate = env.make_gate();
    gate->wait(gate->seen(), env.now() + time);
  }
  bool there(const Kind& kind, std::string_view ns, std::string_view name) {
    return registry->get(kind, ns, name).ok();
  }
  SimEnv& env;
  storage::MemoryStore store{env};
  StrategySet strategies;
  std::unique_ptr<Registry> registry;
  KindPtr maps, namespaces;
  WriteOptions options;
  std::string wrong;
};

Result<bool> count_up(Json& object) {
  Json& count = object["data"]["count"];
  count = Json(std::to_string(std::stoi(count.is_string() ? count.as_string() : "0") + 1));
  return true;
}

// Writers count one number up side by side.
std::string counting(SimEnv& env) {
  auto world = std::make_shared<World>(env);
  auto acknowledged = std::make_shared<int>(0);
  auto unknown = std::make_shared<int>(0);
  constexpr int kWriters = 3, kWrites = 4;
  bool ended = env.run([&, world] {
    MUST(world->registry->create(*world->maps, "d", json(R"({"metadata":{"name":"n"}})"),
                                 world->options));
    world->faults(150);
    for (int writer = 0; writer < kWriters; writer++)
      env.post([&, world] {
        for (int i = 0; i < kWrites; i++) {
          auto done = world->registry->modify(*world->maps, "d", "n", world->options, count_up);
          if (done) {
            ++*acknowledged;
          } else if (done.error().code() == 504) {
            ++*unknown;
          }
        }
      });
  });
  if (!ended) return "stuck: " + env.stuck();
  world->faults(0);
  Json now = MUST(world->registry->get(*world->maps, "d", "n")).json();
  int count = std::stoi(std::string(now.str({"data", "count"}, "0")));
  if (count < *acknowledged)
    return std::to_string(*acknowledged) + " were acknowledged, " + std::to_string(count) +
           " are there";
  if (count > *acknowledged + *unknown)
    return "more are there than were answered yes or perhaps: " + std::to_string(count);
  return {};
}

// Names are made side by side; each answer names an object of its own.
std::string naming(SimEnv& env) {
  auto world = std::make_shared<World>(env);
  auto names = std::make_shared<std::multiset<std::string>>();
  bool ended = env.run([&, world] {
    world->faults(100);
    for (int writer = 0; writer < 3; writer++)
      env.post([&, world] {
        for (int i = 0; i < 3; i++) {
          auto made = world->registry->create(
              *world->maps, "d", json(R"({"metadata":{"generateName":"x-"}})"), world->options);
          if (made) names->insert(std::string(made->object.json().str({"metadata", "name"})));
        }
      });
  });
  if (!ended) return "stuck: " + env.stuck();
  world->faults(0);
  for (const std::string& name : *names) {
    if (names->count(name) != 1) return name + " was given twice";
    if (!world->there(*world->maps, "d", name)) return name + " is not there";
  }
  return {};
}

// Users come, are renamed and go, all wanting the same two names.
void want_names(World& world, const Kind& users, int writer) {
  for (int i = 0; i < 4; i++) {
    std::string id = "u-" + std::to_string(writer);
    std::string name = world.env.random(2) == 0 ? "ann" : "bob";
    if (world.env.random(4) == 0) {
      (void)world.registry->remove(users, "", id, {}).ok();
      continue;
    }
    auto rename = [&](Json& user) -> Result<bool> {
      user.set("username", name);
      return true;
    };
    if (world.there(users, "", id)) {
      (void)world.registry->modify(users, "", id, world.options, rename).ok();
    } else {
      Json user =
          Json::object({{"metadata", Json::object({{"name", id}})}, {"username", Json(name)}});
      (void)world.registry->create(users, "", std::move(user), world.options).ok();
    }
  }
}

// However the writes meet and fail: a name belongs to one at most, and nobody holds it who is gone.
std::string sharing(SimEnv& env) {
  auto world = std::make_shared<World>(env);
  KindPtr users = kinds().snapshot()->stored("management.cattle.io", "users");
  bool ended = env.run([&, world] {
    world->faults(150);
    for (int writer = 0; writer < 3; writer++)
      env.post([&, world, writer] { want_names(*world, *users, writer); });
  });
  if (!ended) return "stuck: " + env.stuck();
  world->faults(0);
  std::multiset<std::string> names;
  auto there = MUST(world->registry->list(*users, "", storage::kLatest, "", 0));
  for (const Object& user : there.objects) names.emplace(user.json().str("username"));
  for (std::string name : {"ann", "bob"}) {
    if (names.count(name) > 1) return name + " is two users";
    Json user = Json::object(
        {{"metadata", Json::object({{"generateName", "x-"}})}, {"username", Json(name)}});
    auto made = world->registry->create(*users, "", std::move(user), world->options);
    if (made.ok() == (names.count(name) == 1))
      return name + (made.ok() ? " was given twice" : " is nobody's and cannot be had");
  }
  return {};
}

Json owned_by(const Json& owner, std::string_view name) {
  Json object = Json::object({{"metadata", Json::object({{"name", Json(name)}})}});
  object.make({"metadata", "ownerReferences"})
      .push_back(Json::object({{"apiVersion", Json("v1")},
                               {"kind", Json("ConfigMap")},
                               {"name", Json(owner.str({"metadata", "name"}))},
                               {"uid", Json(owner.str({"metadata", "uid"}))},
                               {"blockOwnerDeletion", Json(true)}}));
  return object;
}

// An owner goes, in one of three ways, and a namespace ends, while the store fails; then it does
// not.
std::string converging(SimEnv& env) {
  auto world = std::make_shared<World>(env);
  bool ended = env.run([&, world] {
    World& w = *world;
    Dispatcher dispatcher(env, w.store, kinds());
    ControllerSet set(ControllerContext{env, *w.registry, dispatcher});
    register_controller_garbage_collector(set);
    register_controller_namespaces(set);
    MUST(set.start());
    MUST(w.registry->create(*w.namespaces, "", json(R"({"metadata":{"name":"n"}})"), w.options));
    for (std::string_view name : {"a", "b"})
      MUST(w.registry->create(*w.maps, "n",
                              Json::object({{"metadata", Json::object({{"name", Json(name)}})}}),
                              w.options));
    Json owner =
        MUST(w.registry->create(*w.maps, "d", json(R"({"metadata":{"name":"owner"}})"), w.options))
            .object.json();
    for (std::string_view name : {"one", "two"})
      MUST(w.registry->create(*w.maps, "d", owned_by(owner, name), w.options));
    w.faults(200);
    constexpr Propagation kWays[] = {Propagation::background, Propagation::foreground,
                                     Propagation::orphan};
    RemoveOptions removal;
    removal.propagation = kWays[env.random(3)];
    for (int i = 0; i < 20; i++) {
      auto owner_gone = w.registry->remove(*w.maps, "d", "owner", removal);
      auto ending = w.registry->remove(*w.namespaces, "", "n", {});
      if ((owner_gone || owner_gone.error().code() == 404) && ending) break;
      w.pause(storage::Millis(50));
    }
    w.pause(storage::Millis(2'000));
    w.faults(0);
    // What the clients themselves did not get through.
    (void)w.registry->remove(*w.maps, "d", "owner", removal).ok();
    (void)w.registry->remove(*w.namespaces, "", "n", {}).ok();
    w.pause(storage::Millis(600'000));
    bool orphaned = removal.propagation == Propagation::orphan;
    if (w.there(*w.maps, "d", "owner")) w.wrong = "the owner is still there";
    for (std::string_view name : {"one", "two"})
      if (w.there(*w.maps, "d", name) != orphaned)
        w.wrong = std::string(name) + (orphaned ? " should have stayed" : " is still there");
    if (w.there(*w.namespaces, "", "n")) w.wrong = "the namespace is still there";
    set.stop();
  });
  if (!ended) return "stuck: " + env.stuck();
  return world->wrong;
}

}  // namespace

TEST_CASE("no acknowledged write is lost", "[sim][registry]") {
  CHECK(tests::simulate(1, 150, counting) == "");
  CHECK(tests::simulate(1, 150, naming) == "");
}

TEST_CASE("what is unique stays so", "[sim][registry]") {
  CHECK(tests::simulate(1, 300, sharing) == "");
}

TEST_CASE("controllers converge once faults stop", "[sim][registry]") {
  CHECK(tests::simulate(1, 60, converging) == "");
}
