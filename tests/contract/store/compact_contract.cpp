// Compaction: what is forgotten, and that nothing else is.
#include <atomic>
#include <thread>

#include "tests/contract/store/store_fixture.h"

namespace tests {
namespace {

using Lines = std::vector<std::string>;

SCENARIO("compaction forgets what only older revisions need", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  MUST(store->commit(put("/kept", "1")));      // 2
  MUST(store->commit(put("/changed", "1")));   // 3
  MUST(store->commit(put("/gone", "1")));      // 4
  MUST(store->commit(put("/changed", "2")));   // 5
  MUST(store->commit(remove("/gone")));        // 6
  MUST(store->commit(put("/changed", "3")));   // 7
  MUST(store->commit(put("/gone", "again")));  // 8
  REQUIRE(MUST(store->compacted()) == 0);
  REQUIRE(store->compact(6));
  CHECK(MUST(store->compacted()) == 6);
  CHECK(MUST(store->current()) == 8);
  THEN("what is live is untouched") {
    CHECK(MUST(store->list({.prefix = "/"})).records.size() == 3);
    CHECK(MUST(store->get("/kept"))->modified == 2);
    CHECK(MUST(store->get("/gone"))->created == 8);
  }
  THEN("the compacted revision itself can still be read") {
    const Page then = MUST(store->list({.prefix = "/", .at = 6}));
    CHECK(keys_of(then) == Lines{"/changed", "/kept"});
    CHECK(then.records[0].value == "2");
    CHECK(MUST(store->get("/changed", 7))->value == "3");
  }
  THEN("older revisions answer compacted and name the oldest") {
    auto list = store->list({.prefix = "/", .at = 5});
    REQUIRE_FALSE(list);
    CHECK(list.error().reason == Reason::compacted);
    CHECK(list.error().revision == 6);
    CHECK(store->get("/kept", 2).error().reason == Reason::compacted);
  }
  THEN("the log can be followed from there and not from before") {
    Recorder recorder;
    auto following = MUST(store->follow(6, recorder));
    CHECK(lines_of(recorder.events()) == Lines{"put /changed 3 @7", "put /gone again @8"});
    Recorder early;
    CHECK(store->follow(5, early).error().reason == Reason::compacted);
    CHECK(store->follow(0, early).error().reason == Reason::compacted);
    CHECK(early.events().empty());
  }
  THEN("doing it again, or further back, changes nothing") {
    CHECK(store->compact(6));
    CHECK(store->compact(3));
    CHECK(MUST(store->compacted()) == 6);
  }
  THEN("the future cannot be compacted") {
    CHECK(store->compact(9).error().reason == Reason::future);
    CHECK(MUST(store->compacted()) == 6);
  }
  THEN("checks still hold against what is live") {
    CHECK(store->commit(put_if("/kept", "2", 2)));
    CHECK(store->commit(put_if("/changed", "x", 5)).error().reason == Reason::conflict);
    CHECK(store->commit(put_if("/gone", "x", 8)));
  }
}

SCENARIO("a store that is compacted to its end keeps its revision", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  MUST(store->commit(put("/a", "1")));
  const Revision last = MUST(store->commit(remove("/a")));
  REQUIRE(store->compact(last));
  CHECK(MUST(store->current()) == last);
  CHECK(MUST(store->list({.prefix = "/"})).records.empty());
  CHECK(MUST(store->commit(put_if("/a", "2", kAbsent))) == last + 1);
  CHECK(MUST(store->get("/a"))->created == last + 1);
}

SCENARIO("a compacted store is the same after a restart", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(durable_stores())));
  MUST(store->commit(put("/a", "1")));
  const Revision last = MUST(store->commit(remove("/a")));
  REQUIRE(store->compact(last));
  store.reopen();
  CHECK(MUST(store->current()) == last);
  CHECK(MUST(store->compacted()) == last);
  CHECK(store->get("/a", last - 1).error().reason == Reason::compacted);
  CHECK(MUST(store->commit(put("/a", "2"))) == last + 1);
}

SCENARIO("compaction beside writers, readers and a follower disturbs none of them",
         "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  constexpr int kWriters = 3, kWrites = 400;
  Recorder recorder;
  auto following = MUST(store->follow(kFirstRevision, recorder));
  std::atomic<int> running{kWriters};
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      const std::string mine = "/k/" + std::to_string(w);
      for (int i = 0; i < kWrites; ++i) {
        const std::string key = mine + "/" + std::to_string(i % 5);
        MUST(store->commit(i % 7 == 0 ? remove(key) : put(key, std::to_string(i))));
      }
      running.fetch_sub(1);
    });
  }
  std::atomic<int> wrong{0};
  threads.emplace_back([&] {
    while (running.load() > 0) {
      const Page latest = MUST(store->list({.prefix = "/k/"}));
      // The same revision again is the same page, or is compacted; it is never something between.
      auto again = store->list({.prefix = "/k/", .at = latest.revision});
      if (again && again->records != latest.records) wrong.fetch_add(1);
      if (!again && again.error().reason != Reason::compacted) wrong.fetch_add(1);
    }
  });
  while (running.load() > 0) MUST(store->compact(MUST(store->current())));
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong.load() == 0);
  CHECK(recorder.faults().empty());
  CHECK(recorder.upto() == MUST(store->current()));
  // What followers were told adds up to what is there.
  std::map<std::string, std::string> model;
  for (const Event& event : recorder.events()) {
    if (event.value) {
      model[event.key] = *event.value;
    } else {
      model.erase(event.key);
    }
  }
  const Page page = MUST(store->list({.prefix = "/k/"}));
  CHECK(page.records.size() == model.size());
  for (const Record& record : page.records) CHECK(model[record.key] == record.value);
}

}  // namespace
}  // namespace tests
