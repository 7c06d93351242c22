// Database and Statement: SQLite's C interface as owned objects and Results. Nothing here knows
// what is stored. Thread: one at a time for each Database and its Statements. Owns: a connection; a
// prepared statement.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/kv/store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace storage {

enum class Access : uint8_t { create, read_write, read_only };
// What a commit waits for. `normal` loses acknowledged commits at a power cut (the power-cut test
// shows it); it exists for that test.
enum class Synchronous : uint8_t { full, normal };

struct DatabaseOptions {
  std::string path;
  std::string vfs = {};  // empty: page checksums over the system's own
  Access access = Access::read_write;
  Synchronous synchronous = Synchronous::full;
  int cache_kib = 512;
};

// How an error of SQLite is to be taken by the writer.
enum class Severity : uint8_t {
  none,
  transaction,  // this transaction did not happen; the next one may
  full,         // as above, because the disk is full
  fatal,        // what is on disk is not known any more
};

class Database {
 public:
  static StoreResult<std::unique_ptr<Database>> open(const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs statements that answer nothing.
  StoreResult<Unit> run(const char* sql);
  // Runs one statement that answers one number or one text.
  StoreResult<int64_t> number(const char* sql);
  StoreResult<std::string> text(const char* sql);

  // The last error of this connection as an Error, by what SQLite and the operating system said.
  Error error(std::string_view doing);
  // The worst error() since the last call of this.
  Severity take_severity();
  // Closing must not move the log into the file: what is in it is not to be trusted or not ours to
  // touch.
  void leave_wal_alone();
  bool in_transaction() const;
  sqlite3* handle() { return db_; }
  const std::string& path() const { return path_; }

 private:
  Database(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  StoreResult<Unit> configure(const DatabaseOptions& options);

  sqlite3* db_;
  std::string path_;
  Severity severity_ = Severity::none;
};

class Statement {
 public:
  static StoreResult<Statement> prepare(Database& database, std::string_view sql);
  Statement() = default;
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;

  // Bytes are not copied: they must stay until reset().
  Statement& bind(int index, std::string_view bytes);
  Statement& bind(int index, int64_t number);
  Statement& bind_null(int index);

  // True: there is a row. False: there are no more.
  StoreResult<bool> step();
  StoreResult<Unit> run();  // steps to the end and resets
  void reset();

  std::string_view blob(int column) const;  // valid until the next step or reset
  int64_t number(int column) const;
  bool null(int column) const;

 private:
  Statement(Database& database, sqlite3_stmt* statement)
      : database_(&database), statement_(statement) {}

  Database* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

// Resets a statement when the block ends, so that no read transaction outlives its caller.
class ResetLater {
 public:
  explicit ResetLater(Statement& statement) : statement_(statement) {}
  ~ResetLater() { statement_.reset(); }
  ResetLater(const ResetLater&) = delete;
  ResetLater& operator=(const ResetLater&) = delete;

 private:
  Statement& statement_;
};

}  // namespace storage
