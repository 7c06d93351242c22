#include "storage/kv/compactor.h"

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "storage/memory/memory_store.h"
#include "tests/support/thread_env.h"

namespace storage {
namespace {

Instant at(int seconds) {
  return Instant(Seconds(seconds));
}

SCENARIO("history is kept for its time", "[compactor]") {
  CompactionPolicy policy({.keep = Seconds(300)});
  CHECK_FALSE(policy.observe(at(0), 100, 0));
  CHECK_FALSE(policy.observe(at(100), 200, 0));
  CHECK_FALSE(policy.observe(at(299), 300, 0));
  CHECK(policy.observe(at(300), 400, 0) == 100);
  CHECK(policy.observe(at(405), 500, 0) == 200);
  CHECK_FALSE(policy.observe(at(406), 500, 0));
}

SCENARIO("history is cut when there is too much of it", "[compactor]") {
  WHEN("by revisions") {
    CompactionPolicy policy({.keep = Seconds(300), .revisions_max = 1000});
    CHECK_FALSE(policy.observe(at(0), 900, 0));
    CHECK(policy.observe(at(1), 5000, 0) == 4000);
  }
  WHEN("by bytes") {
    CompactionPolicy policy({.keep = Seconds(300), .bytes_max = 1000});
    CHECK_FALSE(policy.observe(at(0), 10, 0));
    CHECK_FALSE(policy.observe(at(1), 20, 600));
    CHECK(policy.observe(at(2), 30, 1300) == 10);
    CHECK(policy.observe(at(3), 40, 1900) == 20);
  }
}

SCENARIO("the number of samples is bounded by the time that is kept", "[compactor]") {
  CompactionPolicy policy({.keep = Seconds(10)});
  for (int second = 0; second < 100'000; ++second) {
    const auto target = policy.observe(at(second), static_cast<Revision>(second + 1), 0);
    REQUIRE(target.value_or(0) == (second < 10 ? 0 : static_cast<Revision>(second - 9)));
  }
}

SCENARIO("the compactor compacts a store by itself and ends cleanly", "[compactor]") {
  tests::ThreadEnv env;
  MemoryStore store(env);
  for (int i = 0; i < 20; ++i) MUST(store.commit({{}, {{"/a", std::to_string(i)}}}));
  {
    Compactor compactor(env, store,
                        {.keep = Seconds(1000), .revisions_max = 5, .every = Millis(5)});
    for (int i = 0; i < 2000 && MUST(store.compacted()) < 16; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  CHECK(MUST(store.compacted()) == 16);
}

}  // namespace
}  // namespace storage
