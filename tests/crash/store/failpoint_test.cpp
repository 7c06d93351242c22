// kill -9 exactly at each place that has a name, several times, and then the same questions as
// after a kill at random: is everything there that was acknowledged, and nothing by half?
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "storage/sqlite/backup.h"
#include "storage/sqlite/migrations.h"
#include "tests/crash/store/crash_check.h"
#include "tests/support/temp_dir.h"

namespace tests {
namespace {

using namespace storage;

constexpr std::string_view kNames[] = {
#define FAILPOINT_NAME(name) #name,
#include "storage/base/failpoints.inc"
#undef FAILPOINT_NAME
};

bool of_engine(std::string_view name) {
  return name.starts_with("token_") || name.starts_with("administrator_");
}
bool of_migration(std::string_view name) {
  return name.starts_with("migration_") || name.starts_with("creation_");
}

SCENARIO("no acknowledged write is lost by a kill at any place with a name", "[points]") {
  uint64_t kills = 0, writes = 0;
  for (std::string_view name : kNames) {
    if (of_engine(name) || of_migration(name)) continue;
    TempDir dir(std::filesystem::temp_directory_path().string());
    const std::string path = dir / "store.db";
    Acknowledged acknowledged;
    for (int n : {1, 2, 5, 3, 8}) {
      INFO(name << ":" << n);
      CrashWriter writer(path, "full",
                         {.failpoint = std::string(name) + ":" + std::to_string(n),
                          .doing = name == "compaction_shrinking" ? "shrink" : "write"});
      REQUIRE(writer.wait_for_end(std::chrono::seconds(20)) == CrashWriter::End::killed_itself);
      writer.collect(acknowledged);
      INFO("the writer said: " << acknowledged.failure);
      const auto faults = faults_after_crash(path, acknowledged);
      INFO((faults.empty() ? std::string() : faults.front()));
      REQUIRE(faults.empty());
      REQUIRE(acknowledged.failure.empty());
      ++kills;
    }
    writes += acknowledged.count;
  }
  WARN(kills << " kills at named places, " << writes << " acknowledged writes, none lost");
}

SCENARIO("a store that was being made when it was killed is made by the next start", "[points]") {
  for (std::string_view name : {"creation_begun", "migration_applied", "migration_done"}) {
    INFO(name);
    TempDir dir(std::filesystem::temp_directory_path().string());
    const std::string path = dir / "store.db";
    CrashWriter writer(path, "full", {.failpoint = std::string(name)});
    REQUIRE(writer.wait_for_end(std::chrono::seconds(20)) == CrashWriter::End::killed_itself);
    Acknowledged nothing;
    const auto faults = faults_after_crash(path, nothing);
    INFO((faults.empty() ? std::string() : faults.front()));
    REQUIRE(faults.empty());
  }
}

// The crash writer's own two steps after the first tables (crash_check.h).
SCENARIO("a migration that was killed goes on at the next start", "[points]") {
  for (std::string_view point :
       {"backup_copied", "backup_linked", "migration_copied", "migration_applied", "migration_done",
        "migration_applied:2", "migration_done:2"}) {
    INFO(point);
    TempDir dir(std::filesystem::temp_directory_path().string());
    const std::string path = dir / "store.db";
    Acknowledged acknowledged;
    {
      CrashWriter writer(path, "full");
      REQUIRE(writer.wait_for_work());
      writer.kill();
      writer.collect(acknowledged);
    }
    REQUIRE(faults_after_crash(path, acknowledged).empty());
    const uint64_t rows = MUST(verify_file(path)).rows;
    CrashWriter writer(path, "full", {.failpoint = std::string(point), .doing = "migrate"});
    REQUIRE(writer.wait_for_end(std::chrono::seconds(20)) == CrashWriter::End::killed_itself);

    const std::string copy = path + ".before-2";
    if (std::filesystem::exists(copy)) {
      auto report = verify_file(copy);
      INFO((report ? std::string() : report.error().message));
      REQUIRE(report);
      CHECK(report->rows == rows);
    }
    auto database = MUST(Database::open({.path = path}));
    auto done = migrate(*database, crash_migrations());
    INFO((done ? std::string() : done.error().message));
    REQUIRE(done);
    CHECK(MUST(database->number("PRAGMA user_version")) == 3);
    CHECK(MUST(database->number("SELECT count(*) FROM log")) == static_cast<int64_t>(rows));
    CHECK(MUST(database->number("SELECT n FROM later")) == static_cast<int64_t>(rows));
    CHECK(MUST(database->text("PRAGMA integrity_check")) == "ok");
    CHECK(std::filesystem::exists(copy));
  }
}

}  // namespace
}  // namespace tests
