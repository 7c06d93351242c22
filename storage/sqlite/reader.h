// Reader: one read-only connection with its statements, and the reads of a Store on it. Every call
// is one snapshot. Thread: one at a time. Owns: its connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/kv/store.h"
#include "storage/sqlite/database.h"

namespace storage {

// What part of the log is still there.
struct Extent {
  Revision compacted = 0;
  Revision current = 0;
};

// A piece of the log: whole revisions.
struct LogChunk {
  std::vector<Event> events;
  Revision upto = 0;  // complete up to here
};

class Reader {
 public:
  static StoreResult<std::unique_ptr<Reader>> open(const DatabaseOptions& options);

  StoreResult<std::optional<Record>> get(std::string_view key, Revision at);
  StoreResult<Page> list(const List& list);
  StoreResult<Extent> extent();
  // Of the revisions after `after` up to `upto`, as many as make about `bytes_max` bytes; compacted
  // when they are gone.
  StoreResult<LogChunk> log(Revision after, Revision upto, size_t bytes_max);
  Database& database() { return *database_; }

 private:
  class Snapshot;
  struct Scan;
  // A record of a page whose value is yet to be read, and from where.
  struct Found {
    int64_t seq;
    size_t record;
  };

  explicit Reader(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  StoreResult<Unit> prepare();
  StoreResult<Extent> extent_now();
  StoreResult<Revision> bound_of(Revision at, const Extent& extent) const;
  StoreResult<Unit> fill(Record& record, int64_t seq);
  StoreResult<Unit> scan(const List& list, Page& page, std::vector<Found>& found);
  StoreResult<bool> next_key(Scan& scan);
  StoreResult<bool> newest_at(Scan& scan);
  Error wrong_row(std::string_view key, int64_t seq) const;

  std::unique_ptr<Database> database_;
  Statement begin_, end_, state_, current_;
  Statement newest_, at_, row_, keys_, log_;
};

}  // namespace storage
