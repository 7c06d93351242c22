// Bugs that other revisioned stores have had, as scenarios. The numbers are issues of etcd-io/etcd
// on GitHub; the two that need a crash (13766, 14370) are in tests/crash.
#include <atomic>
#include <thread>

#include "tests/contract/store/store_fixture.h"

namespace tests {
namespace {

using Lines = std::vector<std::string>;

SCENARIO("15220: what a follower is told to be complete is complete", "[contract][store]") {
  // Recorder notes an event at or before an `upto` that was announced earlier.
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  Recorder recorder;
  auto following = MUST(store->follow(kFirstRevision, recorder));
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 60; ++i) {
        const Revision r = MUST(store->commit(put("/k/" + std::to_string(t), "v")));
        if (recorder.upto() < r) std::abort();  // an answer ahead of its event
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(recorder.faults().empty());
}

SCENARIO("15271, 17247: resuming never goes back and never repeats", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  Recorder one_stream;  // the Recorder complains when a revision comes twice
  for (int round = 0; round < 30; ++round) {
    auto following = MUST(store->follow(std::max(one_stream.upto(), kFirstRevision), one_stream));
    for (int i = 0; i <= round % 3; ++i) MUST(store->commit(put("/a", std::to_string(round))));
    following.reset();
    MUST(store->commit(put("/b", std::to_string(round))));
  }
  auto following = MUST(store->follow(one_stream.upto(), one_stream));
  CHECK(one_stream.faults().empty());
  CHECK(one_stream.events().size() == MUST(store->current()) - kFirstRevision);
}

SCENARIO("17529: a slow follower gets everything in the end", "[contract][store]") {
  class Slow final : public EventSink {
   public:
    void on_events(std::span<const Event> events, Revision) override {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      seen += events.size();
    }
    size_t seen = 0;
  };
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  Slow slow;
  auto following = MUST(store->follow(kFirstRevision, slow));
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) MUST(store->commit(put("/k/" + std::to_string(t), "v")));
    });
  }
  for (std::thread& thread : threads) thread.join();
  following.reset();
  CHECK(slow.seen == 400);
}

SCENARIO("17780: the revision does not go back when compaction removed the newest row",
         "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(durable_stores())));
  for (int i = 0; i < 10; ++i) {
    MUST(store->commit(put("/a", "v")));
    const Revision last = MUST(store->commit(remove("/a")));
    REQUIRE(store->compact(last));
    store.reopen();
    REQUIRE(MUST(store->current()) == last);
  }
}

SCENARIO("18089, 19179: a delete at the compacted revision is not silently missed",
         "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  MUST(store->commit(put("/a", "1")));
  const Revision deleted = MUST(store->commit(remove("/a")));
  MUST(store->commit(put("/b", "1")));
  REQUIRE(store->compact(deleted));
  Recorder recorder;
  // Whoever stands before the delete must be told that it cannot be given, not be given the rest.
  CHECK(store->follow(deleted - 1, recorder).error().reason == Reason::compacted);
  CHECK(recorder.events().empty());
  auto following = MUST(store->follow(deleted, recorder));
  CHECK(lines_of(recorder.events()) == Lines{"put /b 1 @" + std::to_string(deleted + 1)});
}

SCENARIO("18667: a read of a revision that is being compacted is whole or refused",
         "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  constexpr int kKeys = 40;
  for (int round = 0; round < 10; ++round) {
    for (int k = 0; k < kKeys; ++k) {
      MUST(store->commit(put("/k/" + std::to_string(k), std::to_string(round))));
    }
    const Revision then = MUST(store->current());
    for (int k = 0; k < kKeys; ++k) MUST(store->commit(remove("/k/" + std::to_string(k))));
    std::atomic<bool> compacted{false};
    std::thread compactor([&] {
      MUST(store->compact(MUST(store->current())));
      compacted.store(true);
    });
    while (!compacted.load()) {
      auto page = store->list({.prefix = "/k/", .at = then, .limit_max = 0});
      if (page) REQUIRE(page->records.size() == kKeys);
      if (!page) REQUIRE(page.error().reason == Reason::compacted);
    }
    compactor.join();
  }
}

SCENARIO("20221: the future cannot be followed", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  const Revision now = MUST(store->commit(put("/a", "1")));
  Recorder recorder;
  auto answer = store->follow(now + 1, recorder);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().reason == Reason::future);
  CHECK(answer.error().revision == now);
  MUST(store->commit(put("/a", "2")));
  CHECK(recorder.events().empty());
}

}  // namespace
}  // namespace tests
