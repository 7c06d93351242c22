// AuditExport: the audit log for those who keep it elsewhere: each line as it is written, to a file
// that others rotate, or to syslog (RFC 5424, facility authpriv) over /dev/log or UDP. What cannot
// be delivered is counted; the log itself is not held up. Thread: one at a time. Owns: its file or
// socket.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "engine/base/status.h"

namespace appliance {

class AuditExport {
 public:
  // "file:PATH", "syslog" (/dev/log), "syslog:HOST:PORT" (a numeric address). BadRequest says what
  // is wrong.
  static engine::Result<std::unique_ptr<AuditExport>> open(const std::string& where);
  ~AuditExport();
  AuditExport(const AuditExport&) = delete;
  AuditExport& operator=(const AuditExport&) = delete;

  void line(std::string_view line, int64_t at_ms);
  uint64_t failed() const { return failed_; }

 private:
  AuditExport() = default;
  bool reopen();
  std::string path_;  // of the file; empty: syslog
  std::string host_name_;
  int fd_ = -1;
  int64_t looked_ms_ = 0;
  std::atomic<uint64_t> failed_ = 0;
};

}  // namespace appliance
