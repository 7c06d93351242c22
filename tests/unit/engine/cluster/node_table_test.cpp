// What two watches tell of a cluster's nodes: sums as pods come and go, and machines that are
// renamed or join again.
#include "engine/cluster/node_table.h"

#include <catch2/catch_test_macros.hpp>
#include <random>

using namespace engine;

namespace {

Json node(std::string_view name, std::string_view machine, bool ready = true,
          std::string_view more = "") {
  return MUST(parse_json(
      R"({"metadata":{"name":")" + std::string(name) + R"(","uid":")" + std::string(name) +
      R"("},"spec":{},"status":{"capacity":{"cpu":"4"},
      "nodeInfo":{"systemUUID":")" +
      std::string(machine) + R"("},"conditions":[{"type":"Ready","lastHeartbeatTime":"t)" +
      std::string(more) + R"(","status":")" + (ready ? "True" : "Unknown") + R"("}]}})"));
}
Json pod(std::string_view name, std::string_view on, int milli,
         std::string_view phase = "Running") {
  return MUST(parse_json(R"({"metadata":{"namespace":"d","name":")" + std::string(name) +
                         R"("},"spec":{"nodeName":")" + std::string(on) +
                         R"(","containers":[{"resources":{"requests":{"cpu":")" +
                         std::to_string(milli) + R"(m"}}}]},"status":{"phase":")" +
                         std::string(phase) + R"("}})"));
}

// Writes what is to be written, as a controller does, into a map of management Nodes.
struct Mirror {
  NodeTable table;
  NodeTable::Dirty dirty;
  std::map<std::string, std::string> objects;  // name -> node
  std::map<std::string, std::string> cpu;      // node -> requested

  void settle() {
    for (int round = 0; round < 8; round++) {
      NodeTable::Dirty now;
      now.swap(dirty);
      for (const std::string& name : now)
        for (int i = 0; i < 3; i++) {
          auto work = table.work(name);
          if (!work) break;
          if (work->gone) {
            objects.erase(work->object_name);
          } else {
            objects[work->object_name] = name;
            const Quantity* sum = work->pods ? work->pods->requests.find("cpu") : nullptr;
            cpu[name] = sum ? sum->text() : "0";
          }
          table.written(name, *work);
          if (!work->gone) break;
        }
    }
  }
  void put(const Json& one) {
    table.put_node(one, dirty);
    settle();
  }
  void drop(std::string_view name) {
    table.drop_node(name, dirty);
    settle();
  }
};

}  // namespace

TEST_CASE("a heartbeat is nothing to write") {
  Mirror m;
  m.put(node("a", "m1"));
  CHECK(m.objects.size() == 1);
  m.table.put_node(node("a", "m1", true, "2"), m.dirty);
  CHECK(m.dirty.empty());
  m.table.put_node(node("a", "m1", false), m.dirty);
  CHECK(m.dirty.size() == 1);
}

TEST_CASE("a machine keeps its management Node when it is renamed or joins again") {
  Mirror m;
  m.put(node("old", "m1"));
  REQUIRE(m.objects.size() == 1);
  const std::string object = m.objects.begin()->first;
  // It joins again: its node went, and came.
  m.drop("old");
  CHECK(m.objects.empty());
  m.put(node("old", "m1"));
  CHECK(m.objects.begin()->first == object);
  // It is renamed: the old node stays for a while, and is not ready any more.
  m.put(node("old", "m1", false));
  m.put(node("new", "m1"));
  CHECK(m.objects[object] == "new");
  CHECK(m.objects.size() == 2);
  m.drop("old");
  CHECK(m.objects == std::map<std::string, std::string>{{object, "new"}});
  // Copies of one machine, all of them ready, are told apart by name.
  m.put(node("copy", "m1"));
  CHECK(m.objects.size() == 2);
  CHECK(m.objects[object] == "new");
  m.drop("new");
  CHECK(m.objects.size() == 1);
}

TEST_CASE("what pods ask for is the sum of the pods that are there") {
  Mirror m;
  m.table.nodes_begin();
  for (const char* name : {"a", "b", "c"}) m.table.put_node(node(name, name), m.dirty);
  m.table.nodes_end(m.dirty);
  m.table.pods_begin();
  m.table.pods_end(m.dirty);
  std::mt19937 random(5);
  std::map<std::string, std::pair<std::string, int>> there;
  for (int i = 0; i < 3000; i++) {
    const std::string name = "p" + std::to_string(random() % 40);
    const std::string on(1, static_cast<char>('a' + random() % 3));
    const int milli = static_cast<int>(random() % 900) + 1;
    switch (random() % 4) {
      case 0:
        m.table.drop_pod(pod(name, on, milli), m.dirty);
        there.erase(name);
        break;
      case 1:
        m.table.put_pod(pod(name, on, milli, "Succeeded"), m.dirty);
        there.erase(name);
        break;
      default:
        m.table.put_pod(pod(name, on, milli), m.dirty);
        there[name] = {on, milli};
    }
  }
  m.settle();
  std::map<std::string, int> sums;
  for (const auto& [name, part] : there) sums[part.first] += part.second;
  int64_t all = 0;
  for (const char* name : {"a", "b", "c"}) {
    all += sums[name];
    CHECK(m.cpu[name] == Quantity{sums[name], false}.text());
  }
  const NodeTotals totals = m.table.totals();
  CHECK(totals.pods.pods == static_cast<int64_t>(there.size()));
  CHECK(totals.pods.requests.find("cpu")->milli == all);
  CHECK(totals.capacity.find("cpu")->milli == 12'000);
}

TEST_CASE("a new listing drops what it does not name") {
  Mirror m;
  for (const char* name : {"a", "b"}) m.put(node(name, name));
  m.table.nodes_begin();
  m.table.put_node(node("b", "b"), m.dirty);
  m.table.nodes_end(m.dirty);
  m.settle();
  CHECK(m.objects.size() == 1);
}
