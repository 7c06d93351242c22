// Opening: what is refused, with which words, and that it is left as it was.
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>

#include "storage/sqlite/migrations.h"
#include "tests/unit/storage/sqlite/sqlite_fixture.h"

namespace tests {
namespace {

SCENARIO("a file that is not a store is refused and not touched", "[sqlite][open]") {
  ThreadEnv env;
  TempDir dir;
  const std::string path = dir / "store.db";
  std::string bytes = "not a database at all\n";
  WHEN("it is text") {}
  WHEN("it is long garbage") {
    bytes.assign(100'000, '\x5a');
  }
  WHEN("it is a database of another program") {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
    REQUIRE(sqlite3_exec(db, "CREATE TABLE t(x)", nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);
    bytes = read_file(path);
  }
  write_file(path, bytes);
  auto store = SqliteStore::open(env, {.path = path});
  REQUIRE_FALSE(store);
  CHECK(store.error().reason == Reason::corrupt);
  CHECK(store.error().message.find(path) != std::string::npos);
  CHECK(store.error().message.find("nothing was touched") != std::string::npos);
  CHECK(read_file(path) == bytes);
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));
}

SCENARIO("a store cut short is refused", "[sqlite][open]") {
  ThreadEnv env;
  TempDir dir;
  const std::string path = dir / "store.db";
  {
    auto store = must_open(env, {.path = path});
    for (int i = 0; i < 100; ++i)
      MUST(store->commit(put("/" + std::to_string(i), std::string(1000, 'v'))));
  }
  const std::string whole = read_file(path);
  WHEN("in its first bytes") {
    write_file(path, whole.substr(0, 50));
    CHECK(SqliteStore::open(env, {.path = path}).error().reason == Reason::corrupt);
  }
  WHEN("in the middle") {
    write_file(path, whole.substr(0, whole.size() / 2));
    auto store = SqliteStore::open(env, {.path = path});
    // What is left may open, but what is lost is an error and not an absence.
    if (store) {
      CHECK((*store)->list({.prefix = "/", .limit_max = 0}).error().reason == Reason::corrupt);
    } else {
      CHECK(store.error().reason == Reason::corrupt);
    }
  }
  WHEN("to nothing, with a log beside it") {
    write_file(path, "");
    write_file(path + "-wal", "something");
    CHECK(SqliteStore::open(env, {.path = path}).error().reason == Reason::corrupt);
    std::filesystem::remove(path);
    auto gone = SqliteStore::open(env, {.path = path});
    CHECK(gone.error().reason == Reason::corrupt);
    CHECK(read_file(path + "-wal") == "something");
  }
}

SCENARIO("a second opener is refused while the first lives", "[sqlite][open]") {
  ThreadEnv env;
  TempDir dir;
  const std::string path = dir / "store.db";
  auto first = must_open(env, {.path = path});
  auto second = SqliteStore::open(env, {.path = path});
  REQUIRE_FALSE(second);
  CHECK(second.error().reason == Reason::locked);
  CHECK(second.error().message.find("process " + std::to_string(::getpid())) != std::string::npos);
  MUST(first->commit(put("/a", "1")));
  first.reset();
  CHECK(MUST(must_open(env, {.path = path})->get("/a"))->value == "1");
}

SCENARIO("a store of a newer program is refused and not touched", "[sqlite][open]") {
  ThreadEnv env;
  TempDir dir;
  const std::string path = dir / "store.db";
  { must_open(env, {.path = path}); }
  {
    DatabaseOptions options{path};
    auto db = MUST(Database::open(options));
    MUST(db->run("PRAGMA user_version=99"));
  }
  const std::string bytes = read_file(path);
  auto store = SqliteStore::open(env, {.path = path});
  REQUIRE_FALSE(store);
  CHECK(store.error().reason == Reason::newer_version);
  CHECK(store.error().message.find("99") != std::string::npos);
  CHECK(read_file(path) == bytes);
}

SCENARIO("a place that cannot be written is refused with the system's word", "[sqlite][open]") {
  ThreadEnv env;
  TempDir dir;
  auto store = SqliteStore::open(env, {.path = dir / "missing/store.db"});
  REQUIRE_FALSE(store);
  CHECK(store.error().reason == Reason::io);
  CHECK(store.error().message.find("No such file or directory") != std::string::npos);
}

SCENARIO("migrations run once, each whole or not at all, and leave a copy of what was",
         "[sqlite][migrations]") {
  ThreadEnv env;
  TempDir dir;
  const std::string path = dir / "store.db";
  const Migration first = all_migrations()[0];
  const std::vector<Migration> two{first, {"a table of tests", "CREATE TABLE extra(x)"}};
  const std::vector<Migration> broken{
      first, {"half of it fails", "CREATE TABLE extra(x); INSERT INTO nothing VALUES(1)"}};
  MUST(must_open(env, {.path = path})->commit(put("/a", "1")));
  const DatabaseOptions options{path};
  WHEN("there is a new one") {
    auto db = MUST(Database::open(options));
    REQUIRE(migrate(*db, two));
    REQUIRE(migrate(*db, two));
    CHECK(MUST(db->number("PRAGMA user_version")) == 2);
    CHECK(MUST(db->number("SELECT count(*) FROM log")) == 1);
    CHECK(MUST(must_open(env, {.path = path + ".before-2"})->get("/a"))->value == "1");
  }
  WHEN("it fails half way") {
    auto db = MUST(Database::open(options));
    CHECK_FALSE(migrate(*db, broken));
    CHECK(MUST(db->number("PRAGMA user_version")) == 1);
    CHECK(MUST(db->number("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'")) == 0);
    THEN("the next program can go on") {
      CHECK(migrate(*db, two));
    }
  }
}

SCENARIO("a store that loses its file stops instead of writing into nowhere", "[sqlite][open]") {
  ThreadEnv env;
  TempDir dir;
  const std::string path = dir / "store.db";
  std::string told;
  auto store =
      must_open(env, {.path = path, .on_fatal = [&](const Error& error) { told = error.message; }});
  MUST(store->commit(put("/a", "1")));
  WHEN("it is removed") {
    std::filesystem::remove(path);
  }
  WHEN("it is replaced") {
    std::filesystem::copy(path, path + ".copy");
    std::filesystem::rename(path + ".copy", path);
  }
  WHEN("its log is removed") {
    std::filesystem::remove(path + "-wal");
  }
  CHECK_FALSE(store->commit(put("/a", "2")));
  CHECK(told.find(path) != std::string::npos);
  CHECK(told.find("while in use") != std::string::npos);
  CHECK(store->stats().failed);
  CHECK(store->commit(put("/a", "3")).error().reason == Reason::unavailable);
  CHECK(MUST(store->get("/a"))->value == "1");
}

}  // namespace
}  // namespace tests
