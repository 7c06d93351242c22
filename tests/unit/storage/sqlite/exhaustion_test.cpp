// What runs out in real life: the disk, the file descriptors.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <latch>
#include <thread>
#include <vector>

#include "storage/sqlite/backup.h"
#include "tests/unit/storage/sqlite/sqlite_fixture.h"

namespace tests {
namespace {

// A small disk of its own, in memory.
class SmallDisk {
 public:
  explicit SmallDisk(const char* size) {
    const std::string options = std::string("mode=0700,size=") + size;
    if (::mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, options.c_str()) != 0) {
      SKIP("cannot mount a small disk: " << std::strerror(errno));
    }
  }
  ~SmallDisk() { ::umount2(dir_.path().c_str(), MNT_DETACH); }
  std::string operator/(const std::string& name) const { return dir_ / name; }

 private:
  TempDir dir_{std::filesystem::temp_directory_path().string()};
};

// Takes all that is free but `kept` bytes. The store may be taking some at the same time.
void fill_disk(const std::string& path, uint64_t kept) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(fd >= 0);
  int code = ENOSPC;
  for (int i = 0; i < 100 && code == ENOSPC; ++i) {
    const auto space = std::filesystem::space(std::filesystem::path(path).parent_path());
    if (space.available <= kept) break;
    code = ::posix_fallocate(fd, 0, static_cast<off_t>(space.available - kept));
  }
  ::close(fd);
}

SCENARIO("a full disk stops writes, not reads, and is over when there is room", "[sqlite][full]") {
  SmallDisk disk("24m");
  ThreadEnv env;
  int fatal = 0;
  auto store = must_open(env, {.path = disk / "store.db",
                               .checkpoint_pages = 64,
                               .on_fatal = [&](const Error&) { ++fatal; }});
  Contents model;
  auto write = [&](int i) {
    const std::string key = "/k/" + std::to_string(i), value(3000, static_cast<char>('a' + i % 26));
    auto answer = store->commit(put(key, value));
    if (answer) model[key] = value;
    return answer;
  };
  for (int i = 0; i < 100; ++i) MUST(write(i));
  for (int round = 0; round < 3; ++round) {
    INFO("round " << round);
    fill_disk(disk / "filler", 64 * 1024);
    StoreResult<Revision> answer = Revision{0};
    for (int i = 0; i < 10'000 && answer; ++i) answer = write(1000 * (round + 1) + i);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().reason == Reason::no_space);
    CHECK(answer.error().message.find("full") != std::string::npos);
    CHECK(store->stats().no_space);
    CHECK_FALSE(store->stats().failed);
    CHECK(contents_of(MUST(store->list({.prefix = "", .limit_max = 0}))) == model);
    for (const auto& [key, value] : model) REQUIRE(MUST(store->get(key))->value == value);
    CHECK(store->backup(disk / "backup").error().reason == Reason::no_space);
    CHECK_FALSE(std::filesystem::exists(disk / "backup.part"));
    std::filesystem::remove(disk / "filler");
    MUST(write(round));
    CHECK_FALSE(store->stats().no_space);
    MUST(store->compact(MUST(store->current())));
  }
  CHECK(fatal == 0);
  store.reset();
  CHECK(verify_file(disk / "store.db"));
  store = must_open(env, {.path = disk / "store.db"});
  CHECK(contents_of(MUST(store->list({.prefix = "", .limit_max = 0}))) == model);
}

SCENARIO("a store on a full disk says so when it is opened, or opens", "[sqlite][full]") {
  SmallDisk disk("4m");
  ThreadEnv env;
  {
    auto store = must_open(env, {.path = disk / "store.db"});
    for (int i = 0; i < 20; ++i) MUST(store->commit(put("/" + std::to_string(i), "v")));
  }
  fill_disk(disk / "filler", 0);
  auto store = SqliteStore::open(env, {.path = disk / "store.db"});
  if (store) {
    CHECK(MUST((*store)->get("/3"))->value == "v");
  } else {
    INFO(store.error().message);
    CHECK((store.error().reason == Reason::no_space || store.error().reason == Reason::io));
  }
  if (store) store->reset();
  std::filesystem::remove(disk / "filler");
  CHECK(MUST(must_open(env, {.path = disk / "store.db"})->get("/3"))->value == "v");
}

SCENARIO("without file descriptors a store that is open goes on", "[sqlite][descriptors]") {
  ThreadEnv env;
  TempDir dir;
  auto store = must_open(env, {.path = dir / "store.db", .readers_max = 4});
  MUST(store->commit(put("/a", "1")));
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  // Threads begin and end while there are descriptors: the sanitizers need one to look at a
  // thread's state.
  std::latch exhausted(1), done(6), restored(1);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      exhausted.wait();
      for (int i = 0; i < 50; ++i) {
        if (!store->commit(put("/t/" + std::to_string(t), std::to_string(i)))) wrong.fetch_add(1);
        auto got = store->get("/a");
        if (!got || !*got) wrong.fetch_add(1);
      }
      done.count_down();
      restored.wait();
    });
  }
  std::vector<int> taken;
  const rlimit few{64, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  for (int fd = ::open("/dev/null", O_RDONLY); fd >= 0; fd = ::open("/dev/null", O_RDONLY)) {
    taken.push_back(fd);
  }
  exhausted.count_down();
  done.wait();
  for (const int fd : taken) ::close(fd);
  ::setrlimit(RLIMIT_NOFILE, &before);
  restored.count_down();
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(taken.empty());
  CHECK(wrong.load() == 0);
}

}  // namespace
}  // namespace tests
