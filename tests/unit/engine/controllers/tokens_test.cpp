// Tokens are removed at their end, and with their user.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <thread>

#include "engine/controllers/controller_set.h"
#include "tests/support/api.h"

namespace engine {
void register_controller_tokens(ControllerSet& set);
}

using namespace engine;
using tests::json;

namespace {

struct World : tests::Api {
  World() {
    MUST(dispatcher.start());
    set = std::make_unique<ControllerSet>(ControllerContext{env, *registry, dispatcher});
    register_controller_tokens(*set);
  }
  ~World() {
    set.reset();
    dispatcher.stop();
  }
  const Kind& own(std::string_view plural) {
    held.push_back(kinds->snapshot()->stored("management.cattle.io", plural));
    return *held.back();
  }
  void user(std::string_view name) {
    create(own("users"), "",
           R"({"metadata":{"name":")" + std::string(name) + R"("},"username":")" +
               std::string(name) + R"("})");
  }
  void token(std::string_view name, std::string_view of, int64_t ttl_ms) {
    create(own("tokens"), "",
           R"({"metadata":{"name":")" + std::string(name) + R"("},"userId":")" + std::string(of) +
               R"(","ttl":)" + std::to_string(ttl_ms) + "}");
  }
  bool there(std::string_view name) { return registry->get(own("tokens"), "", name).ok(); }
  template <class Test>
  bool soon(Test test) {
    for (int i = 0; i < 1'000 && !test(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return test();
  }
  Dispatcher dispatcher{env, store, *kinds};
  std::unique_ptr<ControllerSet> set;
};

}  // namespace

SCENARIO("a token is removed at its end, not before, and all of them with their user") {
  World world;
  world.user("u-lin");
  world.user("u-kim");
  world.token("ended", "u-lin", 1);  // before anybody looks
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  MUST(world.set->start());
  CHECK(world.soon([&] { return !world.there("ended"); }));
  world.token("short", "u-lin", 1'500);
  world.token("long", "u-lin", 3'600'000);
  world.token("endless", "u-lin", 0);
  world.token("other", "u-kim", 0);
  CHECK(world.there("short"));
  CHECK(world.soon([&] { return !world.there("short"); }));
  CHECK(world.there("long"));
  CHECK(world.there("endless"));
  RemoveOptions remove;
  remove.user = world.options.user;
  MUST(world.registry->remove(world.own("users"), "", "u-lin", remove));
  CHECK(world.soon([&] { return !world.there("long") && !world.there("endless"); }));
  CHECK(world.there("other"));
}
