// AuditSegments: the files of the log in order: appends to the last, seals it when it is full,
// removes the oldest, searches all of them from the newest back. Thread: one at a time, except
// bytes(). Owns: the open file, the index of the segment that grows.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "appliance/audit/audit_file.h"
#include "appliance/audit/audit_log.h"

namespace appliance {

class AuditSegments {
 public:
  explicit AuditSegments(std::string dir) : dir_(std::move(dir)) {}
  ~AuditSegments();
  AuditSegments(const AuditSegments&) = delete;
  AuditSegments& operator=(const AuditSegments&) = delete;

  // Gives the record its number and its place in the chain; `line` is what is written.
  engine::Result<engine::Unit> append(engine::Json record, int64_t at_ms, std::string& line);
  enum class Sync : uint8_t { no, yes };
  engine::Result<engine::Unit> write_out(Sync sync);
  // Removes whole segments: those whose last record is older, then the oldest over the size.
  void trim(int64_t oldest_ms, int64_t bytes_max);
  engine::Result<AuditFound> search(const AuditQuery& query);
  uint64_t bytes() const { return bytes_; }

 private:
  struct Sealed {
    uint64_t number = 0, first_seq = 0, bytes = 0;
    uint32_t count = 0;
    int64_t first_ms = 0, last_ms = 0;
  };
  struct Hits;
  engine::Result<engine::Unit> load();
  engine::Result<engine::Unit> load_growing(uint64_t number);
  engine::Result<Sealed> load_sealed(uint64_t number);
  engine::Result<engine::Unit> begin(uint64_t number, int64_t at_ms);
  engine::Result<engine::Unit> seal();
  void read_lines(uint64_t number, const std::vector<std::pair<uint64_t, uint32_t>>& lines,
                  AuditFound& found) const;
  std::string path(uint64_t number, std::string_view ending) const {
    return dir_ + "/" + audit_segment_name(number, ending);
  }

  const std::string dir_;
  bool loaded_ = false;
  std::vector<Sealed> sealed_;
  uint64_t number_ = 0;     // of the segment that grows; 0: none yet
  uint64_t first_seq_ = 1;  // of it
  int fd_ = -1;
  uint64_t size_ = 0;    // of its file, and of what waits
  std::string waiting_;  // lines that are not written yet
  std::string hash_;
  AuditIndex index_;
  std::atomic<uint64_t> bytes_ = 0;
};

}  // namespace appliance
