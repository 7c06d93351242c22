// The files of the audit log. A segment is NDJSON: a head that names the hash before it, then one
// record a line, each ending with `"hash"`: SHA-256 of the hash before and the line without it. A
// full segment gets an index beside it: columns of 16 and 32 bits with a dictionary each, small
// enough that a search reads the columns it asks for and nothing else. Thread: one at a time.
// Owns: what each says.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/status.h"

namespace appliance {

// What can be searched by, in the order of the columns.
enum class AuditColumn : uint8_t { user, as, verb, resource, ns, name, cluster, count };
constexpr size_t kAuditColumns = static_cast<size_t>(AuditColumn::count);
extern const std::array<std::string_view, kAuditColumns> kAuditColumnNames;

// The columns of one segment, in memory while it grows.
struct AuditIndex {
  int64_t base_ms = 0, last_ms = 0;
  std::vector<uint32_t> offset;  // of the line
  std::vector<uint32_t> since;   // milliseconds after base
  std::vector<uint16_t> code;
  struct Column {
    std::vector<uint16_t> ids;
    std::vector<std::string> words{""};
    std::unordered_map<std::string, uint16_t> known{{"", 0}};
    uint16_t id(std::string_view word);
  };
  std::array<Column, kAuditColumns> columns;

  void add(const engine::Json& record, int64_t at_ms, uint32_t at);
  size_t size() const { return offset.size(); }
  std::string bytes() const;
};

// A sealed index as it lies in its file, mapped while it is asked.
class AuditIndexView {
 public:
  static std::optional<AuditIndexView> open(const std::string& path);
  AuditIndexView(AuditIndexView&& other) noexcept;
  AuditIndexView& operator=(AuditIndexView&&) = delete;
  AuditIndexView(const AuditIndexView&) = delete;
  ~AuditIndexView();

  uint32_t size() const { return count_; }
  int64_t base_ms() const { return base_ms_; }
  const uint32_t* offset = nullptr;
  const uint32_t* since = nullptr;
  const uint16_t* code = nullptr;
  std::array<const uint16_t*, kAuditColumns> ids{};
  // The word's number in that column; nullopt: no record of the segment has it.
  std::optional<uint16_t> id(AuditColumn column, std::string_view word) const;

 private:
  AuditIndexView() = default;
  const char* map_ = nullptr;
  size_t bytes_ = 0;
  uint32_t count_ = 0;
  int64_t base_ms_ = 0;
  std::array<std::string_view, kAuditColumns> words_{};
};

// The chain.
extern const std::string_view kAuditFirstHash;
std::string audit_hash(std::string_view before, std::string_view line);
// The line as it is written (with its newline), and the hash after it. `record` is an object.
std::string audit_line(const std::string& record, std::string_view before, std::string& hash);
// The hash that a line ends with, and the line without it; nullopt: no line of ours.
struct AuditLineParts {
  std::string_view record, hash;
};
std::optional<AuditLineParts> audit_line_parts(std::string_view line);

std::string audit_segment_name(uint64_t number, std::string_view ending);
// Numbers of the segments in a folder, in order.
std::vector<uint64_t> audit_segments(const std::string& dir);

// Reads every line again. Gives what a person wants to know; an error names the place.
struct AuditVerified {
  uint64_t segments = 0, records = 0;
  int64_t first_ms = 0, last_ms = 0;
  std::string first_before, last_hash;
  bool seen_expected = false;  // a hash that was asked for is in the chain
  bool torn = false;           // the last line is not whole: a crash; it is cut at the next start
};
engine::Result<AuditVerified> verify_audit(const std::string& dir, std::string_view expected);

}  // namespace appliance
