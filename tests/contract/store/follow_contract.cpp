// Following: the log in order, whole, from any revision that is still there.
#include <thread>

#include "tests/contract/store/store_fixture.h"

namespace tests {
namespace {

using Lines = std::vector<std::string>;

SCENARIO("a follower has the event before the writer has its answer", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  Recorder recorder;
  auto following = MUST(store->follow(kFirstRevision, recorder));
  for (int i = 0; i < 50; ++i) {
    const Revision r = MUST(store->commit(put("/a", std::to_string(i))));
    REQUIRE(recorder.upto() == r);
    REQUIRE(recorder.events().back().revision == r);
  }
  CHECK(recorder.faults().empty());
}

SCENARIO("following from a revision gives exactly what came after it", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  MUST(store->commit(put("/a", "1")));
  MUST(store->commit(put("/b", "1")));
  MUST(store->commit(put("/a", "2")));
  MUST(store->commit(remove("/b")));
  const Lines all{"put /a 1 @2", "put /b 1 @3", "put /a 2 @4", "delete /b @5"};
  for (Revision after = kFirstRevision; after <= 5; ++after) {
    Recorder recorder;
    auto following = MUST(store->follow(after, recorder));
    CHECK(lines_of(recorder.events()) ==
          Lines(all.begin() + static_cast<long>(after) - 1, all.end()));
    CHECK(recorder.faults().empty());
    if (after < 5) CHECK(recorder.upto() == 5);
  }
  Recorder recorder;
  auto from_nothing = MUST(store->follow(0, recorder));
  CHECK(lines_of(recorder.events()) == all);
  CHECK(recorder.events()[2].created == 2);
  CHECK(recorder.events()[3].created == 3);
}

SCENARIO("a follower that ends is not called again", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  Recorder recorder;
  auto following = MUST(store->follow(kFirstRevision, recorder));
  MUST(store->commit(put("/a", "1")));
  following.reset();
  MUST(store->commit(put("/a", "2")));
  CHECK(recorder.events().size() == 1);
  auto again = MUST(store->follow(2, recorder));
  CHECK(lines_of(recorder.events()) == Lines{"put /a 1 @2", "put /a 2 @3"});
}

SCENARIO("two followers get the same", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  Recorder one, two;
  auto first = MUST(store->follow(kFirstRevision, one));
  MUST(store->commit(put("/a", "1")));
  auto second = MUST(store->follow(kFirstRevision, two));
  MUST(store->commit(put("/a", "2")));
  CHECK(one.events() == two.events());
  CHECK(two.events().size() == 2);
}

SCENARIO("a follower that joins while many write misses nothing and gets nothing twice",
         "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  constexpr int kWriters = 4, kWrites = 200;
  Recorder whole;
  auto from_start = MUST(store->follow(kFirstRevision, whole));
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kWrites; ++i) {
        MUST(store->commit(put("/k/" + std::to_string(w), std::to_string(i))));
      }
    });
  }
  std::vector<std::unique_ptr<Recorder>> late;
  std::vector<std::unique_ptr<Follow>> followings;
  std::vector<Revision> joined;
  while (joined.size() < 20) {
    late.push_back(std::make_unique<Recorder>());
    joined.push_back(MUST(store->current()));
    followings.push_back(MUST(store->follow(joined.back(), *late.back())));
  }
  for (std::thread& writer : writers) writer.join();
  const std::vector<Event> all = whole.events();
  CHECK(all.size() == kWriters * kWrites);
  CHECK(whole.faults().empty());
  for (size_t i = 0; i < late.size(); ++i) {
    INFO("joined at revision " << joined[i]);
    CHECK(late[i]->faults().empty());
    const auto skipped = static_cast<long>(joined[i] - kFirstRevision);
    CHECK(late[i]->events() == std::vector<Event>(all.begin() + skipped, all.end()));
  }
}

SCENARIO("a follower resumes over a restart", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(durable_stores())));
  Recorder before;
  auto following = MUST(store->follow(kFirstRevision, before));
  for (int i = 0; i < 300; ++i) {
    MUST(store->commit(put("/k/" + std::to_string(i % 7), std::string(10'000, 'v'))));
  }
  following.reset();
  store.reopen();
  Recorder after;
  following = MUST(store->follow(100, after));
  MUST(store->commit(put("/last", "1")));
  CHECK(after.faults().empty());
  REQUIRE(after.events().size() == 202);
  CHECK(after.events().front().revision == 101);
  CHECK(after.events().back().key == "/last");
  const std::vector<Event> old = before.events(), resumed = after.events();
  CHECK(std::vector<Event>(old.begin() + 99, old.end()) ==
        std::vector<Event>(resumed.begin(), resumed.end() - 1));
}

}  // namespace
}  // namespace tests
