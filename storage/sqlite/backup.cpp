#include "storage/sqlite/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "storage/base/failpoint.h"
#include "storage/sqlite/migrations.h"
#include "storage/sqlite/page_sum_vfs.h"
#include "storage/sqlite/row.h"

namespace storage {
namespace {

constexpr int kPagesAStep = 1024;

Error system_error(const std::string& path) {
  return {errno == ENOSPC ? Reason::no_space : Reason::io, path + ": " + std::strerror(errno)};
}

// Removes a half-made file unless it was kept.
class Unfinished {
 public:
  explicit Unfinished(std::string path) : path_(std::move(path)) {}
  ~Unfinished() {
    if (kept_) return;
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
      ::unlink((path_ + suffix).c_str());
    }
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

StoreResult<Unit> copy_pages(Database& from, Database& to) {
  sqlite3_backup* copy = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  if (!copy) return to.error("starting the copy");
  int code = SQLITE_OK;
  while (code == SQLITE_OK) code = sqlite3_backup_step(copy, kPagesAStep);
  sqlite3_backup_finish(copy);
  if (code != SQLITE_DONE) return to.error("copying the pages");
  return Unit{};
}

// The source's read transaction keeps one revision in view for as long as the copy takes.
StoreResult<Unit> copy_snapshot(Database& source, const std::string& path) {
  DatabaseOptions options{path};
  options.access = Access::create;
  auto target = TRY(Database::open(options));
  int reserved = kPageReservedBytes;
  sqlite3_file_control(target->handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  TRY(source.run("BEGIN"));
  auto copied = [&]() -> StoreResult<Unit> {
    TRY(source.number("SELECT compacted FROM state"));
    return copy_pages(source, *target);
  }();
  (void)source.run("COMMIT");
  TRY(std::move(copied));
  // A backup is one file: no log beside it, and nothing in it that says there is.
  const std::string mode = TRY(target->text("PRAGMA journal_mode=DELETE"));
  if (mode != "delete") return Error{Reason::io, path + ": its log could not be closed"};
  return Unit{};
}

StoreResult<Unit> sync_path(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error(path);
  const int code = ::fsync(fd);
  ::close(fd);
  if (code != 0) return system_error(path);
  return Unit{};
}

StoreResult<Unit> verify_rows(Database& database, FileReport& report) {
  Statement rows = TRY(
      Statement::prepare(database, "SELECT seq, key, created, sum, value FROM log ORDER BY seq"));
  while (TRY(rows.step())) {
    const int64_t seq = rows.number(0);
    std::optional<std::string_view> value;
    if (!rows.null(4)) value = rows.blob(4);
    const uint32_t content = content_sum(rows.blob(1), value);
    if (row_sum(content, seq, static_cast<Revision>(rows.number(2))) !=
        static_cast<uint32_t>(rows.number(3))) {
      return Error{Reason::corrupt,
                   database.path() + ": the value of " + std::string(rows.blob(1)) +
                       " at revision " + std::to_string(revision_of(seq)) +
                       " is not what was written",
                   std::string(rows.blob(1)), revision_of(seq)};
    }
    report.current = std::max(report.current, revision_of(seq));
    ++report.rows;
  }
  return Unit{};
}

StoreResult<Unit> verify_index(Database& database, FileReport& report) {
  const int64_t strays = TRY(database.number(
      "SELECT (SELECT count(*) FROM versions v LEFT JOIN log l ON l.seq = v.seq "
      "        WHERE l.key IS NOT v.key OR (v.created = 0) IS NOT (l.value IS NULL)) + "
      "       abs((SELECT count(*) FROM versions) - (SELECT count(*) FROM log))"));
  if (strays != 0) {
    return Error{Reason::corrupt, database.path() + ": " + std::to_string(strays) +
                                      " rows of the index and the log do not belong together"};
  }
  report.keys = static_cast<uint64_t>(
      TRY(database.number("SELECT count(*) FROM versions v WHERE created <> 0 AND NOT EXISTS "
                          "(SELECT 1 FROM versions w WHERE w.key = v.key AND w.seq > v.seq)")));
  return Unit{};
}

}  // namespace

StoreResult<FileReport> verify_file(const std::string& path) {
  return verify_file(path, static_cast<int64_t>(all_migrations().size()));
}

StoreResult<FileReport> verify_file(const std::string& path, int64_t newest_version) {
  const FileState state = TRY(probe(path, newest_version));
  if (state == FileState::absent) return Error{Reason::io, path + ": there is no such store"};
  DatabaseOptions options{path};
  options.access = Access::read_only;
  auto database = TRY(Database::open(options));
  const std::string verdict = TRY(database->text("PRAGMA integrity_check(1)"));
  if (verdict != "ok") return Error{Reason::corrupt, path + ": " + verdict};
  FileReport report;
  TRY(verify_rows(*database, report));
  TRY(verify_index(*database, report));
  report.compacted = static_cast<Revision>(TRY(database->number("SELECT compacted FROM state")));
  report.current = std::max({report.current, report.compacted, kFirstRevision});
  return report;
}

StoreResult<Revision> back_up(Database& source, const std::string& path, int64_t newest_version) {
  if (::access(path.c_str(), F_OK) == 0) {
    return Error{Reason::io, path + ": there is a file of this name already"};
  }
  const std::string part = path + ".part";
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) ::unlink((part + suffix).c_str());
  Unfinished unfinished(part);
  TRY(copy_snapshot(source, part));
  FAILPOINT(backup_copied);
  const FileReport report = TRY(verify_file(part, newest_version));
  TRY(sync_path(part));
  FAILPOINT(backup_verified);
  // link() does not replace a file that came in the meantime, as rename() would.
  if (::link(part.c_str(), path.c_str()) != 0) return system_error(path);
  FAILPOINT(backup_linked);
  const auto directory = std::filesystem::path(path).parent_path().string();
  TRY(sync_path(directory.empty() ? "." : directory));
  return report.current;
}

}  // namespace storage
