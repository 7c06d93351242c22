// Commits: revisions, checks, transactions of many keys, limits.
#include "storage/kv/limits.h"
#include "tests/contract/store/store_fixture.h"

namespace tests {
namespace {

using Lines = std::vector<std::string>;

SCENARIO("a write gets the next revision and can be read at once", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  REQUIRE(MUST(store->current()) == kFirstRevision);
  const Revision first = MUST(store->commit(put("/registry/a", "1")));
  const Revision second = MUST(store->commit(put("/registry/a", "2")));
  CHECK(first == kFirstRevision + 1);
  CHECK(second == first + 1);
  CHECK(MUST(store->current()) == second);
  CHECK(*MUST(store->get("/registry/a")) == Record{"/registry/a", "2", first, second});
  CHECK(*MUST(store->get("/registry/a", first)) == Record{"/registry/a", "1", first, first});
  CHECK_FALSE(MUST(store->get("/registry/b")));
  CHECK_FALSE(MUST(store->get("/registry/a", kFirstRevision)));
}

SCENARIO("a write whose precondition is stale is refused and changes nothing",
         "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  GIVEN("a key at revision r") {
    const Revision r = MUST(store->commit(put_if("/a", "1", kAbsent)));
    WHEN("two writers both hold r") {
      REQUIRE(store->commit(put_if("/a", "2", r)));
      auto late = store->commit(put_if("/a", "3", r));
      THEN("the second gets a conflict that names the key and its revision, and the first stays") {
        REQUIRE_FALSE(late);
        CHECK(late.error().reason == Reason::conflict);
        CHECK(late.error().key == "/a");
        CHECK(late.error().revision == r + 1);
        CHECK(MUST(store->get("/a"))->value == "2");
        CHECK(MUST(store->current()) == r + 1);
      }
    }
    WHEN("it is created again") {
      auto again = store->commit(put_if("/a", "2", kAbsent));
      THEN("it is refused") {
        CHECK(again.error().reason == Reason::conflict);
      }
    }
    WHEN("a key that is not there is updated") {
      auto missing = store->commit(put_if("/b", "1", r));
      THEN("it is refused and says so") {
        REQUIRE_FALSE(missing);
        CHECK(missing.error().revision == kAbsent);
        CHECK_FALSE(MUST(store->get("/b")));
      }
    }
    WHEN("it was deleted and made again") {
      MUST(store->commit(remove("/a")));
      const Revision remade = MUST(store->commit(put_if("/a", "new", kAbsent)));
      THEN("it has a new life, and the old revision does not match it") {
        CHECK(MUST(store->get("/a"))->created == remade);
        CHECK(store->commit(put_if("/a", "x", r)).error().reason == Reason::conflict);
      }
    }
  }
}

SCENARIO("a transaction is all or nothing and one revision", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  const Revision r = MUST(store->commit({{}, {{"/a", "1"}, {"/b", "1"}, {"/c", "1"}}}));
  CHECK(MUST(store->get("/a"))->modified == r);
  CHECK(MUST(store->get("/c"))->modified == r);
  WHEN("one of its checks does not hold") {
    auto refused = store->commit({{{"/a", r}, {"/b", r - 1}}, {{"/a", "2"}, {"/d", "2"}}});
    THEN("nothing of it is there") {
      CHECK(refused.error().key == "/b");
      CHECK(MUST(store->get("/a"))->value == "1");
      CHECK_FALSE(MUST(store->get("/d")));
    }
  }
  WHEN("a check is on a key that the transaction does not write") {
    CHECK(store->commit({{{"/a", r}}, {{"/z", "1"}}}));
    CHECK(store->commit({{{"/a", r + 1}}, {{"/z", "2"}}}).error().reason == Reason::conflict);
  }
  WHEN("it puts one key and deletes another") {
    Recorder recorder;
    auto following = MUST(store->follow(r, recorder));
    const Revision both = MUST(store->commit({{{"/a", r}}, {{"/a", std::nullopt}, {"/b", "2"}}}));
    THEN("both have its revision") {
      CHECK_FALSE(MUST(store->get("/a")));
      CHECK(MUST(store->get("/b"))->modified == both);
      const std::string at = " @" + std::to_string(both);
      CHECK(lines_of(recorder.events()) == Lines{"delete /a" + at, "put /b 2" + at});
      CHECK(recorder.events()[0].created == r);
      CHECK(recorder.events()[1].created == r);
    }
  }
  WHEN("it writes a key more than once") {
    MUST(store->commit({{}, {{"/k", "1"}, {"/a", "x"}, {"/k", "2"}}}));
    THEN("the last write is the one") {
      CHECK(MUST(store->get("/k"))->value == "2");
    }
  }
}

SCENARIO("a transaction that changes nothing takes no revision", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  const Revision r = MUST(store->commit(put("/a", "1")));
  Recorder recorder;
  auto following = MUST(store->follow(r, recorder));
  CHECK(MUST(store->commit(remove("/not-there"))) == r);
  CHECK(MUST(store->commit({})) == r);
  CHECK(MUST(store->commit({{{"/a", r}}, {}})) == r);
  CHECK(store->commit({{{"/a", r + 1}}, {}}).error().reason == Reason::conflict);
  CHECK(MUST(store->current()) == r);
  MUST(store->commit({{}, {{"/not-there", std::nullopt}, {"/b", "1"}}}));
  CHECK(lines_of(recorder.events()) == Lines{"put /b 1 @" + std::to_string(r + 1)});
}

SCENARIO("any bytes are kept as they are", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  MUST(store->commit(put("/k" + bytes, bytes)));
  MUST(store->commit(put("/empty", "")));
  MUST(store->commit(put("/large", std::string(100'000, 'x') + bytes)));
  CHECK(MUST(store->get("/k" + bytes))->value == bytes);
  REQUIRE(MUST(store->get("/empty")));
  CHECK(MUST(store->get("/empty"))->value.empty());
  CHECK(MUST(store->get("/large"))->value == std::string(100'000, 'x') + bytes);
}

SCENARIO("what is over a limit is refused by name", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  CHECK(store->commit(put("/a", std::string(kValueBytesMax, 'v'))));
  auto value = store->commit(put("/a", std::string(kValueBytesMax + 1, 'v')));
  REQUIRE_FALSE(value);
  CHECK(value.error().reason == Reason::too_large);
  CHECK(value.error().key == "/a");
  CHECK(value.error().message.find(std::to_string(kValueBytesMax)) != std::string::npos);
  CHECK(store->commit(put(std::string(kKeyBytesMax + 1, 'k'), "v")).error().reason ==
        Reason::too_large);
  CHECK(store->commit(put("", "v")).error().reason == Reason::too_large);
  Txn many;
  for (size_t i = 0; i <= kTxnWritesMax; ++i) many.writes.push_back({"/" + std::to_string(i), "v"});
  CHECK(store->commit(many).error().reason == Reason::too_large);
  many.writes.pop_back();
  CHECK(store->commit(many));
  Txn heavy;
  for (int i = 0; i < 6; ++i) {
    heavy.writes.push_back({"/" + std::to_string(i), std::string(kValueBytesMax, 'v')});
  }
  CHECK(store->commit(heavy).error().reason == Reason::too_large);
  CHECK(MUST(store->current()) == kFirstRevision + 2);
}

}  // namespace
}  // namespace tests
