// Limits of the audit, beside those of engine/base/limits.h. Thread: constants. Owns: nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace engine::limits {

constexpr size_t kAuditQueueMax = 20'000;          // entries waiting to be written: lost above
constexpr size_t kAuditQueueBytesMax = 64u << 20;  // and their bytes
constexpr size_t kAuditChangesMax = 50;            // objects of one request; the rest is counted
constexpr size_t kAuditDifferencesMax = 100;       // members of one object; the rest is counted
constexpr size_t kAuditValueBytesMax = 512;        // of one member's value
constexpr size_t kAuditBodyBytesMax = 32u << 10;   // of a kept body: its size above
constexpr size_t kAuditReadAlongBytesMax = 256u << 10;  // of a proxied body that is read along
constexpr size_t kAuditReadAlongAllMax = 32u << 20;     // and of all of them at one time
// Refusals of one kind from one source in one interval that are recorded one by one; then counted.
constexpr size_t kAuditFloodFirst = 20;
constexpr int64_t kAuditFloodMs = 30'000;
constexpr size_t kAuditFloodKindsMax = 4'096;     // sources and kinds told apart at one time
constexpr size_t kAuditFloodUsersMax = 20;        // names told of one count
constexpr size_t kAuditSegmentRecords = 60'000;   // of one file; fits 16 bits
constexpr size_t kAuditSegmentBytes = 32u << 20;  // of one file
constexpr size_t kAuditPageMax = 1'000;           // records in one answer
constexpr int64_t kAuditAgeDays = 90;             // where the settings say nothing
constexpr int64_t kAuditSizeMb = 5'120;

}  // namespace engine::limits
