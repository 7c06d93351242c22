#include "storage/sqlite/migrations.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "storage/base/failpoint.h"
#include "storage/base/log.h"
#include "storage/sqlite/backup.h"
#include "storage/sqlite/page_sum_vfs.h"

namespace storage {
namespace {

// log: a row for each write, in order; what followers are given and where values are. `prev` is the
// row that this one supersedes, which is what compaction removes. versions: from a key to its rows,
// newest first; `created` is 0 in the row of a delete, so that checks and lists need not look into
// the log. state: one row.
constexpr std::array kMigrations = {Migration{"the first tables", R"(
CREATE TABLE log(seq INTEGER PRIMARY KEY, key BLOB NOT NULL, created INTEGER NOT NULL,
                 prev INTEGER NOT NULL, sum INTEGER NOT NULL, value BLOB);
CREATE TABLE versions(key BLOB NOT NULL, seq INTEGER NOT NULL, created INTEGER NOT NULL,
                      PRIMARY KEY(key, seq DESC)) WITHOUT ROWID;
CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id = 1), compacted INTEGER NOT NULL,
                   swept INTEGER NOT NULL);
INSERT INTO state VALUES(1, 0, 0);
)"}};

struct Header {
  std::array<unsigned char, 100> bytes{};
  ssize_t size = 0;
  uint32_t number(size_t at) const {
    return uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 |
           uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
  }
};

Error not_ours(const std::string& path, const std::string& why) {
  return {Reason::corrupt,
          path + ": " + why + "; nothing was touched: move the file away or restore a backup"};
}

Error newer(const std::string& path, int64_t version, int64_t known) {
  return {Reason::newer_version, path + ": has version " + std::to_string(version) +
                                     " and this program knows up to " + std::to_string(known) +
                                     "; nothing was touched: use a newer program"};
}

StoreResult<Header> read_header(int fd, const std::string& path) {
  Header header;
  header.size = ::pread(fd, header.bytes.data(), header.bytes.size(), 0);
  if (header.size < 0) return Error{Reason::io, path + ": " + std::strerror(errno)};
  return header;
}

// SQLite writes its first page before the first transaction of ours, and a process can end between
// the two.
bool is_empty_database(const Header& header) {
  constexpr size_t kPageCount = 28, kSchemaCookie = 40, kUserVersion = 60, kApplication = 68;
  return header.number(kPageCount) == 1 && header.number(kSchemaCookie) == 0 &&
         header.number(kUserVersion) == 0 && header.number(kApplication) == 0;
}

bool has_bytes(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

StoreResult<FileState> judge(const Header& header, const std::string& path,
                             int64_t newest_version) {
  if (header.size == 0) {
    if (has_bytes(path + "-wal")) return not_ours(path, "is empty but has a log beside it");
    return FileState::absent;
  }
  if (header.size < static_cast<ssize_t>(header.bytes.size()))
    return not_ours(path, "is cut short");
  // An interrupted creation leaves a journal, from which SQLite puts the empty file back.
  if (has_bytes(path + "-journal")) return FileState::ours;
  if (std::memcmp(header.bytes.data(), "SQLite format 3", 16) != 0) {
    return not_ours(path, "does not begin as a store does");
  }
  if (header.number(68) != kApplicationId && !is_empty_database(header))
    return not_ours(path, "is a database of another program");
  if (header.number(60) > newest_version) return newer(path, header.number(60), newest_version);
  const int page_bytes = header.bytes[16] << 8 | header.bytes[17];
  if (page_bytes != kPageBytes || header.bytes[20] != kPageReservedBytes) {
    return not_ours(path, "has pages of another form");
  }
  return FileState::ours;
}

StoreResult<Unit> create_empty(Database& database) {
  int reserved = kPageReservedBytes;
  sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  TRY(database.run(("PRAGMA page_size=" + std::to_string(kPageBytes)).c_str()));
  return database.run("PRAGMA auto_vacuum=INCREMENTAL");
}

StoreResult<Unit> apply(Database& database, const Migration& migration, int64_t version) {
  TRY(database.run("BEGIN IMMEDIATE"));
  TRY(database.run(migration.sql));
  TRY(database.run(("PRAGMA application_id=" + std::to_string(kApplicationId)).c_str()));
  TRY(database.run(("PRAGMA user_version=" + std::to_string(version)).c_str()));
  FAILPOINT(migration_applied);
  TRY(database.run("COMMIT"));
  FAILPOINT(migration_done);
  return Unit{};
}

}  // namespace

std::span<const Migration> all_migrations() {
  return kMigrations;
}

StoreResult<FileState> probe(const std::string& path, int64_t newest_version) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    if (has_bytes(path + "-wal")) return not_ours(path, "is gone but its log is there");
    return FileState::absent;
  }
  if (fd < 0) return Error{Reason::io, path + ": " + std::strerror(errno)};
  auto header = read_header(fd, path);
  ::close(fd);
  return judge(TRY(std::move(header)), path, newest_version);
}

StoreResult<Unit> migrate(Database& database, std::span<const Migration> migrations) {
  int64_t version = TRY(database.number("PRAGMA user_version"));
  const auto newest = static_cast<int64_t>(migrations.size());
  // The first bytes can be older than the log beside them, so this is asked a second time.
  if (version > newest) {
    database.leave_wal_alone();
    return newer(database.path(), version, newest);
  }
  if (version == newest) return Unit{};
  if (version == 0) {
    TRY(create_empty(database));
    FAILPOINT(creation_begun);
  } else {
    const std::string copy = database.path() + ".before-" + std::to_string(version + 1);
    if (!has_bytes(copy)) TRY(back_up(database, copy, newest));
    FAILPOINT(migration_copied);
  }
  for (; version < newest; ++version) {
    const Migration& migration = migrations[static_cast<size_t>(version)];
    log::info("migrating the store", {{"file", database.path()}, {"step", migration.what}});
    if (auto done = apply(database, migration, version + 1); !done) {
      if (database.in_transaction()) (void)database.run("ROLLBACK");
      return std::move(done).error();
    }
  }
  return Unit{};
}

}  // namespace storage
