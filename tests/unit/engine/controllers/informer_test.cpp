#include "engine/controllers/runtime/informer.h"

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include "engine/controllers/runtime/log_tap.h"
#include "tests/support/api.h"

using namespace engine;
using tests::Api;
using tests::json;

namespace {

// What a listener was told, as it adds up.
struct Seen {
  std::mutex mutex;
  std::map<std::string, std::string> objects;  // name -> data.k
  int told = 0;

  void on(const WatchEvent& event) {
    std::lock_guard lock(mutex);
    told++;
    if (event.type == EventType::deleted) {
      objects.erase(event.name);
    } else {
      objects[event.name] = std::string(MUST(parse_json(*event.object)).str({"data", "k"}));
    }
  }
  bool becomes(const std::map<std::string, std::string>& wanted) {
    for (int i = 0; i < 1000; i++) {
      {
        std::lock_guard lock(mutex);
        if (objects == wanted) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
};

std::string map_text(std::string_view name, std::string_view value) {
  return R"({"metadata":{"name":")" + std::string(name) + R"("},"data":{"k":")" +
         std::string(value) + R"("}})";
}

}  // namespace

TEST_CASE("an informer tells what is there and what changes", "[controllers][informer]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  Dispatcher dispatcher(api.env, api.store, *api.kinds);
  MUST(dispatcher.start());
  auto client = make_local_client(*api.registry, dispatcher, "test");
  api.create(maps, "one", map_text("a", "1"));
  Seen seen;
  {
    Informer informer(api.env, *client, api.held.back(), {"one", ""},
                      [&](const WatchEvent& event) { seen.on(event); });
    informer.start();
    CHECK(informer.synced());
    CHECK(seen.becomes({{"a", "1"}}));
    api.create(maps, "one", map_text("b", "2"));
    api.create(maps, "two", map_text("c", "3"));
    CHECK(seen.becomes({{"a", "1"}, {"b", "2"}}));
    MUST(client->patch(maps, "one", "a", PatchType::merge, R"({"data":{"k":"9"}})"));
    CHECK(seen.becomes({{"a", "9"}, {"b", "2"}}));
    MUST(client->remove(maps, "one", "a", {}));
    CHECK(seen.becomes({{"b", "2"}}));

    // Events were lost: it lists again, and tells what vanished meanwhile.
    dispatcher.forget("", "configmaps");
    api.create(maps, "one", map_text("d", "4"));
    MUST(client->remove(maps, "one", "b", {}));
    CHECK(seen.becomes({{"d", "4"}}));
    api.create(maps, "one", map_text("e", "5"));
    CHECK(seen.becomes({{"d", "4"}, {"e", "5"}}));
  }
  int told = seen.told;
  api.create(maps, "one", map_text("late", "6"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(seen.told == told);
  dispatcher.stop();
}

TEST_CASE("a tap on the log hears of its keys alone", "[controllers][log_tap]") {
  Api api;
  const Kind& maps = api.core("configmaps");
  const Kind& secrets = api.core("secrets");
  api.create(maps, "one", map_text("before", "1"));
  LogTap tap(api.store);
  std::mutex mutex;
  std::vector<std::string> heard;
  tap.add("/registry/core/configmaps/", [&](const storage::Event& event) {
    std::lock_guard lock(mutex);
    heard.push_back(event.key + (event.value ? "" : " gone"));
  });
  MUST(tap.start());
  api.create(maps, "one", map_text("a", "1"));
  api.create(secrets, "one", R"({"metadata":{"name":"s"}})");
  MUST(api.registry->remove(maps, "one", "a", {}));
  tap.stop();
  api.create(maps, "one", map_text("late", "1"));
  CHECK(heard == std::vector<std::string>{"/registry/core/configmaps/one/a",
                                          "/registry/core/configmaps/one/a gone"});
}
