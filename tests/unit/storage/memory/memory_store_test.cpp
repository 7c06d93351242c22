#include "storage/memory/memory_store.h"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/thread_env.h"

namespace storage {
namespace {

Txn put(std::string key, std::string value) {
  return {{}, {{std::move(key), std::move(value)}}};
}

class Recorder final : public EventSink {
 public:
  void on_events(std::span<const Event> events, Revision upto) override {
    for (const Event& event : events) seen.push_back(event.revision);
    last = upto;
  }
  std::vector<Revision> seen;
  Revision last = 0;
};

SCENARIO("the memory store fails where the Env says so", "[memory]") {
  tests::ThreadEnv env;
  std::string point;
  env.on_fault = [&](std::string_view at) { return at == point; };
  MemoryStore store(env);
  REQUIRE(store.commit(put("/a", "1")));
  WHEN("the fault is before the commit") {
    point = "store.commit";
    auto answer = store.commit(put("/a", "2"));
    THEN("nothing was written and the caller may try again") {
      REQUIRE_FALSE(answer);
      CHECK(answer.error().reason == Reason::unavailable);
      CHECK(MUST(store.get("/a"))->value == "1");
    }
  }
  WHEN("the answer is lost after the commit") {
    point = "store.commit.lost";
    auto answer = store.commit(put("/a", "2"));
    THEN("the caller cannot know, and the write is there") {
      REQUIRE_FALSE(answer);
      CHECK(answer.error().reason == Reason::uncertain);
      CHECK(MUST(store.get("/a"))->value == "2");
    }
  }
  WHEN("a read fails") {
    point = "store.list";
    auto answer = store.list({.prefix = "/"});
    THEN("it is retryable") {
      REQUIRE_FALSE(answer);
      CHECK(answer.error().reason == Reason::unavailable);
    }
  }
}

SCENARIO("a follower that joins between a write and its publication gets it once", "[memory]") {
  // The window is opened on purpose: the first commit joins a second follower before it publishes.
  tests::ThreadEnv env;
  MemoryStore store(env);
  Recorder first, second;
  auto following = MUST(store.follow(kFirstRevision, first));
  std::unique_ptr<Follow> joined;
  bool once = false;
  env.on_yield = [&](std::string_view point) {
    if (point != "store.commit.written" || once) return;
    once = true;
    // `after` is the newest revision, which no follower has been given yet.
    auto late = store.follow(kFirstRevision + 1, second);
    REQUIRE(late);
    joined = std::move(*late);
  };
  REQUIRE(store.commit(put("/a", "1")));
  REQUIRE(store.commit(put("/a", "2")));
  CHECK(first.seen == std::vector<Revision>{2, 3});
  CHECK(second.seen == std::vector<Revision>{3});
}

}  // namespace
}  // namespace storage
