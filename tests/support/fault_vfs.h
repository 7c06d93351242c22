// FaultVfs: a layer under SQLite that fails the n-th call of a kind, as a disk would: an
// input/output error, or full. There is one in the process, registered under kFaultVfs; it is plain
// when it is not armed. Thread: arm() and disarm() while no call is under way. Owns: nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace tests {

constexpr char kFaultVfs[] = "paddock-test-faults";

enum class FaultOn : uint8_t { write, sync, truncate, read };
enum class FaultKind : uint8_t { input_output, disk_full };
enum class FaultSpan : uint8_t { once, from_then_on };

class FaultVfs {
 public:
  static FaultVfs& instance();

  // The n-th call of this kind from now on fails (n from 1).
  void arm(FaultOn on, FaultKind kind, FaultSpan span, uint64_t n);
  void disarm();
  bool fired() const { return fired_.load(); }

  // For the layer itself: the error to answer, 0 for none.
  int next(FaultOn on);

 private:
  FaultVfs();

  std::atomic<bool> armed_{false}, fired_{false};
  FaultOn on_ = FaultOn::write;
  FaultKind kind_ = FaultKind::input_output;
  FaultSpan span_ = FaultSpan::once;
  std::atomic<int64_t> left_{0};
};

}  // namespace tests
