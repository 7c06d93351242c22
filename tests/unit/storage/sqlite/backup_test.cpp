// Backups: one revision, beside running writes, verified, and a store again.
#include <atomic>
#include <filesystem>
#include <thread>

#include "storage/sqlite/backup.h"
#include "tests/unit/storage/sqlite/sqlite_fixture.h"

namespace tests {
namespace {

SCENARIO("a backup made under writes shows exactly one revision", "[sqlite][backup]") {
  ThreadEnv env;
  TempDir dir;
  auto store = must_open(env, {.path = dir / "store.db"});
  for (int i = 0; i < 200; ++i) {
    MUST(store->commit(put("/k/" + std::to_string(i), std::string(2000, 'v'))));
  }
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; !stop.load(); ++i) {
        const std::string key = "/k/" + std::to_string((i * 3 + w) % 250);
        MUST(store->commit(i % 9 == 0 ? remove(key) : put(key, std::to_string(i))));
      }
    });
  }
  std::vector<std::pair<std::string, Revision>> made;
  for (int i = 0; i < 3; ++i) {
    const std::string path = dir / ("backup-" + std::to_string(i));
    auto revision = store->backup(path);
    INFO((revision ? std::string() : revision.error().message));
    CHECK(revision);
    if (revision) made.emplace_back(path, *revision);
  }
  stop.store(true);
  for (std::thread& writer : writers) writer.join();
  REQUIRE(made.size() == 3);
  for (const auto& [path, revision] : made) {
    const Page then = MUST(store->list({.prefix = "", .at = revision, .limit_max = 0}));
    const FileReport report = MUST(verify_file(path));
    CHECK(report.current == revision);
    CHECK(report.keys == then.records.size());
    auto restored = must_open(env, {.path = path});
    CHECK(MUST(restored->list({.prefix = "", .limit_max = 0})).records == then.records);
    CHECK(MUST(restored->current()) == revision);
    CHECK(MUST(restored->commit(put("/new", "1"))) == revision + 1);
  }
}

SCENARIO("a backup replaces nothing and leaves nothing half done", "[sqlite][backup]") {
  ThreadEnv env;
  TempDir dir;
  auto store = must_open(env, {.path = dir / "store.db"});
  MUST(store->commit(put("/a", "1")));
  write_file(dir / "taken", "precious");
  CHECK(store->backup(dir / "taken").error().message.find("already") != std::string::npos);
  CHECK(read_file(dir / "taken") == "precious");
  CHECK_FALSE(store->backup(dir / "no/such/folder/backup"));
  MUST(store->backup(dir / "good"));
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    files += entry.path().string().find("good") != std::string::npos;
  }
  CHECK(files == 1);
}

SCENARIO("verification finds what is wrong in a backup", "[sqlite][backup]") {
  ThreadEnv env;
  TempDir dir;
  auto store = must_open(env, {.path = dir / "store.db"});
  for (int i = 0; i < 300; ++i)
    MUST(store->commit(put("/" + std::to_string(i), std::string(900, 'v'))));
  MUST(store->backup(dir / "backup"));
  std::string bytes = read_file(dir / "backup");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file(dir / "flipped", bytes);
  auto report = verify_file(dir / "flipped");
  REQUIRE_FALSE(report);
  CHECK(report.error().reason == Reason::corrupt);
  CHECK(report.error().message.find(dir / "flipped") != std::string::npos);
  CHECK(verify_file(dir / "nothing").error().reason == Reason::io);
}

}  // namespace
}  // namespace tests
