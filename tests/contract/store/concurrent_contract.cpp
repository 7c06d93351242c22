// Many threads at once: what they are told must fit one order of all that happened.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "tests/contract/store/store_fixture.h"

namespace tests {
namespace {

SCENARIO("a counter that many increment by checks loses nothing", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  constexpr int kThreads = 8, kIncrements = 50;
  Recorder recorder;
  auto following = MUST(store->follow(kFirstRevision, recorder));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int done = 0; done < kIncrements;) {
        auto now = MUST(store->get("/counter"));
        const int value = now ? std::stoi(now->value) : 0;
        auto answer = store->commit(
            put_if("/counter", std::to_string(value + 1), now ? now->modified : kAbsent));
        if (answer) ++done;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(MUST(store->get("/counter"))->value == std::to_string(kThreads * kIncrements));
  CHECK(MUST(store->current()) == kFirstRevision + kThreads * kIncrements);
  CHECK(recorder.faults().empty());
  int expected = 0;
  for (const Event& event : recorder.events()) CHECK(*event.value == std::to_string(++expected));
}

SCENARIO("exactly one of many creators wins", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  constexpr int kThreads = 8, kKeys = 50;
  std::atomic<int> won{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int k = 0; k < kKeys; ++k) {
        if (store->commit(put_if("/k/" + std::to_string(k), "v", kAbsent))) won.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(won.load() == kKeys);
}

SCENARIO("revisions of concurrent commits are unique and without gaps", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  constexpr int kThreads = 8, kWrites = 100;
  std::vector<std::vector<Revision>> seen(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kWrites; ++i) {
        seen[t].push_back(MUST(store->commit(put("/k/" + std::to_string(t), std::to_string(i)))));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Revision> all;
  for (const auto& mine : seen) {
    CHECK(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  CHECK(all.size() == kThreads * kWrites);
  CHECK(*all.rbegin() == kFirstRevision + kThreads * kWrites);
}

SCENARIO("a transfer between two keys is never seen half done", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  MUST(store->commit({{}, {{"/account/a", "1000"}, {"/account/b", "0"}}}));
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0}, reads{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      Revision last = 0;
      while (!stop.load()) {
        const Page page = MUST(store->list({.prefix = "/account/"}));
        if (page.records.size() != 2 ||
            std::stoi(page.records[0].value) + std::stoi(page.records[1].value) != 1000) {
          wrong.fetch_add(1);
        }
        if (page.revision < last) wrong.fetch_add(1);  // time went back
        last = page.revision;
        if (MUST(store->current()) < last) wrong.fetch_add(1);
        reads.fetch_add(1);
      }
    });
  }
  for (int i = 1; i <= 200 || reads.load() < 50; ++i) {
    const int moved = i % 1000;
    MUST(store->commit(
        {{},
         {{"/account/a", std::to_string(1000 - moved)}, {"/account/b", std::to_string(moved)}}}));
  }
  stop.store(true);
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong.load() == 0);
}

SCENARIO("commits that nobody waits for are answered once each, and each is seen by then",
         "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  Recorder recorder;
  auto following = MUST(store->follow(kFirstRevision, recorder));
  constexpr int kCommits = 300;
  std::mutex mutex;
  std::condition_variable answered;
  std::vector<Revision> revisions;
  int refused = 0, late = 0;
  auto begin = [&](Txn txn) {
    store->commit_later(std::move(txn), [&](StoreResult<Revision> result) {
      std::lock_guard lock(mutex);
      if (result) {
        revisions.push_back(*result);
        late += recorder.upto() < *result;
      } else {
        refused += result.error().reason == Reason::conflict;
      }
      answered.notify_all();
    });
  };
  for (int i = 0; i < kCommits; ++i) begin(put("/k/" + std::to_string(i), "v"));
  for (int i = 0; i < kCommits; ++i) {
    Txn again = put("/k/" + std::to_string(i), "w");
    again.checks.push_back({"/k/" + std::to_string(i), kAbsent});
    begin(std::move(again));
  }
  std::unique_lock lock(mutex);
  REQUIRE(answered.wait_for(lock, std::chrono::seconds(20), [&] {
    return revisions.size() + static_cast<size_t>(refused) == 2 * kCommits;
  }));
  CHECK(refused == kCommits);
  CHECK(late == 0);
  std::sort(revisions.begin(), revisions.end());
  CHECK(revisions.front() == kFirstRevision + 1);
  CHECK(revisions.back() == kFirstRevision + kCommits);
  CHECK(std::adjacent_find(revisions.begin(), revisions.end()) == revisions.end());
}

SCENARIO("what a reader has seen is current", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::thread writer([&] {
    for (int i = 0; i < 500; ++i) MUST(store->commit(put("/k", std::to_string(i))));
    done.store(true);
  });
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!done.load()) {
        auto found = MUST(store->get("/k"));
        if (found && MUST(store->current()) < found->modified) wrong.fetch_add(1);
      }
    });
  }
  writer.join();
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong.load() == 0);
}

SCENARIO("a writer reads its own write, on any thread", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      const std::string key = "/k/" + std::to_string(t);
      for (int i = 0; i < 100; ++i) {
        const Revision r = MUST(store->commit(put(key, std::to_string(i))));
        if (MUST(store->get(key))->modified != r) wrong.fetch_add(1);
        if (MUST(store->current()) < r) wrong.fetch_add(1);
        if (MUST(store->list({.prefix = key})).records.at(0).value != std::to_string(i)) {
          wrong.fetch_add(1);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong.load() == 0);
}

}  // namespace
}  // namespace tests
