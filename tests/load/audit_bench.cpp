// audit_bench N DIR: writes N records as a busy server would, then asks for what is hard to find,
// and prints milliseconds. DIR is used again when it holds as many.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "appliance/audit/audit_file.h"
#include "appliance/audit/audit_log.h"
#include "tests/support/thread_env.h"

using namespace appliance;
using Clock = std::chrono::steady_clock;

namespace {

double since(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

engine::AuditEntry entry_of(uint64_t i, storage::WallTime began) {
  static const char* const kVerbs[] = {"create", "update", "patch", "delete"};
  static const char* const kResources[] = {"configmaps", "deployments", "secrets", "pods",
                                           "leases"};
  engine::AuditEntry out;
  out.at = began + storage::Millis(i);
  out.id = "00000000-0000-4000-8000-" + std::to_string(100'000'000'000 + i);
  // The even users only ever touch the even resources: the two filters together find nothing.
  const uint64_t who = i % 500;
  out.user = "u-" + std::to_string(10'000 + who);
  out.peer = "10.0.0.1";
  out.agent = "kubectl/v1.36.3 (linux/amd64) kubernetes/abcdef0";
  out.verb = kVerbs[i % 4];
  out.resource = kResources[who % 2 == 0 ? (i / 500 % 2) * 2 : 1 + (i / 500 % 2) * 2];
  out.ns = "team-" + std::to_string(i % 200);
  out.name = "object-" + std::to_string(i % 20'000);
  out.cluster = i % 3 ? "c-" + std::to_string(10'000 + i % 20) : "local";
  out.method = "PATCH";
  out.path = "/apis/apps/v1/namespaces/" + out.ns + "/" + out.resource + "/" + out.name;
  out.code = i % 1'000 == 0 ? 403 : 200;
  if (i == 12'345) out.user = "u-rare";
  return out;
}

void ask(AuditLog& log, const char* what, const AuditQuery& query) {
  double first = 0, best = 1e9;
  size_t found = 0;
  for (int i = 0; i < 5; ++i) {
    const auto began = Clock::now();
    auto answer = log.search(query);
    const double took = since(began);
    if (i == 0) first = took;
    best = std::min(best, took);
    found = answer ? answer->records.size() : 0;
  }
  std::printf("%-44s %6zu found  first %8.1f ms  best of 5 %8.1f ms\n", what, found, first, best);
}

}  // namespace

// What a record of a write costs the task that makes it: an object of the usual kind, changed in
// two places, and one that was made.
void make_records(uint64_t count, const char* dir) {
  auto bytes = [](int64_t revision, int64_t replicas) {
    engine::Json containers = engine::Json::array();
    for (int i = 0; i < 3; ++i)
      containers.as_array().push_back(engine::Json::object(
          {{"name", "c" + std::to_string(i)},
           {"image", "registry.example/app:1." + std::to_string(revision)},
           {"env", engine::Json::array({engine::Json::object({{"name", "A"}, {"value", "b"}})})},
           {"resources",
            engine::Json::object({{"limits", engine::Json::object({{"cpu", "100m"}})}})}}));
    return std::make_shared<const std::string>(engine::dump(engine::Json::object(
        {{"apiVersion", "apps/v1"},
         {"kind", "Deployment"},
         {"metadata",
          engine::Json::object({{"name", "app"},
                                {"namespace", "team-1"},
                                {"resourceVersion", std::to_string(revision)},
                                {"labels", engine::Json::object({{"app", "app"}})},
                                {"managedFields", engine::Json::array({engine::Json::object(
                                                      {{"manager", "kubectl"},
                                                       {"operation", "Update"},
                                                       {"time", "2026-11-24T00:00:00Z"}})})}})},
         {"spec", engine::Json::object(
                      {{"replicas", replicas},
                       {"template",
                        engine::Json::object(
                            {{"spec", engine::Json::object({{"containers", containers}})}})}})}})));
  };
  const auto before = bytes(1, 1), after = bytes(2, 3);
  tests::ThreadEnv env;
  auto log = AuditLog::open(env, {.dir = dir,
                                  .level = [] { return engine::AuditLevel::metadata; },
                                  .age_days = [] { return int64_t{3'650}; },
                                  .size_mb = [] { return int64_t{1} << 20; }});
  if (!log) return;
  double took = 0;
  for (uint64_t i = 0; i < count;) {
    for (int k = 0; k < 5'000 && i < count; ++k, ++i) {
      auto entry = entry_of(i, storage::WallTime(storage::Millis(1'700'000'000'000)));
      entry.code = 200;
      entry.trail = std::make_shared<engine::AuditTrail>();
      entry.trail->wrote({"apps", "deployments", "team-1", "app", i % 2 ? before : nullptr, after});
      (*log)->record(std::move(entry));
    }
    const auto began = Clock::now();
    (*log)->flush();
    took += since(began);
  }
  std::printf("a record of a write: %.2f us\n", took * 1'000 / static_cast<double>(count));
}

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[3]) == "writes") {
    make_records(std::strtoull(argv[1], nullptr, 10), argv[2]);
    return 0;
  }
  if (argc != 3) {
    std::fprintf(stderr, "audit_bench N DIR [writes]\n");
    return 2;
  }
  const uint64_t count = std::strtoull(argv[1], nullptr, 10);
  tests::ThreadEnv env;
  auto log = AuditLog::open(env, {.dir = argv[2],
                                  .level = [] { return engine::AuditLevel::metadata; },
                                  .age_days = [] { return int64_t{3'650}; },
                                  .size_mb = [] { return int64_t{1} << 20; }});
  if (!log) return 1;
  auto began = Clock::now();
  auto newest = (*log)->search({.limit = 1});
  std::printf("opening: %.1f ms\n", since(began));
  const bool there = newest && !newest->records.empty() &&
                     newest->records[0].integer({"seq"}) >= static_cast<int64_t>(count);
  const auto first = storage::WallTime(storage::Millis(1'700'000'000'000));
  began = Clock::now();
  for (uint64_t i = 0; !there && i < count; ++i) {
    (*log)->record(entry_of(i, first));
    if (i % 5'000 == 4'999) (*log)->flush();
  }
  (*log)->flush();
  if (!there)
    std::printf("writing: %.1f us a record\n", since(began) * 1'000 / static_cast<double>(count));
  ask(**log, "newest 100", {});
  ask(**log, "one user among 500", {.user = "u-10007"});
  ask(**log, "the one record of a user", {.user = "u-rare"});
  ask(**log, "user and resource that never met", {.user = "u-10007", .resource = "secrets"});
  ask(**log, "refusals of one cluster", {.cluster = "c-10003", .result = "refused"});
  ask(**log, "one object, oldest page", {.name = "object-7", .before = 100'000});
  ask(**log, "a user that is not there", {.user = "u-none"});
  ask(**log, "everything filtered, nothing found",
      {.user = "u-10008",
       .verb = "update",
       .resource = "pods",
       .ns = "team-8",
       .result = "refused"});
  const auto middle = 1'700'000'000'000 + static_cast<int64_t>(count / 2);
  ask(**log, "an hour in the middle, one namespace",
      {.ns = "team-3", .from_ms = middle, .to_ms = middle + 3'600'000});
  return 0;
}
