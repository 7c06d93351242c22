// watch_bench: what the watch cache costs without sockets: events a second to many watchers, one
// event to all of them, lists, a first load of many objects, and the memory they take. Prints a
// table; nothing here is a test.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "engine/registry/object_bytes.h"
#include "tests/support/api_world.h"

using namespace engine;
using Clock = std::chrono::steady_clock;

namespace {

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  double size = 0, resident = 0;
  file >> size >> resident;
  return resident * 4096 / (1 << 20);
}

// Counts what it is given; a socket's part is not measured here.
class CountingSink final : public StreamSink {
 public:
  explicit CountingSink(std::atomic<uint64_t>& frames) : frames_(frames) {}
  bool send(std::shared_ptr<const std::string>) override {
    frames_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  size_t queued_bytes() const override { return 0; }
  void pause_reading() override {}
  void resume_reading() override {}
  void finish() override {}
  void release() override {}
  void abort() override {}

 private:
  std::atomic<uint64_t>& frames_;
};

std::string body_of(size_t bytes) {
  Json object =
      Json::object({{"metadata", Json::object({{"name", "n"}, {"namespace", "default"}})}});
  object.set("data", Json::object({{"k", std::string(bytes, 'x')}}));
  return encode_object("ConfigMap", "v1", object);
}

void put(tests::ApiWorld& w, int number, const std::string& body) {
  storage::Txn txn;
  txn.writes.push_back({"/registry/core/configmaps/default/n" + std::to_string(number), body});
  MUST(w.store.commit(std::move(txn)));
}

std::vector<std::unique_ptr<StreamHandler>> open_watches(tests::ApiWorld& w, int count,
                                                         std::atomic<uint64_t>& frames,
                                                         const std::string& more = "") {
  std::vector<std::unique_ptr<StreamHandler>> out;
  auto revision = std::to_string(MUST(w.store.current()));
  for (int i = 0; i < count; ++i) {
    auto answer = w.serve(
        {.target =
             "/api/v1/namespaces/default/configmaps?watch=1&resourceVersion=" + revision + more});
    out.push_back(std::move(std::get<Stream>(answer).handler));
    out.back()->on_open(std::make_shared<CountingSink>(frames));
  }
  return out;
}

void wait_for(const std::atomic<uint64_t>& value, uint64_t wanted) {
  while (value.load() < wanted) std::this_thread::sleep_for(std::chrono::microseconds(50));
}

void bench_watchers(int watchers, int events, const char* what, const std::string& more) {
  tests::ApiWorld w;
  w.call({.target = "/api/v1/configmaps"});
  double before = resident_mib();
  std::atomic<uint64_t> frames = 0;
  auto opened = Clock::now();
  auto handlers = open_watches(w, watchers, frames, more);
  double open_s = seconds(Clock::now() - opened);
  double memory = resident_mib() - before;
  auto body = body_of(1024);
  put(w, 0, body);
  wait_for(frames, static_cast<uint64_t>(watchers));
  auto began = Clock::now();
  for (int i = 0; i < events; ++i) put(w, i, body);
  auto total = static_cast<uint64_t>(watchers) * static_cast<uint64_t>(events + 1);
  wait_for(frames, total);
  double took = seconds(Clock::now() - began);
  auto one = Clock::now();
  put(w, 1, body);
  wait_for(frames, total + static_cast<uint64_t>(watchers));
  double single = seconds(Clock::now() - one);
  std::printf(
      "| %s | %d watchers | %.0f events/s delivered | one event to all %.1f ms | opened in "
      "%.2f s | %.1f MiB |\n",
      what, watchers, static_cast<double>(watchers) * events / took, single * 1e3, open_s, memory);
}

void bench_list(int objects) {
  double empty = resident_mib();
  tests::ApiWorld w;
  auto body = body_of(1024);
  for (int i = 0; i < objects; ++i) put(w, i, body);
  double stored = resident_mib();
  auto began = Clock::now();
  w.call({.target = "/api/v1/namespaces/default/configmaps/n1"});
  double load = seconds(Clock::now() - began);
  double cached = resident_mib();
  double best = 1e9, pages = 1e9, got = 0;
  for (int round = 0; round < 5; ++round) {
    began = Clock::now();
    auto answer = w.call({.target = "/api/v1/configmaps"});
    best = std::min(best, seconds(Clock::now() - began));
    began = Clock::now();
    std::string token;
    do {
      auto page = w.call(
          {.target = "/api/v1/configmaps?limit=500" + (token.empty() ? "" : "&continue=" + token)});
      auto at = page.body.find("\"continue\":\"");
      token = at > 300 ? "" : page.body.substr(at + 12, page.body.find('"', at + 12) - at - 12);
    } while (!token.empty());
    pages = std::min(pages, seconds(Clock::now() - began));
  }
  began = Clock::now();
  constexpr int kGets = 100'000;
  for (int i = 0; i < kGets; ++i)
    w.call({.target = "/api/v1/namespaces/default/configmaps/n" + std::to_string(i % objects)});
  got = kGets / seconds(Clock::now() - began);
  std::printf(
      "| %d objects of 1 KiB | load %.0f ms | list %.1f ms | in pages of 500 %.1f ms | get "
      "%.0f/s on one thread | cache %.1f MiB (MemoryStore %.1f) |\n",
      objects, load * 1e3, best * 1e3, pages * 1e3, got, cached - stored, stored - empty);
}

}  // namespace

int main() {
  bench_list(10'000);
  bench_list(100'000);
  bench_watchers(1000, 500, "plain", "");
  bench_watchers(1000, 500, "with a selector", "&labelSelector=!x");
  bench_watchers(10'000, 50, "plain", "");
}
