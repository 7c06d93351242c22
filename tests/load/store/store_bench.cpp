// store_bench: what the durable store does on this disk, beside what the disk does alone.
//   store_bench [--dir FOLDER] [--seconds N] [--objects N]
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "storage/sqlite/sqlite_store.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thread_env.h"

namespace {

using namespace storage;
using Clock = std::chrono::steady_clock;

struct Arguments {
  std::string dir = ".";
  double seconds = 3;
  int objects = 100'000;
};

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void row(const char* what, double figure, const char* unit) {
  std::printf("%-44s %12.1f %s\n", what, figure, unit);
  std::fflush(stdout);
}

long rss_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmRSS:") {
      long kib = 0;
      status >> kib;
      return kib;
    }
  }
  return 0;
}

std::string key_of(int number) {
  char text[80];
  std::snprintf(text, sizeof(text), "/registry/configmaps/namespace-%02d/config-map-%07d",
                number % 20, number);
  return text;
}

std::unique_ptr<SqliteStore> open_store(Env& env, const std::string& path) {
  auto store = SqliteStore::open(env, {.path = path});
  if (!store) {
    std::fprintf(stderr, "store_bench: %s\n", store.error().message.c_str());
    std::exit(1);
  }
  return std::move(*store);
}

// One 4 KiB page overwritten and synced, over and over: no durable write can be faster than this
// alone.
void measure_disk(const std::string& path, double seconds) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  std::string page(4096, 'x');
  for (int i = 0; i < 256; ++i) (void)!::pwrite(fd, page.data(), page.size(), i * 4096);
  (void)::fsync(fd);
  int count = 0;
  const auto start = Clock::now();
  for (; since(start) < seconds; ++count) {
    (void)!::pwrite(fd, page.data(), page.size(), (count % 256) * 4096);
    (void)::fdatasync(fd);
  }
  row("disk alone: 4 KiB overwrite + fdatasync", count / since(start), "/s");
  ::close(fd);
  ::unlink(path.c_str());
}

struct Measured {
  double rate = 0;
  double p50_ms = 0, p99_ms = 0, worst_ms = 0;
};

template <class Work>
Measured measure(int threads, double seconds, Work work) {
  std::atomic<bool> stop{false};
  std::vector<std::vector<float>> took(static_cast<size_t>(threads));
  std::vector<std::thread> running;
  const auto start = Clock::now();
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      std::vector<float>& mine = took[static_cast<size_t>(t)];
      while (!stop.load(std::memory_order_relaxed)) {
        const auto before = Clock::now();
        work(t, mine.size());
        mine.push_back(static_cast<float>(since(before) * 1e3));
      }
    });
  }
  while (since(start) < seconds) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  stop.store(true);
  for (std::thread& thread : running) thread.join();
  const double elapsed = since(start);
  std::vector<float> all;
  for (const auto& mine : took) all.insert(all.end(), mine.begin(), mine.end());
  if (all.empty()) return {};
  std::sort(all.begin(), all.end());
  return {static_cast<double>(all.size()) / elapsed, all[all.size() / 2],
          all[all.size() * 99 / 100], all.back()};
}

void latency_row(const Measured& measured) {
  std::printf("    latency in ms: p50 %.2f, p99 %.2f, worst %.1f\n", measured.p50_ms,
              measured.p99_ms, measured.worst_ms);
}

void measure_writes(Store& store, double seconds) {
  const std::string value(1024, 'v');
  std::atomic<int> next{0};
  for (int threads : {1, 16, 64}) {
    const StoreStats before = store.stats();
    const Measured figure = measure(threads, seconds, [&](int, uint64_t) {
      const std::string key = key_of(next.fetch_add(1));
      (void)MUST(store.commit({{{key, kAbsent}}, {{key, value}}}));
    });
    const StoreStats after = store.stats();
    row(("durable creates of 1 KiB, " + std::to_string(threads) + " threads").c_str(), figure.rate,
        "/s");
    latency_row(figure);
    row("    commits that shared a sync",
        static_cast<double>(after.commits - before.commits) /
            static_cast<double>(std::max<uint64_t>(1, after.batches - before.batches)),
        "");
  }
  const int keys = next.load();
  for (int threads : {1, 16, 64}) {
    std::atomic<int> at{0};
    const Measured figure = measure(threads, seconds, [&](int, uint64_t) {
      const int n = at.fetch_add(7919);
      (void)MUST(store.commit({{}, {{key_of(static_cast<unsigned>(n) % keys), value}}}));
    });
    row(("durable updates of 1 KiB, " + std::to_string(threads) + " threads").c_str(), figure.rate,
        "/s");
    latency_row(figure);
  }
}

void fill(Store& store, int objects) {
  const std::string value(1024, 'v');
  for (int i = 0; i < objects;) {
    Txn txn;
    for (int j = 0; j < 1000 && i < objects; ++j, ++i) txn.writes.push_back({key_of(i), value});
    (void)MUST(store.commit(std::move(txn)));
  }
}

void measure_reads(Store& store, int objects, double seconds) {
  for (int threads : {1, 2, 16}) {
    const Measured figure = measure(threads, seconds, [&](int t, uint64_t i) {
      const auto n = static_cast<int>((i * 7919 + static_cast<uint64_t>(t) * 104729) % objects);
      (void)MUST(store.get(key_of(n)));
    });
    row(("gets of 1 KiB, " + std::to_string(threads) + " threads").c_str(), figure.rate, "/s");
  }
  double best = 1e9, pages = 1e9;
  for (int i = 0; i < 5; ++i) {
    auto start = Clock::now();
    (void)MUST(store.list({.prefix = "/registry/", .limit_max = 10'000}));
    best = std::min(best, since(start));
    start = Clock::now();
    List list{.prefix = "/registry/", .limit_max = 500};
    for (int page = 0; page < 20; ++page) {
      const Page got = MUST(store.list(list));
      list.at = got.revision;
      list.after = got.records.back().key;
    }
    pages = std::min(pages, since(start));
  }
  row("list of 10,000 x 1 KiB", best * 1e3, "ms");
  row("list of 10,000 x 1 KiB in pages of 500", pages * 1e3, "ms");
}

void measure_compaction(Store& store) {
  const auto start = Clock::now();
  (void)MUST(store.compact(MUST(store.current())));
  row("compaction of all history", since(start) * 1e3, "ms");
  const StoreStats stats = store.stats();
  row("    file after it", static_cast<double>(stats.file_bytes) / 1048576, "MiB");
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!std::strcmp(argv[i], "--dir")) arguments.dir = argv[i + 1];
    if (!std::strcmp(argv[i], "--seconds")) arguments.seconds = std::atof(argv[i + 1]);
    if (!std::strcmp(argv[i], "--objects")) arguments.objects = std::atoi(argv[i + 1]);
  }
  tests::TempDir dir(arguments.dir);
  tests::ThreadEnv env;
  measure_disk(dir / "disk", arguments.seconds);
  {
    auto store = open_store(env, dir / "writes.db");
    row("memory, empty store open", static_cast<double>(rss_kib()) / 1024, "MiB");
    measure_writes(*store, arguments.seconds);
    row("memory after the writes", static_cast<double>(rss_kib()) / 1024, "MiB");
    measure_compaction(*store);
  }
  const std::string path = dir / "reads.db";
  {
    auto store = open_store(env, path);
    fill(*store, arguments.objects);
  }
  const auto start = Clock::now();
  auto store = open_store(env, path);
  row(("open with " + std::to_string(arguments.objects) + " objects").c_str(), since(start) * 1e3,
      "ms");
  measure_reads(*store, arguments.objects, arguments.seconds);
  row("memory after the reads", static_cast<double>(rss_kib()) / 1024, "MiB");
}
