#include <atomic>
#include <catch2/catch_all.hpp>
#include <mutex>

#include "engine/registry/object_bytes.h"
#include "engine/watch/object_tree.h"
#include "engine/watch/selector.h"
#include "engine/watch/watch_cache.h"
#include "storage/memory/memory_store.h"
#include "tests/support/fake_kinds.h"
#include "tests/support/thread_env.h"

using namespace engine;
using namespace std::chrono_literals;

namespace {

// A store with config maps, and what one reader of them heard.
struct World {
  World() {
    kinds.add(kMap).add(kOther);
    MUST(dispatcher.start());
  }
  ~World() { dispatcher.stop(); }

  Revision put(std::string ns, std::string name, std::string labels = "{}") {
    auto object = parse_json(R"({"metadata":{"name":")" + name + R"(","labels":)" + labels + "}}");
    storage::Txn txn;
    txn.writes.push_back({kMap->key(ns, name), encode_object("ConfigMap", "v1", *object)});
    return MUST(store.commit(std::move(txn)));
  }
  Revision drop(std::string ns, std::string name) {
    storage::Txn txn;
    txn.writes.push_back({kMap->key(ns, name), std::nullopt});
    return MUST(store.commit(std::move(txn)));
  }
  storage::Instant soon() { return env.now() + 5s; }
  auto list(std::string ns = "", size_t limit = 0, std::string after = "") {
    MUST(dispatcher.fresh(soon()));
    return MUST(dispatcher.list(*kMap, ns, nullptr, after, limit));
  }

  std::shared_ptr<tests::FakeKind> kMap = tests::fake_kind("", "v1", "ConfigMap", "configmaps");
  std::shared_ptr<tests::FakeKind> kOther = tests::fake_kind("", "v1", "Secret", "secrets");
  tests::ThreadEnv env;
  storage::MemoryStore store{env};
  tests::FakeKinds kinds;
  Dispatcher dispatcher{env, store, kinds};
};

class Heard {
 public:
  Dispatcher::Listener listener() {
    return [this](const WatchEventPtr& event) {
      std::lock_guard lock(mutex_);
      const char* types[] = {"A", "M", "D", "B", "X"};
      events_.push_back(std::string(types[static_cast<size_t>(event->type)]) + " " + event->ns +
                        "/" + event->name + " " + std::to_string(event->revision));
      changed_.notify_all();
    };
  }
  std::vector<std::string> wait(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 5s, [&] { return events_.size() >= count; });
    return events_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
};

std::string text(Revision revision) {
  return std::to_string(revision);
}

}  // namespace

TEST_CASE("a list shows what was committed before it, in key order", "[watch][cache]") {
  World w;
  w.put("b", "2");
  w.put("a-b", "1");
  w.put("a", "1");
  auto all = w.list();
  REQUIRE(all.objects.size() == 3);
  CHECK(all.objects[0]->ns == "a-b");  // '-' sorts before '/'
  CHECK(all.objects[1]->ns == "a");
  auto revision = w.put("b", "1");
  auto one = w.list("b");
  REQUIRE(one.objects.size() == 2);
  CHECK(one.objects[0]->name == "1");
  CHECK(one.revision == revision);
  CHECK(one.objects[0]->bytes->find("\"resourceVersion\":\"" + text(revision) + "\"") !=
        std::string::npos);
  w.drop("b", "1");
  CHECK(w.list("b").objects.size() == 1);
  CHECK(MUST(w.dispatcher.get(*w.kMap, "b", "1")) == nullptr);
}

TEST_CASE("pages follow one another at one revision", "[watch][cache]") {
  World w;
  for (int i = 0; i < 1000; ++i) w.put(i % 2 ? "x" : "y", "n" + std::to_string(i));
  auto first = w.list("x", 300);
  CHECK(first.objects.size() == 300);
  CHECK(first.more);
  CHECK(first.rest == 200);
  for (int i = 0; i < 1000; i += 2) w.drop("x", "n" + std::to_string(i + 1));
  auto after = w.kMap->key("x", first.objects.back()->name);
  auto second = MUST(w.dispatcher.list_at(*w.kMap, "x", nullptr, after, 300, first.revision));
  REQUIRE(second);
  CHECK(second->objects.size() == 200);
  CHECK_FALSE(second->more);
  CHECK(w.list("x").objects.empty());
}

TEST_CASE("a reader hears each change once and in order", "[watch][cache]") {
  World w;
  w.list();
  auto r1 = w.put("a", "1");
  auto r2 = w.put("a", "1");
  Heard heard;
  auto subscription = MUST(w.dispatcher.subscribe(*w.kMap, {}, r1, heard.listener()));
  auto r3 = w.drop("a", "1");
  auto r4 = w.put("b", "2");
  CHECK(heard.wait(3) ==
        std::vector<std::string>{"M a/1 " + text(r2), "D a/1 " + text(r3), "A b/2 " + text(r4)});
  subscription->want_bookmark();
  CHECK(heard.wait(4).back() == "B / " + text(r4));
}

TEST_CASE("readers of a namespace or a name hear only those", "[watch][cache]") {
  World w;
  Heard ns, name, named_anywhere;
  Dispatcher::Snapshot snapshot;
  auto s1 = MUST(w.dispatcher.list_and_subscribe(*w.kMap, {"a", ""}, snapshot, ns.listener()));
  auto s2 = MUST(w.dispatcher.list_and_subscribe(*w.kMap, {"a", "1"}, snapshot, name.listener()));
  auto s3 = MUST(
      w.dispatcher.list_and_subscribe(*w.kMap, {"", "1"}, snapshot, named_anywhere.listener()));
  w.put("a", "1");
  w.put("a", "2");
  w.put("b", "1");
  s1->want_bookmark();
  s2->want_bookmark();
  s3->want_bookmark();
  CHECK(ns.wait(3).size() == 3);
  CHECK(name.wait(2).size() == 2);
  CHECK(named_anywhere.wait(3).size() == 3);
}

TEST_CASE("events from before anybody read the resource can be watched", "[watch][cache]") {
  World w;
  auto r1 = w.put("a", "1");
  auto r2 = w.put("a", "1", R"({"x":"1"})");
  auto r3 = w.drop("a", "1");
  Heard heard;
  auto subscription = MUST(w.dispatcher.subscribe(*w.kMap, {}, r1, heard.listener()));
  CHECK(heard.wait(2) == std::vector<std::string>{"M a/1 " + text(r2), "D a/1 " + text(r3)});
  SECTION("and after a restart") {
    Dispatcher second(w.env, w.store, w.kinds);
    MUST(second.start());
    Heard again;
    auto other = MUST(second.subscribe(*w.kMap, {}, r2, again.listener()));
    CHECK(again.wait(1) == std::vector<std::string>{"D a/1 " + text(r3)});
    second.stop();
  }
}

TEST_CASE("a revision from before the ring is 410", "[watch][cache]") {
  World w;
  auto first = w.put("a", "0");
  w.list();
  for (int i = 0; i < 10'100; ++i) w.put("a", "n");
  Heard heard;
  auto late = w.dispatcher.subscribe(*w.kMap, {}, first, heard.listener());
  REQUIRE_FALSE(late);
  CHECK(late.error().code() == 410);
  CHECK_THAT(late.error().message(), Catch::Matchers::StartsWith("too old resource version: "));
}

TEST_CASE("readers come and go while writers write", "[watch][cache]") {
  World w;
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; !done; ++i) w.put("a", "n" + std::to_string(i % 50));
  });
  for (int round = 0; round < 200; ++round) {
    auto snapshot = w.list();
    std::atomic<Revision> last = snapshot.revision;
    std::atomic<bool> wrong = false;
    auto subscription = MUST(
        w.dispatcher.subscribe(*w.kMap, {}, snapshot.revision, [&](const WatchEventPtr& event) {
          // One commit, one revision: each must follow the one before.
          if (event->revision != last + 1) wrong = true;
          last = event->revision;
        }));
    while (last < snapshot.revision + 20 && !wrong) std::this_thread::yield();
    CHECK_FALSE(wrong);
    subscription.reset();  // the listener's variables end here
  }
  done = true;
  writer.join();
}

TEST_CASE("a listener that takes many is told the same, in order, from where it began",
          "[watch][cache]") {
  World w;
  w.put("a", "0");
  auto first = w.list().revision;
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; !done; ++i) w.put(i % 3 == 0 ? "b" : "a", "n" + std::to_string(i % 5));
  });
  struct Seen {
    std::vector<Revision> revisions;
    std::atomic<size_t> count = 0;
    Dispatcher::Listener listener() {
      return [this](Dispatcher::Events events) {
        for (const auto& event : events) revisions.push_back(event->revision);
        count = revisions.size();
      };
    }
  } all, of_a, of_one, one_by_one;
  auto s1 = MUST(w.dispatcher.subscribe(*w.kMap, {}, first, all.listener()));
  auto s2 = MUST(w.dispatcher.subscribe(*w.kMap, {"a", ""}, first, of_a.listener()));
  auto s3 = MUST(w.dispatcher.subscribe(*w.kMap, {"a", "n1"}, first, of_one.listener()));
  auto s4 = MUST(w.dispatcher.subscribe(*w.kMap, {}, first, [&](const WatchEventPtr& event) {
    one_by_one.revisions.push_back(event->revision);
    one_by_one.count = one_by_one.revisions.size();
  }));
  while (of_one.count < 200 || one_by_one.count < 2000) std::this_thread::yield();
  done = true;
  writer.join();
  s1.reset(), s2.reset(), s3.reset(), s4.reset();
  for (const Seen* seen : {&all, &one_by_one})
    for (size_t i = 0; i < seen->revisions.size(); ++i)
      if (seen->revisions[i] != first + 1 + i) FAIL("the event at " << i << " is another");
  for (const Seen* seen : {&of_a, &of_one}) {
    CHECK(std::is_sorted(seen->revisions.begin(), seen->revisions.end()));
    CHECK(std::adjacent_find(seen->revisions.begin(), seen->revisions.end()) ==
          seen->revisions.end());
  }
  CHECK(of_a.revisions.size() > of_one.revisions.size());
}

TEST_CASE("a kind that ends tells its readers", "[watch][cache]") {
  World w;
  w.put("a", "1");
  w.list();
  Heard heard;
  auto subscription =
      MUST(w.dispatcher.subscribe(*w.kMap, {}, w.list().revision, heard.listener()));
  w.dispatcher.forget("", "configmaps");
  CHECK(heard.wait(1).back().starts_with("X"));
  CHECK(w.list().objects.size() == 1);
}

TEST_CASE("snapshots of the tree do not change", "[watch][tree]") {
  ObjectTree tree;
  std::mt19937 random(7);
  std::map<std::string, Revision> model;
  auto check = [](const ObjectTree::Root& root, const std::map<std::string, Revision>& expected) {
    REQUIRE(root.size == expected.size());
    ObjectTree::Root::Place place;
    for (const auto& [name, revision] : expected) {
      const ObjectPtr* object = root.at(place);
      REQUIRE(object);
      REQUIRE((*object)->name == name);
      REQUIRE((*object)->revision == revision);
      ++place.item;
    }
    REQUIRE(root.count({}, root.end()) == expected.size());
  };
  for (int round = 0; round < 60; ++round) {
    auto before = tree.snapshot();
    auto model_before = model;
    for (int i = 0; i < 40; ++i) {
      std::string name = "n" + std::to_string(random() % 600);
      if (random() % 3 == 0) {
        tree.erase("", name);
        model.erase(name);
      } else {
        Revision revision = random() % 100000;
        tree.put(std::make_shared<CachedObject>(CachedObject{"", name, nullptr, revision}));
        model[name] = revision;
      }
    }
    check(*before, model_before);
    check(tree.root(), model);
  }
}
