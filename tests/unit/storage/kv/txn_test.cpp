#include "storage/kv/txn.h"

#include <catch2/catch_test_macros.hpp>

#include "storage/kv/errors.h"

namespace storage {
namespace {

SCENARIO("the end of a prefix is the first string after all that begin with it", "[txn]") {
  CHECK(prefix_end("/a") == "/b");
  CHECK(prefix_end("/a\xff") == "/b");
  CHECK(prefix_end("\xff\xff").empty());
  CHECK(prefix_end("").empty());
  CHECK(prefix_end(std::string("a\0", 2)) == "a\x01");
}

SCENARIO("a list begins at its prefix or after its last page, whichever is later", "[txn]") {
  CHECK(list_begin({.prefix = "/b/"}) == "/b/");
  CHECK(list_begin({.prefix = "/b/", .after = "/b/x"}) == std::string("/b/x\0", 5));
  CHECK(list_begin({.prefix = "/b/", .after = "/a"}) == "/b/");
}

SCENARIO("only the last write of a key stays, in its place", "[txn]") {
  Txn few{{}, {{"/a", "1"}, {"/b", "1"}, {"/a", std::nullopt}}};
  REQUIRE(prepare(few));
  REQUIRE(few.writes.size() == 2);
  CHECK(few.writes[0].key == "/b");
  CHECK_FALSE(few.writes[1].value);
  Txn many;
  for (int i = 0; i < 50; ++i)
    many.writes.push_back({"/" + std::to_string(i % 20), std::to_string(i)});
  REQUIRE(prepare(many));
  REQUIRE(many.writes.size() == 20);
  CHECK(*many.writes.back().value == "49");
}

SCENARIO("errors say what was wrong and where", "[errors]") {
  CHECK(conflict("/a", 5, 7).message == "key /a: expected revision 5, but it is at 7");
  CHECK(conflict("/a", kAbsent, 7).message ==
        "key /a: expected that it does not exist, but it is at 7");
  CHECK(conflict("/a", 5, kAbsent).message == "key /a: expected revision 5, but it does not exist");
  CHECK(compacted_error(3, 9).revision == 9);
  CHECK(reason_name(Reason::newer_version) == "newer_version");
}

}  // namespace
}  // namespace storage
