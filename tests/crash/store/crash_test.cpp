// kill -9 in a commit loop, again and again on one store. (etcd 13766 and 14370 are this kind of
// bug.)
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "tests/crash/store/crash_check.h"
#include "tests/support/temp_dir.h"

namespace tests {
namespace {

SCENARIO("no acknowledged write is lost by kill -9", "[kill]") {
  const char* count = std::getenv("PADDOCK_CRASHES");
  const int rounds = count ? std::atoi(count) : 200;
  TempDir dir(std::filesystem::temp_directory_path().string());
  const std::string path = dir / "store.db";
  std::mt19937_64 random(1);
  Acknowledged acknowledged;
  for (int round = 0; round < rounds; ++round) {
    INFO("round " << round);
    CrashWriter writer(path, "full");
    // Mostly while it writes; sometimes while it opens, or recovers from the crash before.
    if (round % 10 != 9) REQUIRE(writer.wait_for_work());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    writer.kill();
    writer.collect(acknowledged);
    INFO("the writer said: " << acknowledged.failure);
    const auto faults = faults_after_crash(path, acknowledged);
    INFO((faults.empty() ? std::string() : faults.front()));
    REQUIRE(faults.empty());
    REQUIRE(acknowledged.failure.empty());
  }
  WARN(rounds << " kills, " << acknowledged.count << " acknowledged writes, none lost");
  CHECK(acknowledged.count > static_cast<uint64_t>(rounds));
}

}  // namespace
}  // namespace tests
