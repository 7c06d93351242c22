#include "appliance/audit/audit_export.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "engine/base/numbers.h"
#include "engine/base/time.h"
#include "storage/base/log.h"

namespace appliance {

using engine::Result;
using engine::Status;

namespace {

constexpr int64_t kLookMs = 1'000;         // how often a rotated file is noticed
constexpr size_t kDatagramBytes = 60'000;  // of one syslog message
constexpr int kPriority = 10 * 8 + 6;      // authpriv, informational

Result<int> connected(const sockaddr* address, socklen_t size, int family) {
  const int fd = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && ::connect(fd, address, size) == 0) return fd;
  const std::string why = std::strerror(errno);
  if (fd >= 0) ::close(fd);
  return Status::bad_request("syslog can't be reached: " + why);
}

Result<int> syslog_socket(const std::string& where) {
  if (where.empty()) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    std::strncpy(local.sun_path, "/dev/log", sizeof(local.sun_path) - 1);
    return connected(reinterpret_cast<sockaddr*>(&local), sizeof(local), AF_UNIX);
  }
  const size_t colon = where.rfind(':');
  auto port =
      colon == std::string::npos ? std::nullopt : engine::parse_int(where.substr(colon + 1));
  std::string host = where.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!port || *port < 1 || *port > 65535)
    return Status::bad_request("syslog:HOST:PORT is wanted, not syslog:" + where);
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(static_cast<uint16_t>(*port));
  if (::inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1)
    return connected(reinterpret_cast<sockaddr*>(&four), sizeof(four), AF_INET);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(static_cast<uint16_t>(*port));
  if (::inet_pton(AF_INET6, host.c_str(), &six.sin6_addr) == 1)
    return connected(reinterpret_cast<sockaddr*>(&six), sizeof(six), AF_INET6);
  return Status::bad_request("syslog wants a numeric address, not " + host);
}

}  // namespace

Result<std::unique_ptr<AuditExport>> AuditExport::open(const std::string& where) {
  std::unique_ptr<AuditExport> out(new AuditExport());
  if (where.starts_with("file:") && where.size() > 5) {
    out->path_ = where.substr(5);
    if (!out->reopen())
      return Status::bad_request(out->path_ + " can't be written: " + std::strerror(errno));
    return out;
  }
  if (where != "syslog" && !where.starts_with("syslog:"))
    return Status::bad_request(
        "the audit log can be exported to file:PATH, syslog or syslog:HOST:PORT, not " + where);
  out->fd_ = TRY(syslog_socket(where == "syslog" ? std::string() : where.substr(7)));
  char name[256] = "-";
  if (::gethostname(name, sizeof(name) - 1) == 0) out->host_name_ = name;
  if (out->host_name_.empty()) out->host_name_ = "-";
  return out;
}

AuditExport::~AuditExport() {
  if (fd_ >= 0) ::close(fd_);
}

bool AuditExport::reopen() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  return fd_ >= 0;
}

void AuditExport::line(std::string_view line, int64_t at_ms) {
  std::string out;
  if (!path_.empty()) {
    if (at_ms - looked_ms_ >= kLookMs) {
      looked_ms_ = at_ms;
      struct stat ours {
      }, there{};
      const bool same = fd_ >= 0 && ::fstat(fd_, &ours) == 0 &&
                        ::stat(path_.c_str(), &there) == 0 && ours.st_ino == there.st_ino;
      if (!same) reopen();
    }
    out.append(line).append("\n");
  } else {
    const auto at = storage::WallTime(storage::Millis(at_ms));
    out = "<" + std::to_string(kPriority) + ">1 " + engine::to_rfc3339_milli(at) + " " +
          host_name_ + " paddock - audit - ";
    out.append(line.substr(0, kDatagramBytes));
  }
  if (::write(fd_, out.data(), out.size()) == static_cast<ssize_t>(out.size())) return;
  // One word of it, then a count: an unreachable syslog must not fill the log that it stands for.
  if (failed_++ == 0)
    storage::log::warn("the audit log could not be exported", {{"why", std::strerror(errno)}});
}

}  // namespace appliance
