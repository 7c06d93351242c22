// What the crash writer writes, and what must be there after it was stopped in any way.
// Thread: one. Owns: the child process.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/kv/store.h"
#include "storage/sqlite/migrations.h"

namespace tests {

constexpr int kCrashThreads = 8;

inline std::string crash_key(int thread, int half) {
  return "/t/" + std::to_string(thread) + "/" + std::to_string(half);
}
inline std::string crash_value(uint64_t number) {
  return std::to_string(number) + " " + std::string(300 + number % 700, 'v');
}

// What a writer was told is on the disk.
struct Acknowledged {
  std::array<uint64_t, kCrashThreads> number{};
  // Told after the power was cut. A machine without power tells nothing: these may be there or not.
  // (A file system that was shut down while a sync was under way can let that sync succeed.)
  std::array<uint64_t, kCrashThreads> late{};
  uint64_t late_lost = 0;
  storage::Revision revision = 0;
  uint64_t count = 0;
  std::string failure;  // the last F line
};

// The tables, and two steps of a program that is not written yet: the second counts the rows.
std::span<const storage::Migration> crash_migrations();

struct CrashWriterOptions {
  std::string failpoint = {};  // NAME[:N]; empty: none
  // write: on and on; shrink: the same, with pages to give back; migrate: to crash_migrations().
  std::string doing = "write";
  std::string disk = {};  // what a sync does (tests/crash/disk/sync_shim.cpp); empty: honest
};

class CrashWriter {
 public:
  CrashWriter(const std::string& path, const std::string& synchronous,
              const CrashWriterOptions& options = {});
  ~CrashWriter();
  // Waits until the first write was acknowledged; false when the writer ended before.
  bool wait_for_work();
  void kill();
  enum class End : uint8_t { killed_itself, other, none };
  End wait_for_end(std::chrono::seconds at_most);
  // Call it just before the power is cut: what it tells from here on is late.
  void power_goes(Acknowledged& acknowledged);
  // Reads what it told until it ended, and adds it to what was acknowledged before.
  void collect(Acknowledged& acknowledged);

 private:
  void take_lines(Acknowledged& acknowledged);
  void take_line(const std::string& line, Acknowledged& acknowledged);
  pid_t pid_ = -1;
  int pipe_ = -1;
  std::string early_;  // read while waiting
  bool without_power_ = false;
};

// Opens the store and compares; every line is something that must not be. What it finds counts as
// acknowledged from then on, because it has been read.
std::vector<std::string> faults_after_crash(const std::string& path, Acknowledged& acknowledged);

}  // namespace tests
