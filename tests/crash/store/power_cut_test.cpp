// Power cuts: the store on a file system of its own that is shut down without writing anything more
// (EXT4_IOC_SHUTDOWN), then mounted again as after a reboot. With synchronous=NORMAL the same test
// must fail, or it tests nothing.
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "tests/crash/store/crash_check.h"
#include "tests/support/temp_dir.h"

namespace tests {
namespace {

constexpr unsigned long kExt4Shutdown = 0x8004587d;  // EXT4_IOC_SHUTDOWN
constexpr uint32_t kWithoutFlushingTheLog = 2;

// A small ext4 file system on a loop device.
class LoopDisk {
 public:
  LoopDisk() {
    // In a mount namespace of our own: a copy of the mount in somebody else's would keep the dead
    // file system alive.
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      SKIP("no mount namespace of our own here: " << std::strerror(errno));
    }
    const std::string image = dir_ / "disk.img";
    std::filesystem::create_directory(mount_point());
    need("truncate -s 96M " + image);
    need("mkfs.ext4 -q -F " + image);
    mount();
  }
  ~LoopDisk() { ::umount2(mount_point().c_str(), MNT_DETACH); }

  std::string mount_point() const { return dir_ / "mnt"; }
  void mount() { need("mount -o loop " + (dir_ / "disk.img") + " " + mount_point()); }
  void cut_power() {
    const int fd = ::open(mount_point().c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    if (::ioctl(fd, kExt4Shutdown, &kWithoutFlushingTheLog) != 0) {
      const int error = errno;
      ::close(fd);
      SKIP("this kernel does not cut the power: EXT4_IOC_SHUTDOWN: " << std::strerror(error));
    }
    ::close(fd);
  }
  void reboot() {
    for (int i = 0; i < 100 && ::umount(mount_point().c_str()) != 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    mount();
  }

 private:
  void need(const std::string& command) {
    if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) {
      SKIP("no loop-mounted ext4 here: this failed: " << command);
    }
  }
  TempDir dir_{std::filesystem::temp_directory_path().string()};
};

struct CutsResult {
  std::vector<std::string> faults;
  uint64_t acknowledged = 0, late_lost = 0;
};

// What a disk that lied about syncs may take away: the newest writes, as a whole.
bool is_loss(const std::string& fault) {
  for (const char* words : {"acknowledged", "the revision went back", "everything is lost"})
    if (fault.find(words) != std::string::npos) return true;
  return false;
}

// What it may not do: be opened and show a mixture.
bool is_refusal(const std::string& fault) {
  return fault.starts_with("does not open");
}

CutsResult cut_power_again_and_again(const std::string& synchronous, int rounds) {
  LoopDisk disk;
  const std::string path = disk.mount_point() + "/store.db";
  std::mt19937_64 random(7);
  Acknowledged acknowledged;
  CutsResult result;
  for (int round = 0; round < rounds && result.faults.empty(); ++round) {
    {
      CrashWriter writer(path, synchronous);
      REQUIRE(writer.wait_for_work());
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 300'000));
      writer.power_goes(acknowledged);
      disk.cut_power();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      writer.kill();
      writer.collect(acknowledged);
    }
    disk.reboot();
    for (const std::string& fault : faults_after_crash(path, acknowledged)) {
      result.faults.push_back("round " + std::to_string(round) + ": " + fault);
    }
  }
  result.acknowledged = acknowledged.count;
  result.late_lost = acknowledged.late_lost;
  return result;
}

SCENARIO("no acknowledged write is lost by a power cut", "[power]") {
  const char* count = std::getenv("PADDOCK_POWER_CUTS");
  const int rounds = count ? std::atoi(count) : 20;
  const CutsResult result = cut_power_again_and_again("full", rounds);
  INFO((result.faults.empty() ? std::string() : result.faults.front()));
  CHECK(result.faults.empty());
  WARN(rounds << " power cuts, " << result.acknowledged
              << " acknowledged writes, none lost; told after the cut and lost with it: "
              << result.late_lost);
  CHECK(result.acknowledged > static_cast<uint64_t>(rounds));
}

SCENARIO("after a disk lied about its syncs, what is there is of one moment, or is refused",
         "[power]") {
  int older = 0, refused = 0;
  for (int round = 0; round < 8; ++round) {
    INFO("round " << round);
    LoopDisk disk;
    TempDir dir(std::filesystem::temp_directory_path().string());
    const std::string path = disk.mount_point() + "/store.db", word = dir / "word";
    Acknowledged acknowledged;
    {
      CrashWriter honest(path, "full");
      REQUIRE(honest.wait_for_work());
      honest.kill();
      honest.collect(acknowledged);
    }
    REQUIRE(faults_after_crash(path, acknowledged).empty());
    std::ofstream(word) << "lie";
    {
      CrashWriter writer(path, "full", {.disk = word});
      REQUIRE(writer.wait_for_work());
      std::this_thread::sleep_for(std::chrono::milliseconds(50 + 60 * round));
      writer.power_goes(acknowledged);
      disk.cut_power();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      writer.kill();
      writer.collect(acknowledged);
    }
    disk.reboot();
    bool lost = false, mixed = false;
    for (const std::string& fault : faults_after_crash(path, acknowledged)) {
      INFO(fault);
      if (is_refusal(fault)) ++refused;
      lost = lost || is_loss(fault) || is_refusal(fault);
      mixed = mixed || (!is_loss(fault) && !is_refusal(fault));
      CHECK_FALSE(mixed);
    }
    older += lost;
  }
  WARN("8 power cuts on a disk that lied: " << older << " lost their newest writes, of these "
                                            << refused << " were refused as damaged, none mixed");
  CHECK(older > 0);  // or the disk did not lie
}

SCENARIO("the power-cut test can fail: synchronous=NORMAL loses acknowledged writes", "[power]") {
  const CutsResult result = cut_power_again_and_again("normal", 20);
  REQUIRE_FALSE(result.faults.empty());
  WARN("with synchronous=NORMAL: " << result.faults.front());
}

}  // namespace
}  // namespace tests
