// Lists: order, pages, old revisions, counting what is left.
#include "tests/contract/store/store_fixture.h"

namespace tests {
namespace {

using Keys = std::vector<std::string>;

SCENARIO("a list shows the keys of a prefix in byte order", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  for (const char* key : {"/r/b", "/r/a", "/r/\xff", "/r/a/x", "/s/a", "/q/a", "/r/a\x01"}) {
    MUST(store->commit(put(key, key)));
  }
  const Page page = MUST(store->list({.prefix = "/r/"}));
  CHECK(keys_of(page) == Keys{"/r/a", "/r/a\x01", "/r/a/x", "/r/b", "/r/\xff"});
  CHECK(page.revision == MUST(store->current()));
  CHECK_FALSE(page.more);
  CHECK(MUST(store->list({.prefix = ""})).records.size() == 7);
  CHECK(MUST(store->list({.prefix = "/r/\xff"})).records.size() == 1);
  CHECK(MUST(store->list({.prefix = "\xff"})).records.empty());
  CHECK(MUST(store->list({.prefix = "/nothing"})).records.empty());
}

SCENARIO("pages of one list show one revision, whatever is written meanwhile",
         "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  for (int i = 0; i < 25; ++i) MUST(store->commit(put("/k/" + std::to_string(100 + i), "old")));
  List list{.prefix = "/k/", .limit_max = 10, .count_rest = true};
  const Page first = MUST(store->list(list));
  REQUIRE(first.records.size() == 10);
  CHECK(first.more);
  CHECK(first.rest == 15);
  // Between the pages: a change, a delete, a new key, a key made again.
  MUST(store->commit(put("/k/115", "new")));
  MUST(store->commit(remove("/k/116")));
  MUST(store->commit(put("/k/1100", "new")));
  MUST(store->commit(remove("/k/117")));
  MUST(store->commit(put("/k/117", "again")));
  list.at = first.revision;
  list.after = first.records.back().key;
  const Page second = MUST(store->list(list));
  list.after = second.records.back().key;
  const Page third = MUST(store->list(list));
  CHECK(second.revision == first.revision);
  CHECK(second.rest == 5);
  CHECK(third.records.size() == 5);
  CHECK_FALSE(third.more);
  CHECK(third.rest == 0);
  Keys all = keys_of(first);
  for (const Page* page : {&second, &third}) {
    for (const Record& record : page->records) {
      CHECK(record.value == "old");
      all.push_back(record.key);
    }
  }
  Keys expected;
  for (int i = 0; i < 25; ++i) expected.push_back("/k/" + std::to_string(100 + i));
  CHECK(all == expected);
}

SCENARIO("a page that ends exactly at the end says that there is no more", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  for (int i = 0; i < 4; ++i) MUST(store->commit(put("/k/" + std::to_string(i), "v")));
  MUST(store->commit(put("/k/zz", "v")));
  MUST(store->commit(remove("/k/zz")));
  const Page page = MUST(store->list({.prefix = "/k/", .limit_max = 4, .count_rest = true}));
  CHECK(page.records.size() == 4);
  CHECK_FALSE(page.more);
  CHECK(page.rest == 0);
  CHECK(MUST(store->list({.prefix = "/k/", .limit_max = 0})).records.size() == 4);
  CHECK(MUST(store->list({.prefix = "/k/", .after = "/k/3"})).records.empty());
  CHECK(MUST(store->list({.prefix = "/k/", .after = "/a"})).records.size() == 4);
  CHECK(MUST(store->list({.prefix = "/k/", .after = "/z"})).records.empty());
}

SCENARIO("a key with a long history is one key", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  MUST(store->commit(put("/k/a", "a")));
  MUST(store->commit(put("/k/z", "z")));
  Revision middle = 0;
  for (int i = 0; i < 200; ++i) {
    const Revision r = MUST(store->commit(put("/k/hot", std::to_string(i))));
    if (i == 100) middle = r;
  }
  CHECK(keys_of(MUST(store->list({.prefix = "/k/"}))) == Keys{"/k/a", "/k/hot", "/k/z"});
  const Page then = MUST(store->list({.prefix = "/k/", .at = middle}));
  REQUIRE(keys_of(then) == Keys{"/k/a", "/k/hot", "/k/z"});
  CHECK(then.records[1].value == "100");
  CHECK(MUST(store->get("/k/hot", middle))->value == "100");
  CHECK(keys_of(MUST(store->list({.prefix = "/k/", .at = kFirstRevision + 1}))) == Keys{"/k/a"});
}

SCENARIO("a revision that has not been written is not read", "[contract][store]") {
  StoreUnderTest store(GENERATE(from_range(all_stores())));
  const Revision r = MUST(store->commit(put("/a", "1")));
  CHECK(store->list({.prefix = "/", .at = r + 1}).error().reason == Reason::future);
  CHECK(store->get("/a", r + 1).error().reason == Reason::future);
  CHECK(store->get("/a", r + 1).error().revision == r);
}

}  // namespace
}  // namespace tests
