// The n-th call to the disk fails, for every n: what was acknowledged is there afterwards, what was
// refused is not, and what is uncertain is one or the other.
#include <atomic>

#include "storage/sqlite/backup.h"
#include "tests/support/fault_vfs.h"
#include "tests/unit/storage/sqlite/sqlite_fixture.h"

namespace tests {
namespace {

// Disarms also when an assertion ends the test.
struct Armed {
  Armed(FaultOn on, FaultKind kind, FaultSpan span, uint64_t n) {
    FaultVfs::instance().arm(on, kind, span, n);
  }
  ~Armed() { FaultVfs::instance().disarm(); }
};

struct Outcome {
  Contents acknowledged;
  Contents uncertain;  // may have replaced what was acknowledged
  Revision revision = kFirstRevision;
  bool fatal = false;
};

SqliteOptions faulty(const std::string& path, std::atomic<int>& fatal) {
  return {.path = path,
          .vfs = kFaultVfs,
          .checkpoint_pages = 8,  // so that the short workload has checkpoints in it
          .on_fatal = [&](const Error&) { fatal.fetch_add(1); }};
}

void note(const std::string& key, const std::string& value, const StoreResult<Revision>& answer,
          Outcome& outcome) {
  if (answer) {
    outcome.acknowledged[key] = value;
    outcome.uncertain.erase(key);
    outcome.revision = *answer;
  } else if (answer.error().reason == Reason::uncertain) {
    outcome.uncertain[key] = value;
  } else {
    INFO(answer.error().message);
    // Anything else is a promise that it did not happen.
    const Reason reason = answer.error().reason;
    REQUIRE((reason == Reason::no_space || reason == Reason::unavailable || reason == Reason::io));
  }
}

Outcome run_workload(const std::string& path) {
  ThreadEnv env;
  std::atomic<int> fatal{0};
  Outcome outcome;
  auto store = SqliteStore::open(env, faulty(path, fatal));
  if (!store) return outcome;
  for (int i = 0; i < 12; ++i) {
    const std::string key = "/k/" + std::to_string(i % 5),
                      value = std::to_string(i) + std::string(3000, 'v');
    note(key, value, (*store)->commit(put(key, value)), outcome);
    if (i == 7) (void)(*store)->compact(outcome.revision);
  }
  outcome.fatal = fatal.load() > 0;
  REQUIRE(fatal.load() <= 1);
  store->reset();
  return outcome;
}

void check_after(const std::string& path, const Outcome& outcome) {
  ThreadEnv env;
  auto store = must_open(env, {.path = path});
  CHECK(MUST(store->current()) >= outcome.revision);
  for (const auto& [key, value] : outcome.acknowledged) {
    auto got = MUST(store->get(key));
    REQUIRE(got);
    auto other = outcome.uncertain.find(key);
    const bool replaced = other != outcome.uncertain.end() && got->value == other->second;
    REQUIRE((got->value == value || replaced));
  }
  const Page page = MUST(store->list({.prefix = "", .limit_max = 0}));
  for (const auto& [key, value] : contents_of(page)) {
    REQUIRE((outcome.acknowledged.contains(key) || outcome.uncertain.contains(key)));
  }
  REQUIRE(store->commit(put("/afterwards", "1")));
  store.reset();
  auto report = verify_file(path);
  INFO((report ? std::string() : report.error().message));
  REQUIRE(report);
}

SCENARIO("the disk fails at the n-th call, for every n", "[sqlite][faults]") {
  const FaultOn on = GENERATE(FaultOn::write, FaultOn::sync, FaultOn::truncate, FaultOn::read);
  const FaultSpan span = GENERATE(FaultSpan::once, FaultSpan::from_then_on);
  FaultVfs& faults = FaultVfs::instance();
  uint64_t fired = 0, fatal = 0;
  for (uint64_t n = 1; n < 2000; ++n) {
    INFO("call " << static_cast<int>(on) << " number " << n);
    TempDir dir;
    const std::string path = dir / "store.db";
    const Outcome outcome = [&] {
      Armed armed(on, FaultKind::input_output, span, n);
      return run_workload(path);
    }();
    check_after(path, outcome);
    if (!faults.fired()) break;
    ++fired;
    fatal += outcome.fatal;
  }
  CHECK(fired > 0);
  // A write or a sync that failed after the start must have ended the store at least once, or
  // nothing was tested.
  if (on == FaultOn::write || on == FaultOn::sync) CHECK(fatal > 0);
}

SCENARIO("the disk is full at the n-th write, for every n, and then it is not",
         "[sqlite][faults]") {
  FaultVfs& faults = FaultVfs::instance();
  uint64_t fired = 0, refused = 0;
  for (uint64_t n = 1; n < 2000; ++n) {
    INFO("write number " << n);
    TempDir dir;
    const std::string path = dir / "store.db";
    ThreadEnv env;
    std::atomic<int> fatal{0};
    auto store = must_open(env, faulty(path, fatal));
    Armed armed(FaultOn::write, FaultKind::disk_full, FaultSpan::from_then_on, n);
    Outcome outcome;
    for (int i = 0; i < 12; ++i) {
      const std::string key = "/k/" + std::to_string(i % 5),
                        value = std::to_string(i) + std::string(3000, 'v');
      auto answer = store->commit(put(key, value));
      note(key, value, answer, outcome);
      if (answer) continue;
      REQUIRE(answer.error().reason == Reason::no_space);
      REQUIRE(store->stats().no_space);
      ++refused;
      for (const auto& [k, v] : outcome.acknowledged) REQUIRE(MUST(store->get(k))->value == v);
    }
    faults.disarm();
    // There is room again: the same store goes on, without a restart.
    REQUIRE(store->commit(put("/room", "again")));
    REQUIRE_FALSE(store->stats().no_space);
    outcome.acknowledged["/room"] = "again";
    CHECK(fatal.load() == 0);
    store.reset();
    check_after(path, outcome);
    if (!faults.fired()) break;
    ++fired;
  }
  CHECK(fired > 0);
  CHECK(refused > 0);
}

SCENARIO("a failed sync ends the store, once, and is not tried again", "[sqlite][faults]") {
  TempDir dir;
  ThreadEnv env;
  std::atomic<int> fatal{0};
  auto store = must_open(env, faulty(dir / "store.db", fatal));
  MUST(store->commit(put("/a", "1")));
  auto answer = [&] {
    Armed armed(FaultOn::sync, FaultKind::input_output, FaultSpan::once, 1);
    return store->commit(put("/a", "2"));
  }();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().reason == Reason::uncertain);
  CHECK(fatal.load() == 1);
  CHECK(store->stats().failed);
  // The next sync would succeed, and would mean nothing.
  CHECK(store->commit(put("/b", "1")).error().reason == Reason::unavailable);
  CHECK(store->compact(1).error().reason == Reason::unavailable);
  CHECK(MUST(store->get("/a"))->value == "1");
  CHECK(fatal.load() == 1);
}

}  // namespace
}  // namespace tests
