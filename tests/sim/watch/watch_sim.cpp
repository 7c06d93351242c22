// The watch cache under every schedule: writers whose commits fail or are lost, readers that come
// from a list, from a revision or late, and go. What each reader put together must be what the
// store has; no event may come twice, out of order or not at all; a list must be the store at its
// revision.
#include <catch2/catch_all.hpp>
#include <map>
#include <set>

#include "engine/registry/object_bytes.h"
#include "engine/watch/object_scan.h"
#include "engine/watch/watch_cache.h"
#include "storage/memory/memory_store.h"
#include "tests/support/fake_kinds.h"
#include "tests/support/sim_env.h"

using namespace engine;
using tests::SimEnv;

namespace {

using State = std::map<std::string, Revision>;  // key to the revision it was last written at

struct World {
  explicit World(SimEnv& e) : env(e), store(e), dispatcher(e, store, kinds) {
    kinds.add(kind).add(other);
  }
  std::string key(uint64_t number) {
    return kind->key(number % 2 ? "a" : "b", "n" + std::to_string(number));
  }
  void blame(std::string text) {
    if (wrong.empty()) wrong = std::move(text);
  }
  State stored(Revision at) {
    State out;
    storage::List query;
    query.prefix = kind->key_prefix();
    query.at = at;
    query.limit_max = 0;
    for (int tries = 0; tries < 50; ++tries) {
      auto page = store.list(query);
      if (!page) continue;
      for (const auto& record : page->records) out[record.key] = record.modified;
      break;
    }
    return out;
  }

  SimEnv& env;
  std::shared_ptr<tests::FakeKind> kind = tests::fake_kind("", "v1", "ConfigMap", "configmaps");
  std::shared_ptr<tests::FakeKind> other = tests::fake_kind("", "v1", "Secret", "secrets");
  storage::MemoryStore store;
  tests::FakeKinds kinds;
  Dispatcher dispatcher;
  std::string wrong;
  int writers = 0;
};

// One reader: what it was told, put together.
struct Reader {
  World& world;
  State state;
  Revision last = 0;
  bool caught_up = false;  // a bookmark said so

  Dispatcher::Listener listener() {
    return [this](const WatchEventPtr& event) { hear(*event); };
  }
  void hear(const WatchEvent& event) {
    world.env.yield("heard");
    if (event.type == EventType::bookmark) {
      if (event.revision < last) world.blame("a bookmark went back");
      last = event.revision;
      caught_up = true;
      return;
    }
    if (event.type == EventType::expired) return world.blame("a reader was dropped");
    if (event.revision <= last) world.blame("an event came twice or out of order");
    last = event.revision;
    std::string key = world.kind->key(event.ns, event.name);
    bool known = state.contains(key);
    if (event.type == EventType::added && known) world.blame("added what was there");
    if (event.type == EventType::modified && !known) world.blame("modified what was not there");
    if (event.type == EventType::deleted && !known) world.blame("deleted what was not there");
    auto said = scan_text(scan(*event.object, {"metadata", "resourceVersion"}));
    if (said != std::to_string(event.revision)) world.blame("an object of another revision");
    if (event.type == EventType::deleted)
      state.erase(key);
    else
      state[key] = event.revision;
  }
};

void write(World& w, uint64_t number) {
  storage::Txn txn;
  auto kind = w.env.random(4) == 0 ? w.other : w.kind;
  std::string key = w.key(number);
  if (kind == w.other) key = w.other->key("a", "s" + std::to_string(number));
  if (w.env.random(3) == 0)
    txn.writes.push_back({key, std::nullopt});
  else
    txn.writes.push_back({key, encode_object(kind->kind, "v1", Json::object())});
  (void)w.store.commit(std::move(txn));  // may fail, may be lost: the store says what is true
}

void check_list(World& w) {
  if (!w.dispatcher.fresh(w.env.now() + storage::Seconds(60))) return;
  auto list = w.dispatcher.list(*w.kind, "", nullptr, "", 0);
  if (!list) return;  // the load failed by a fault; the next one tries again
  State seen;
  for (const auto& object : list->objects)
    seen[w.kind->key(object->ns, object->name)] = object->revision;
  if (seen != w.stored(list->revision)) w.blame("a list is not the store at its revision");
}

// Reads until the writers have ended and a bookmark has said that nothing is left.
void read(World& w, std::shared_ptr<Reader> reader,
          std::unique_ptr<Dispatcher::Subscription> subscription) {
  bool leaves = w.env.random(3) == 0;
  while (w.writers > 0 && !(leaves && w.env.random(4) == 0)) w.env.yield("reading");
  if (w.writers > 0) return;  // goes in the middle: nothing may be told to it any more
  auto final_revision = w.store.current();
  if (!final_revision) return;
  if (!w.dispatcher.fresh(w.env.now() + storage::Seconds(60))) return w.blame("never fresh");
  reader->caught_up = false;
  subscription->want_bookmark();
  for (int i = 0; i < 5000 && !reader->caught_up; ++i) w.env.yield("for the bookmark");
  if (!reader->caught_up) return w.blame("the bookmark never came");
  if (reader->last < *final_revision) w.blame("the bookmark is older than what was committed");
  if (reader->state != w.stored(storage::kLatest)) w.blame("a reader ended with another state");
}

// From a list and its events in one: the reader waits with the events until it has the list.
void join_with_list(World& w, std::shared_ptr<Reader> reader) {
  auto waiting = std::make_shared<std::vector<WatchEventPtr>>();
  auto listed = std::make_shared<bool>(false);
  Dispatcher::Snapshot snapshot;
  auto subscription = w.dispatcher.list_and_subscribe(
      *w.kind, {}, snapshot, [reader, waiting, listed](const WatchEventPtr& event) {
        if (*listed)
          reader->hear(*event);
        else
          waiting->push_back(event);
      });
  if (!subscription) return;
  for (const auto& object : snapshot.objects)
    reader->state[w.kind->key(object->ns, object->name)] = object->revision;
  reader->last = snapshot.revision;
  // hear() yields, so more may come while these are told.
  for (size_t i = 0; i < waiting->size(); ++i) reader->hear(*(*waiting)[i]);
  *listed = true;
  read(w, reader, std::move(*subscription));
}

void join(World& w) {
  auto reader = std::make_shared<Reader>(Reader{w, {}, 0});
  if (w.env.random(2) == 0) return join_with_list(w, reader);
  if (!w.dispatcher.fresh(w.env.now() + storage::Seconds(60))) return;
  auto list = w.dispatcher.list(*w.kind, "", nullptr, "", 0);
  if (!list) return;
  for (const auto& object : list->objects)
    reader->state[w.kind->key(object->ns, object->name)] = object->revision;
  reader->last = list->revision;
  for (uint64_t i = w.env.random(10); i > 0; --i) w.env.yield("before watching");
  auto subscription = w.dispatcher.subscribe(
      *w.kind, {}, list->revision, [reader](const WatchEventPtr& event) { reader->hear(*event); });
  if (!subscription)
    return w.blame("a fresh revision was too old: " + subscription.error().message());
  read(w, reader, std::move(*subscription));
}

std::string run(SimEnv& env) {
  env.fail("store.commit", 100);
  env.fail("store.commit.lost", 100);
  env.fail("store.list", 100);
  env.fail("store.get", 100);
  auto world = std::make_unique<World>(env);
  World& w = *world;
  bool ended = env.run([&] {
    for (uint64_t i = env.random(6); i > 0; --i) write(w, env.random(6));
    if (!w.dispatcher.start()) return;  // a fault: nothing to look at
    w.writers = 2;
    for (int writer = 0; writer < 2; ++writer)
      env.post([&] {
        for (int i = 0; i < 12; ++i) {
          write(w, env.random(6));
          if (env.random(5) == 0) check_list(w);
        }
        --w.writers;
      });
    for (int reader = 0; reader < 3; ++reader) env.post([&] { join(w); });
  });
  if (!ended) return "stuck: " + env.stuck();
  return w.wrong;
}

// The same reader on a listener that forgets every seventh event: the checks must see it.
std::string run_forgetful(SimEnv& env) {
  auto world = std::make_unique<World>(env);
  World& w = *world;
  bool ended = env.run([&] {
    if (!w.dispatcher.start()) return;
    w.writers = 1;
    env.post([&] {
      for (int i = 0; i < 20; ++i) write(w, env.random(6));
      --w.writers;
    });
    env.post([&] {
      auto reader = std::make_shared<Reader>(Reader{w, {}, 0});
      auto count = std::make_shared<int>(0);
      Dispatcher::Snapshot snapshot;
      auto subscription = w.dispatcher.list_and_subscribe(
          *w.kind, {}, snapshot, [reader, count](const WatchEventPtr& event) {
            if (event->type != EventType::bookmark && ++*count % 7 == 0) return;
            reader->hear(*event);
          });
      if (subscription) read(w, reader, std::move(*subscription));
    });
  });
  if (!ended) return "stuck: " + env.stuck();
  return w.wrong;
}

}  // namespace

TEST_CASE("no schedule loses, repeats or reorders an event", "[sim][watch]") {
  CHECK(tests::simulate(1, 1500, run) == "");
}

TEST_CASE("canary: a reader that forgets events is found", "[sim][watch]") {
  std::string found;
  for (uint64_t seed = 1; seed <= 200 && found.empty(); ++seed) {
    SimEnv env(seed);
    found = run_forgetful(env);
  }
  CHECK(found != "");
}
