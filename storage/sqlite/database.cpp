#include "storage/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "storage/sqlite/page_sum_vfs.h"

namespace storage {
namespace {

bool disk_is_full(sqlite3* db) {
  const int code = sqlite3_extended_errcode(db);
  if ((code & 0xff) == SQLITE_FULL) return true;
  // A failed sync is never only "full": the kernel has already dropped what it could not write.
  if ((code & 0xff) != SQLITE_IOERR || code == SQLITE_IOERR_FSYNC ||
      code == SQLITE_IOERR_DIR_FSYNC) {
    return false;
  }
  const int os = sqlite3_system_errno(db);
  return os == ENOSPC || os == EDQUOT;
}

Reason reason_of(sqlite3* db) {
  if (disk_is_full(db)) return Reason::no_space;
  const int code = sqlite3_extended_errcode(db);
  if (code == SQLITE_IOERR_DATA) return Reason::corrupt;
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Reason::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
      return Reason::unavailable;
    default:
      return Reason::io;
  }
}

Severity severity_of(sqlite3* db) {
  if (disk_is_full(db)) return Severity::full;
  const int code = sqlite3_extended_errcode(db);
  if (code == SQLITE_IOERR_READ || code == SQLITE_IOERR_DATA || code == SQLITE_IOERR_NOMEM) {
    return Severity::transaction;
  }
  switch (code & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
      return Severity::fatal;
    default:
      return Severity::transaction;
  }
}

int open_flags(Access access) {
  const int shared = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (access) {
    case Access::create:
      return shared | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Access::read_write:
      return shared | SQLITE_OPEN_READWRITE;
    case Access::read_only:
      break;
  }
  return shared | SQLITE_OPEN_READONLY;
}

}  // namespace

StoreResult<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  if (options.access == Access::create) {
    // What is in it is for its owner only; the log takes its mode from the file. SQLite itself
    // would ask for 0644.
    const int fd = ::open(options.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return Error{Reason::io, options.path + ": " + std::strerror(errno)};
    ::close(fd);
  }
  const std::string vfs = options.vfs.empty() ? page_sum_vfs({}) : options.vfs;
  sqlite3* db = nullptr;
  const int code =
      sqlite3_open_v2(options.path.c_str(), &db, open_flags(options.access), vfs.c_str());
  if (!db) return Error{Reason::unavailable, options.path + ": out of memory while opening"};
  std::unique_ptr<Database> database(new Database(db, options.path));
  if (code != SQLITE_OK) return database->error("opening");
  TRY(database->configure(options));
  return database;
}

StoreResult<Unit> Database::configure(const DatabaseOptions& options) {
  // The wait for locks comes first: every statement after it may meet one.
  sqlite3_busy_timeout(db_, 5000);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_wal_autocheckpoint(db_, 0);  // the writer decides when
  // No cell_size_check: a page that passes its checksum is as SQLite wrote it.
  TRY(run("PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY"));
  TRY(run(("PRAGMA cache_size=-" + std::to_string(options.cache_kib)).c_str()));
  return run(options.synchronous == Synchronous::full ? "PRAGMA synchronous=FULL"
                                                      : "PRAGMA synchronous=NORMAL");
}

Database::~Database() {
  sqlite3_close_v2(db_);
}

StoreResult<Unit> Database::run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error(sql);
  return Unit{};
}

StoreResult<int64_t> Database::number(const char* sql) {
  Statement statement = TRY(Statement::prepare(*this, sql));
  if (!TRY(statement.step())) return Error{Reason::corrupt, path_ + ": no answer to " + sql};
  const int64_t answer = statement.number(0);
  TRY(statement.run());  // a pragma that changes something does so at its end
  return answer;
}

StoreResult<std::string> Database::text(const char* sql) {
  Statement statement = TRY(Statement::prepare(*this, sql));
  if (!TRY(statement.step())) return Error{Reason::corrupt, path_ + ": no answer to " + sql};
  std::string answer(statement.blob(0));
  TRY(statement.run());
  return answer;
}

Severity Database::take_severity() {
  return std::exchange(severity_, Severity::none);
}

Error Database::error(std::string_view doing) {
  severity_ = std::max(severity_, severity_of(db_));
  const int os = sqlite3_system_errno(db_);
  Error error{reason_of(db_), path_ + ": " + sqlite3_errmsg(db_)};
  if ((sqlite3_errcode(db_) & 0xff) == SQLITE_IOERR && os != 0) {
    error.message += std::string(" (") + std::strerror(os) + ")";
  }
  error.message += ", while doing: ";
  error.message += doing.substr(0, 80);
  if (error.reason == Reason::corrupt) {
    if (const int64_t page = bad_page(db_); page > 0) {
      error.message += "; page " + std::to_string(page) + " is not what was written";
    }
    error.message += "; restore the file from a backup";
  }
  return error;
}

void Database::leave_wal_alone() {
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(db_) == 0;
}

StoreResult<Statement> Statement::prepare(Database& database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    return database.error(sql);
  }
  return Statement(database, statement);
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(statement_, other.statement_);
  return *this;
}

Statement& Statement::bind(int index, std::string_view bytes) {
  // A null pointer would bind NULL, and an empty value is not a missing one.
  const char* data = bytes.empty() ? "" : bytes.data();
  sqlite3_bind_blob64(statement_, index, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind(int index, int64_t number) {
  sqlite3_bind_int64(statement_, index, number);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(statement_, index);
  return *this;
}

StoreResult<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->error(sqlite3_sql(statement_));
}

StoreResult<Unit> Statement::run() {
  ResetLater later(*this);
  while (TRY(step())) {
  }
  return Unit{};
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

std::string_view Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  return {static_cast<const char*>(data),
          static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

bool Statement::null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

}  // namespace storage
