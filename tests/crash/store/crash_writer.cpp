// Writes to a store until it is killed, and tells on standard output what was acknowledged:
//   A THREAD NUMBER REVISION     both keys of this thread hold this number
//   F MESSAGE                    the store has failed; the process exits with 3
// Usage: store_crash_writer PATH full|normal write|shrink|migrate
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "storage/sqlite/sqlite_store.h"
#include "tests/crash/store/crash_check.h"
#include "tests/support/thread_env.h"

namespace {

using namespace storage;

// One write() a line: pipes keep such lines whole, and they outlive the process.
void tell(const std::string& line) {
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) ::_exit(4);
}

[[noreturn]] void die(const Error& error) {
  tell("F " + error.message + "\n");
  ::_exit(3);
}

uint64_t start_number(Store& store, int thread) {
  auto found = store.get(tests::crash_key(thread, 0));
  if (!found) die(found.error());
  return *found ? std::strtoull((*found)->value.c_str(), nullptr, 10) : 0;
}

void write_on(Store& store, int thread) {
  for (uint64_t number = start_number(store, thread) + 1;; ++number) {
    const std::string value = tests::crash_value(number);
    Txn txn;
    for (int half : {0, 1}) txn.writes.push_back({tests::crash_key(thread, half), value});
    // A key that comes and goes, so that there are deletes to compact.
    const bool there = number % 2 == 1;
    txn.writes.push_back(
        {tests::crash_key(thread, 2), there ? std::optional(value) : std::nullopt});
    auto answer = store.commit(std::move(txn));
    if (!answer) die(answer.error());
    tell("A " + std::to_string(thread) + " " + std::to_string(number) + " " +
         std::to_string(*answer) + "\n");
  }
}

// Compaction and backups, one after the other, so that a crash meets them too.
void keep_up(SqliteStore& store, const std::string& path) {
  for (;;) {
    auto current = store.current();
    if (!current) die(current.error());
    if (*current > 50) {
      if (auto done = store.compact(*current - 50); !done) die(done.error());
    }
    const std::string copy = path + ".backup";
    ::unlink(copy.c_str());
    if (auto made = store.backup(copy); !made) die(made.error());
  }
}

// More pages than the store keeps free for itself, for compaction to give back.
void fill_and_empty(Store& store, Revision& upto) {
  for (const bool there : {true, false}) {
    for (int i = 0; i < 60; ++i) {
      Txn txn;
      for (int j = 0; j < 60; ++j) {
        const std::string key = "/fat/" + std::to_string(i) + "/" + std::to_string(j);
        txn.writes.push_back({key, there ? std::optional(std::string(3000, 'f')) : std::nullopt});
      }
      auto done = store.commit(std::move(txn));
      if (!done) die(done.error());
      upto = *done;
    }
  }
  if (auto done = store.compact(upto); !done) die(done.error());
}

int migrate_on(const std::string& path) {
  auto database = Database::open({.path = path});
  if (!database) die(database.error());
  if (auto done = migrate(**database, tests::crash_migrations()); !done) die(done.error());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  tests::ThreadEnv env;
  const std::string path = argv[1];
  if (argv[3] == std::string("migrate")) return migrate_on(path);
  auto store = SqliteStore::open(
      env,
      {.path = path,
       .synchronous = std::string(argv[2]) == "normal" ? Synchronous::normal : Synchronous::full,
       .checkpoint_pages = 200,
       .on_fatal = die});
  if (!store) die(store.error());
  if (argv[3] == std::string("shrink")) {
    Revision upto = 0;
    fill_and_empty(**store, upto);
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < tests::kCrashThreads; ++t) {
    threads.emplace_back([&, t] { write_on(**store, t); });
  }
  keep_up(**store, path);
}
