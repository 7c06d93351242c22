// AuditLog: keeps the records of what was done, in segments on disk, each line chained to the one
// before, and finds them again. Entries wait in a bounded queue and are written some times a second
// by a task, synced to the disk once a second: a request never waits for it. When the queue is full
// entries are lost, counted, and the count is itself a record of the log; so are refusals that come
// in floods (audit_floods.h). The oldest segments leave
// by age and size. Thread: any. Owns: its folder.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "engine/access/audit.h"

namespace appliance {

struct AuditOptions {
  std::string dir;
  // What the settings say now.
  std::function<engine::AuditLevel()> level;
  std::function<int64_t()> age_days, size_mb;
  // Each line as it is written, for those who take the log elsewhere; may be empty.
  std::function<void(std::string_view line, int64_t at_ms)> on_line = {};
  engine::AuditReader read = nullptr;
};

struct AuditQuery {
  std::string user, verb, resource, ns, name, cluster;  // empty: any
  std::string result;                                   // ok, refused, failed; empty: any
  int code = 0;                                         // 0: any
  int64_t from_ms = 0, to_ms = INT64_MAX;
  uint64_t before = UINT64_MAX;  // only records with a smaller number
  size_t limit = 100;
};

struct AuditFound {
  engine::JsonArray records;  // newest first, each with its number as "seq"
  bool more = false;
};

class AuditLog final : public engine::AuditSink {
 public:
  // Makes the folder. What is there is read by the first write or search, not now.
  static engine::Result<std::unique_ptr<AuditLog>> open(storage::Env& env, AuditOptions options);
  ~AuditLog() override;

  engine::AuditLevel level() override;
  void record(engine::AuditEntry entry) override;
  engine::Result<AuditFound> search(const AuditQuery& query);
  // Writes what waits, and ends: what comes later is not kept.
  void stop();
  // Writes what waits now, on this thread.
  void flush();

  struct Numbers {
    uint64_t written = 0, lost = 0, waiting = 0, bytes = 0, failed = 0, counted = 0;
  };
  Numbers numbers() const;

 private:
  struct Impl;
  explicit AuditLog(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace appliance
