// Flipped bits: a store with damage answers what was written or an error that names the place,
// never anything else.
#include <cstdlib>
#include <filesystem>
#include <random>

#include "storage/sqlite/backup.h"
#include "tests/unit/storage/sqlite/sqlite_fixture.h"

namespace tests {
namespace {

// 1,000 seeds in the nightly run (PADDOCK_FLIPS=1000); a tenth of it each time.
uint64_t flip_seeds() {
  const char* count = std::getenv("PADDOCK_FLIPS");
  return count ? std::strtoull(count, nullptr, 10) : 100;
}

std::string flip(std::string bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  const uint64_t flips = uint64_t{1} << random() % 10;  // 1 to 512
  for (uint64_t i = 0; i < flips; ++i) {
    const size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
  }
  return bytes;
}

void fill(Store& store) {
  for (int i = 0; i < 300; ++i) {
    MUST(store.commit(
        put("/k/" + std::to_string(i % 120), std::string(20 + i * 17 % 3000, 'a' + i % 26))));
    if (i % 11 == 0) MUST(store.commit(remove("/k/" + std::to_string(i % 120))));
  }
}

// True when the answer is an error that names the file.
template <class T>
bool named_damage(const StoreResult<T>& answer, const std::string& path) {
  return !answer && answer.error().reason == Reason::corrupt &&
         answer.error().message.find(path) != std::string::npos;
}

SCENARIO("flipped bits in the file are never data", "[sqlite][corruption]") {
  ThreadEnv env;
  TempDir dir;
  const std::string path = dir / "store.db";
  Page truth;
  {
    auto store = must_open(env, {.path = path});
    fill(*store);
    truth = MUST(store->list({.prefix = "", .limit_max = 0}));
  }
  const std::string bytes = read_file(path);
  uint64_t refused = 0, found = 0;
  for (uint64_t seed = 1; seed <= flip_seeds(); ++seed) {
    INFO("seed " << seed);
    write_file(path, flip(bytes, seed));
    auto opened = SqliteStore::open(env, {.path = path});
    if (!opened) {
      // The version in the header is not under a checksum before SQLite has read the page.
      REQUIRE((named_damage(opened, path) || opened.error().reason == Reason::newer_version));
      ++refused;
      continue;
    }
    Store& store = **opened;
    bool damage = false;
    for (const Record& record : truth.records) {
      auto got = store.get(record.key);
      if (!got) {
        REQUIRE(named_damage(got, path));
        damage = true;
      } else {
        REQUIRE(*got);
        REQUIRE(**got == record);
      }
    }
    auto list = store.list({.prefix = "", .limit_max = 0});
    if (list) REQUIRE(list->records == truth.records);
    if (!list) REQUIRE(named_damage(list, path));
    auto absent = store.get("/k/absent");
    if (absent) REQUIRE_FALSE(*absent);
    found += damage || !list;
    opened->reset();
    // The page that is damaged may be one that no answer needed, but a full verification sees every
    // page in use.
    if (!list) REQUIRE_FALSE(verify_file(path));
  }
  CHECK(refused + found > flip_seeds() / 2);
}

SCENARIO("damage in the log is a shorter log", "[sqlite][corruption]") {
  ThreadEnv env;
  TempDir dir;
  const std::string live = dir / "live.db";
  const std::string path = dir / "copy.db";
  auto store = must_open(env, {.path = live});
  fill(*store);
  const std::string file = read_file(live), log = read_file(live + "-wal");
  REQUIRE(log.size() > 100'000);
  const Revision newest = MUST(store->current());
  uint64_t shorter = 0;
  for (uint64_t seed = 1; seed <= flip_seeds(); ++seed) {
    INFO("seed " << seed);
    write_file(path, file);
    write_file(path + "-wal", flip(log, seed));
    auto opened = SqliteStore::open(env, {.path = path});
    if (!opened) {
      REQUIRE(named_damage(opened, path));
      continue;
    }
    const Revision reached = MUST((*opened)->current());
    REQUIRE(reached <= newest);
    shorter += reached < newest;
    const List then{.prefix = "", .at = std::max(reached, kFirstRevision), .limit_max = 0};
    REQUIRE(MUST((*opened)->list({.prefix = "", .limit_max = 0})).records ==
            MUST(store->list(then)).records);
  }
  CHECK(shorter > 0);
}

SCENARIO("damage to a value is found even when its page is sound", "[sqlite][corruption]") {
  ThreadEnv env;
  TempDir dir;
  const std::string path = dir / "store.db";
  {
    auto store = must_open(env, {.path = path});
    MUST(store->commit(put("/a", "right")));
    MUST(store->commit(put("/b", "right")));
  }
  {
    auto db = MUST(Database::open({path}));
    MUST(db->run("UPDATE log SET value = x'77726f6e67' WHERE key = x'2f61'"));
  }
  auto store = must_open(env, {.path = path});
  auto answer = store->get("/a");
  REQUIRE(named_damage(answer, path));
  CHECK(answer.error().key == "/a");
  CHECK(answer.error().message.find("/a") != std::string::npos);
  CHECK(answer.error().message.find("restore") != std::string::npos);
  CHECK(MUST(store->get("/b"))->value == "right");
  CHECK(named_damage(store->list({.prefix = "/"}), path));
}

}  // namespace
}  // namespace tests
