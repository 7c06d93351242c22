// The audit log on disk: found again by what it was about, whole after a crash, and not to be
// changed without being seen.
#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "appliance/audit/audit_file.h"
#include "appliance/audit/audit_floods.h"
#include "appliance/audit/audit_log.h"
#include "engine/access/audit_limits.h"
#include "engine/base/time.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thread_env.h"

using namespace appliance;
using engine::AuditEntry;
using engine::AuditLevel;
using engine::Json;

namespace {

struct World {
  tests::ThreadEnv env;
  tests::TempDir dir;
  std::unique_ptr<AuditLog> log;
  int64_t age_days = 90, size_mb = 1024;
  std::vector<std::string> lines;

  std::string path() const { return dir.path() + "/audit"; }
  void open() {
    log.reset();
    log = MUST(AuditLog::open(
        env, {.dir = path(),
              .level = [] { return AuditLevel::response; },
              .age_days = [this] { return age_days; },
              .size_mb = [this] { return size_mb; },
              .on_line = [this](std::string_view line, int64_t) { lines.emplace_back(line); }}));
  }
  void add(std::string user, std::string verb, std::string resource, int code = 200,
           std::string name = "x") {
    AuditEntry entry;
    entry.at = env.wall();
    entry.user = std::move(user);
    entry.verb = std::move(verb);
    entry.resource = std::move(resource);
    entry.name = std::move(name);
    entry.code = code;
    log->record(std::move(entry));
  }
  std::vector<int64_t> find(AuditQuery query) {
    std::vector<int64_t> out;
    for (const Json& record : MUST(log->search(query)).records)
      out.push_back(record.integer({"seq"}));
    return out;
  }
};

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

SCENARIO("records are found by what they are about, newest first, page by page, after a restart") {
  World world;
  world.open();
  world.add("lin", "create", "configmaps");
  world.add("kim", "delete", "secrets", 403);
  world.add("lin", "update", "secrets");
  world.add("lin", "login", "sessions", 401);
  for (bool again : {false, true}) {
    if (again) world.open();
    CHECK(world.find({}) == std::vector<int64_t>{4, 3, 2, 1});
    CHECK(world.find({.user = "lin"}) == std::vector<int64_t>{4, 3, 1});
    CHECK(world.find({.resource = "secrets"}) == std::vector<int64_t>{3, 2});
    CHECK(world.find({.user = "lin", .resource = "secrets"}) == std::vector<int64_t>{3});
    CHECK(world.find({.result = "refused"}) == std::vector<int64_t>{4, 2});
    CHECK(world.find({.code = 403}) == std::vector<int64_t>{2});
    CHECK(world.find({.verb = "no-such"}).empty());
    CHECK(world.find({.from_ms = engine::unix_millis(world.env.wall()) + 60'000}).empty());
    CHECK(world.find({.before = 3, .limit = 1}) == std::vector<int64_t>{2});
    CHECK(MUST(world.log->search({.limit = 3})).more);
  }
  world.add("kim", "create", "pods");
  CHECK(world.find({.limit = 1}) == std::vector<int64_t>{5});
  auto verified = MUST(verify_audit(world.path(), ""));
  CHECK(verified.records == 5);
  CHECK(verified.segments == 1);
  CHECK(world.lines.size() == 5);
}

SCENARIO("a line that was changed, removed or added is seen; a line cut by a crash is only cut") {
  World world;
  world.open();
  for (int i = 0; i < 10; ++i) world.add("lin", "create", "pods", 200, "p-" + std::to_string(i));
  world.log->stop();
  const std::string file = world.path() + "/00000001.ndjson";
  const std::string good = text_of(file);
  const auto last = MUST(verify_audit(world.path(), "")).last_hash;
  auto with = [&](std::string text) { std::ofstream(file, std::ios::binary) << text; };
  std::string changed = good;
  changed.replace(changed.find("p-4"), 3, "p-5");
  with(changed);
  auto seen = verify_audit(world.path(), "");
  REQUIRE_FALSE(seen.ok());
  CHECK(seen.error().message().find("00000001.ndjson:6") != std::string::npos);
  std::string shorter = good;
  const size_t line = shorter.find("\"seq\":4,") - 1;
  shorter.erase(line, shorter.find('\n', line) + 1 - line);
  with(shorter);
  CHECK_FALSE(verify_audit(world.path(), "").ok());
  // Cut at the end it is whole in itself: only who kept the last hash sees it.
  const size_t end = good.rfind('\n', good.size() - 2) + 1;
  with(good.substr(0, end));
  auto cut = MUST(verify_audit(world.path(), last));
  CHECK(cut.records == 9);
  CHECK_FALSE(cut.seen_expected);
  with(good.substr(0, good.size() - 20));
  CHECK(MUST(verify_audit(world.path(), "")).torn);
  world.open();
  world.add("lin", "create", "pods", 200, "p-new");
  CHECK(world.find({.limit = 2}) == std::vector<int64_t>{10, 9});
  CHECK(MUST(verify_audit(world.path(), "")).records == 10);
}

SCENARIO("full segments get an index, are chained, searched, and leave when they are old") {
  World world;
  world.open();
  const auto many = static_cast<int64_t>(engine::limits::kAuditSegmentRecords) + 5;
  for (int64_t i = 0; i < many; ++i) {
    world.add(i == 7 ? "rare" : "lin", "create", "pods", 200, "p-" + std::to_string(i));
    if (i % 5'000 == 0) world.log->flush();
  }
  CHECK(world.find({.user = "rare"}) == std::vector<int64_t>{8});
  CHECK(std::filesystem::exists(world.path() + "/00000001.idx"));
  CHECK(world.find({.name = "p-59999"}) == std::vector<int64_t>{60'000});
  CHECK(world.find({.before = 60'002, .limit = 3}) == std::vector<int64_t>{60'001, 60'000, 59'999});
  world.log->stop();
  auto verified = MUST(verify_audit(world.path(), ""));
  CHECK(verified.segments == 2);
  CHECK(verified.records == static_cast<uint64_t>(many));
  // The index is made anew from the lines where a crash left none.
  std::filesystem::remove(world.path() + "/00000001.idx");
  world.open();
  CHECK(world.find({.user = "rare"}) == std::vector<int64_t>{8});
  world.size_mb = 0;
  world.log.reset();
  world.open();
  world.add("lin", "create", "pods");
  world.log->flush();
  CHECK_FALSE(std::filesystem::exists(world.path() + "/00000001.ndjson"));
  CHECK(world.find({.user = "rare"}).empty());
  CHECK(MUST(verify_audit(world.path(), "")).first_before != kAuditFirstHash);
}

SCENARIO("what cannot be written down in time is counted, and the count is in the log") {
  World world;
  world.open();
  const size_t most = engine::limits::kAuditQueueMax;
  for (size_t i = 0; i < most * 2 && world.log->numbers().lost == 0; ++i)
    for (int k = 0; k < 1'000; ++k) world.add("lin", "create", "pods");
  const auto lost = world.log->numbers().lost;
  REQUIRE(lost > 0);
  world.log->flush();
  auto found = MUST(world.log->search({.verb = "lost"}));
  REQUIRE_FALSE(found.records.empty());
  int64_t told = 0;
  for (const Json& record : found.records) told += record.integer({"count"});
  CHECK(told == static_cast<int64_t>(lost));
}

namespace {

AuditEntry refused(int64_t at_ms, std::string peer, std::string user, std::string verb, int code) {
  AuditEntry out;
  out.at = storage::WallTime(storage::Millis(at_ms));
  out.peer = std::move(peer);
  out.user = std::move(user);
  out.verb = std::move(verb);
  out.resource = out.verb == "login" ? "sessions" : "pods";
  out.code = code;
  return out;
}

}  // namespace

SCENARIO("a flood of refusals is a count, source by source and kind by kind, and none is lost") {
  constexpr size_t kFirst = engine::limits::kAuditFloodFirst;
  constexpr int64_t kInterval = engine::limits::kAuditFloodMs;
  AuditFloods floods;
  size_t recorded = 0;
  auto come = [&](int64_t at, const char* peer, std::string user, const char* verb, int code) {
    if (!floods.counts(refused(at, peer, std::move(user), verb, code), at)) ++recorded;
  };
  for (int i = 0; i < 1'000; ++i) {
    come(1'000 + i, "10.0.0.1", "u" + std::to_string(i % 30), "login", 401);
    come(1'000 + i, "10.0.0.2", "admin", "login", 401);
    come(1'000 + i, "10.0.0.1", "lin", "list", 403);
  }
  come(1'000, "10.0.0.1", "kim", "list", 403);
  come(1'000, "10.0.0.1", "lin", "create", 403);
  come(1'000, "10.0.0.1", "lin", "create", 422);
  CHECK(recorded == 3 * kFirst + 3);
  CHECK(floods.take(2'000, AuditFloods::Which::over).empty());
  auto told = floods.take(1'000 + kInterval, AuditFloods::Which::over);
  REQUIRE(told.size() == 3);
  int64_t counted = 0;
  for (const Json& one : told) {
    counted += one.integer({"count"});
    CHECK(one.str("result") == "refused");
    if (one.str("verb") == "list") CHECK(one.str("user") == "lin");
    if (one.str("from") == "10.0.0.2") CHECK(one.str("user") == "admin");
    if (one.str("from") == "10.0.0.1" && one.str("verb") == "login") {
      CHECK(one.find("users")->size() == engine::limits::kAuditFloodUsersMax);
      CHECK(one.integer({"more_tries"}) > 0);
    }
  }
  CHECK(recorded + static_cast<size_t>(counted) == 3'003);
  CHECK_FALSE(floods.waits());
  // It goes on: counted from the first on. After a quiet while it is told one by one again.
  recorded = 0;
  come(1'001 + kInterval, "10.0.0.2", "admin", "login", 401);
  CHECK(recorded == 0);
  CHECK(floods.take(1'002 + kInterval, AuditFloods::Which::all).size() == 1);
  come(2'000 + 3 * kInterval, "10.0.0.2", "admin", "login", 401);
  CHECK(recorded == 1);
  // More sources than are told apart are one.
  recorded = 0;
  for (size_t i = 0; i < 2 * engine::limits::kAuditFloodKindsMax; ++i)
    come(9'000 + 3 * kInterval, ("10.1." + std::to_string(i)).c_str(), "x", "login", 401);
  CHECK(recorded <= engine::limits::kAuditFloodKindsMax + kFirst);
  told = floods.take(9'000 + 5 * kInterval, AuditFloods::Which::over);
  REQUIRE(told.size() == 1);
  CHECK(recorded + static_cast<size_t>(told[0].integer({"count"})) ==
        2 * engine::limits::kAuditFloodKindsMax);
}

SCENARIO("what a flood counted is in the log, at the latest when it ends") {
  World world;
  world.open();
  for (int i = 0; i < 100; ++i) world.add("lin", "login", "sessions", 401);
  world.log->stop();
  world.open();
  auto found = MUST(world.log->search({.result = "refused"})).records;
  REQUIRE(found.size() == engine::limits::kAuditFloodFirst + 1);
  CHECK(found[0].integer({"count"}) == 100 - int64_t{engine::limits::kAuditFloodFirst});
  CHECK(found[0].str("user") == "lin");
  CHECK(verify_audit(world.path(), "").ok());
}
