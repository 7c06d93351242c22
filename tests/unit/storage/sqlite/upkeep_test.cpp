// What the store does about its size: compaction gives space back, the log stays bounded, commits
// share syncs.
#include <filesystem>
#include <thread>

#include "storage/sqlite/backup.h"
#include "storage/sqlite/crc32c.h"
#include "storage/sqlite/row.h"
#include "tests/unit/storage/sqlite/sqlite_fixture.h"

namespace tests {
namespace {

SCENARIO("compaction gives the space of the past back to the disk", "[sqlite][upkeep]") {
  ThreadEnv env;
  TempDir dir;
  auto store = must_open(env, {.path = dir / "store.db", .checkpoint_pages = 256});
  for (int i = 0; i < 10'000;) {
    Txn txn;
    for (int j = 0; j < 500; ++j, ++i)
      txn.writes.push_back({"/" + std::to_string(i % 1000), std::string(2000, 'v')});
    MUST(store->commit(std::move(txn)));
  }
  const auto before = std::filesystem::file_size(dir / "store.db");
  MUST(store->compact(MUST(store->current())));
  MUST(store->commit(put("/last", "1")));
  store.reset();
  const auto after = std::filesystem::file_size(dir / "store.db");
  INFO(before << " bytes before, " << after << " after");
  CHECK(before > 12'000'000);
  // 1,000 keys of 2 KB, and the 4 MiB that are kept for what comes next.
  CHECK(after < 8'000'000);
  const FileReport report = MUST(verify_file(dir / "store.db"));
  CHECK(report.keys == 1001);
  CHECK(report.rows == 1001);
}

SCENARIO("the log stays bounded under steady writes, and after a long read", "[sqlite][upkeep]") {
  // Four times the length at which it is due, and a commit or two.
  constexpr uintmax_t kBound = 5 * 64 * 4200;
  ThreadEnv env;
  TempDir dir;
  auto store = must_open(env, {.path = dir / "store.db", .checkpoint_pages = 64});
  for (int i = 0; i < 2000; ++i)
    MUST(store->commit(put("/" + std::to_string(i % 50), std::string(1000, 'v'))));
  CHECK(std::filesystem::file_size(dir / "store.db-wal") < kBound);
  {
    // A read that stays open holds the log; it must not make each commit slower, and afterwards the
    // log shrinks.
    auto reader = MUST(Reader::open({dir / "store.db"}));
    MUST(reader->database().run("BEGIN"));
    MUST(reader->database().number("SELECT compacted FROM state"));
    for (int i = 0; i < 1000; ++i)
      MUST(store->commit(put("/" + std::to_string(i % 50), std::string(1000, 'v'))));
    CHECK(std::filesystem::file_size(dir / "store.db-wal") > kBound);
    MUST(reader->database().run("COMMIT"));
  }
  for (int i = 0; i < 500; ++i)
    MUST(store->commit(put("/" + std::to_string(i % 50), std::string(1000, 'v'))));
  CHECK(std::filesystem::file_size(dir / "store.db-wal") <= kBound);
}

SCENARIO("commits of many threads share syncs", "[sqlite][upkeep]") {
  ThreadEnv env;
  TempDir dir(
      std::filesystem::temp_directory_path().string());  // on a disk, where a sync takes time
  auto store = must_open(env, {.path = dir / "store.db"});
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) MUST(store->commit(put("/" + std::to_string(t), "v")));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const StoreStats stats = store->stats();
  CHECK(stats.commits == 800);
  CHECK(stats.batches < 800);
  CHECK(stats.bytes_written > 800);
}

SCENARIO("the checksum is CRC-32C", "[sqlite][crc]") {
  CHECK(crc32c(0, std::string_view("123456789")) == 0xe3069283);
  CHECK(crc32c(0, std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(0, std::string(32, '\xff')) == 0x62a8ab43);
  CHECK(crc32c(crc32c(0, std::string_view("1234")), std::string_view("56789")) == 0xe3069283);
}

SCENARIO("places in the log are in order of revisions", "[sqlite][row]") {
  CHECK(revision_of(seq_of(7, 0)) == 7);
  CHECK(revision_of(last_seq_of(7)) == 7);
  CHECK(seq_of(7, kTxnWritesMax - 1) < seq_of(8, 0));
  CHECK(last_seq_of(7) < seq_of(8, 0));
  CHECK(content_sum("a", "bc") != content_sum("ab", "c"));
}

}  // namespace
}  // namespace tests
