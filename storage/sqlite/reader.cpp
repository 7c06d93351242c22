#include "storage/sqlite/reader.h"

#include <algorithm>
#include <utility>

#include "storage/kv/errors.h"
#include "storage/kv/limits.h"
#include "storage/kv/txn.h"
#include "storage/sqlite/row.h"

namespace storage {
namespace {

constexpr std::string_view kNewest =
    "SELECT l.seq, l.created, l.sum, l.value FROM log l WHERE l.seq = "
    "(SELECT seq FROM versions WHERE key = ?1 ORDER BY seq DESC LIMIT 1)";
constexpr std::string_view kAt =
    "SELECT seq, created FROM versions WHERE key = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT 1";
constexpr std::string_view kRow = "SELECT created, sum, value FROM log WHERE seq = ?1";
constexpr std::string_view kKeys =
    "SELECT key, seq, created FROM versions WHERE key >= ?1 AND key < ?2 ORDER BY key, seq DESC";
constexpr std::string_view kLog =
    "SELECT seq, key, created, sum, value FROM log WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";

// After so many rows of one key a scan looks for what it wants in the index, instead of walking
// over the rest.
constexpr int kRowsWalked = 8;

std::optional<std::string> value_of(const Statement& row, int column) {
  if (row.null(column)) return std::nullopt;
  return std::string(row.blob(column));
}

}  // namespace

// A read transaction for calls of more than one statement.
class Reader::Snapshot {
 public:
  explicit Snapshot(Reader& reader) : reader_(reader) {}
  ~Snapshot() { (void)reader_.end_.run(); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  StoreResult<Unit> begin() { return reader_.begin_.run(); }

 private:
  Reader& reader_;
};

// Where a walk over the versions in order of keys stands.
struct Reader::Scan {
  std::string key_begin;
  std::string key_end;  // exclusive
  int64_t seq_max = 0;
  std::string key = {};  // of the row found
  int64_t seq = 0;
  int64_t created = 0;
  bool positioned = false;
};

StoreResult<std::unique_ptr<Reader>> Reader::open(const DatabaseOptions& options) {
  auto database = TRY(Database::open(options));
  std::unique_ptr<Reader> reader(new Reader(std::move(database)));
  TRY(reader->prepare());
  return reader;
}

StoreResult<Unit> Reader::prepare() {
  begin_ = TRY(Statement::prepare(*database_, "BEGIN"));
  end_ = TRY(Statement::prepare(*database_, "COMMIT"));
  state_ = TRY(Statement::prepare(*database_, "SELECT compacted FROM state"));
  current_ = TRY(Statement::prepare(*database_, "SELECT max(seq) FROM log"));
  newest_ = TRY(Statement::prepare(*database_, kNewest));
  at_ = TRY(Statement::prepare(*database_, kAt));
  row_ = TRY(Statement::prepare(*database_, kRow));
  keys_ = TRY(Statement::prepare(*database_, kKeys));
  log_ = TRY(Statement::prepare(*database_, kLog));
  return Unit{};
}

Error Reader::wrong_row(std::string_view key, int64_t seq) const {
  return {Reason::corrupt,
          database_->path() + ": the value of " + std::string(key) + " at revision " +
              std::to_string(revision_of(seq)) +
              " is not what was written; restore the file from a backup",
          std::string(key), revision_of(seq)};
}

StoreResult<Extent> Reader::extent_now() {
  ResetLater state_later(state_);
  ResetLater current_later(current_);
  if (!TRY(state_.step()) || !TRY(current_.step())) {
    return Error{Reason::corrupt, database_->path() + ": the row of the store's state is missing"};
  }
  Extent extent;
  extent.compacted = static_cast<Revision>(state_.number(0));
  // The newest row may be a delete that compaction has removed: the revision must not go back for
  // that.
  extent.current = std::max({revision_of(current_.number(0)), extent.compacted, kFirstRevision});
  return extent;
}

StoreResult<Extent> Reader::extent() {
  Snapshot snapshot(*this);
  TRY(snapshot.begin());
  return extent_now();
}

StoreResult<Revision> Reader::bound_of(Revision at, const Extent& extent) const {
  if (at == kLatest) return extent.current;
  if (at > extent.current) return future_error(at, extent.current);
  if (at < extent.compacted) return compacted_error(at, extent.compacted);
  return at;
}

// Reads the value of a record that has its key.
StoreResult<Unit> Reader::fill(Record& record, int64_t seq) {
  ResetLater later(row_);
  if (!TRY(row_.bind(1, seq).step()) || row_.null(2)) return wrong_row(record.key, seq);
  record.created = static_cast<Revision>(row_.number(0));
  record.modified = revision_of(seq);
  const std::string_view value = row_.blob(2);
  if (row_sum(content_sum(record.key, value), seq, record.created) !=
      static_cast<uint32_t>(row_.number(1))) {
    return wrong_row(record.key, seq);
  }
  record.value = value;
  return Unit{};
}

StoreResult<std::optional<Record>> Reader::get(std::string_view key, Revision at) {
  if (at == kLatest) {
    ResetLater later(newest_);
    if (!TRY(newest_.bind(1, key).step())) return std::optional<Record>();
    const int64_t seq = newest_.number(0);
    const auto created = static_cast<Revision>(newest_.number(1));
    std::optional<std::string> value = value_of(newest_, 3);
    if (row_sum(content_sum(key, value), seq, created) !=
        static_cast<uint32_t>(newest_.number(2))) {
      return wrong_row(key, seq);
    }
    if (!value) return std::optional<Record>();
    return std::optional(Record{std::string(key), std::move(*value), created, revision_of(seq)});
  }
  Snapshot snapshot(*this);
  TRY(snapshot.begin());
  const Revision bound = TRY(bound_of(at, TRY(extent_now())));
  ResetLater later(at_);
  if (!TRY(at_.bind(1, key).bind(2, last_seq_of(bound)).step())) return std::optional<Record>();
  if (at_.number(1) == 0) return std::optional<Record>();
  Record record{std::string(key)};
  TRY(fill(record, at_.number(0)));
  return std::optional(std::move(record));
}

StoreResult<Page> Reader::list(const List& list) {
  Snapshot snapshot(*this);
  TRY(snapshot.begin());
  Page page;
  page.revision = TRY(bound_of(list.at, TRY(extent_now())));
  std::vector<Found> found;
  TRY(scan(list, page, found));
  // In the order of the log, so that each of its pages is read once and not once for each of its
  // rows.
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return a.seq < b.seq; });
  for (const Found& one : found) TRY(fill(page.records[one.record], one.seq));
  return page;
}

// Finds the newest row of the scan's key within its bound by the index; false when there is none.
StoreResult<bool> Reader::newest_at(Scan& scan) {
  ResetLater later(at_);
  if (!TRY(at_.bind(1, scan.key).bind(2, scan.seq_max).step())) return false;
  scan.seq = at_.number(0);
  scan.created = at_.number(1);
  return true;
}

// Moves to the next key that has a row within the bound; false at the end.
StoreResult<bool> Reader::next_key(Scan& scan) {
  for (int walked = 0;;) {
    if (!scan.positioned || walked >= kRowsWalked) {
      keys_.reset();
      if (scan.positioned) scan.key_begin = scan.key + '\0';
      keys_.bind(1, scan.key_begin).bind(2, scan.key_end);
      scan.positioned = true;
      walked = 0;
    }
    if (!TRY(keys_.step())) return false;
    const std::string_view key = keys_.blob(0);
    if (key == scan.key) {
      ++walked;
      continue;
    }
    scan.key = key;
    scan.seq = keys_.number(1);
    scan.created = keys_.number(2);
    if (scan.seq <= scan.seq_max || TRY(newest_at(scan))) return true;
  }
}

StoreResult<Unit> Reader::scan(const List& list, Page& page, std::vector<Found>& found) {
  Scan scan{list_begin(list), prefix_end(list.prefix), last_seq_of(page.revision)};
  if (scan.key_end.empty()) scan.key_end.assign(kKeyBytesMax + 1, '\xff');
  ResetLater later(keys_);
  while (TRY(next_key(scan))) {
    if (scan.created == 0) continue;
    if (list.limit_max != 0 && page.records.size() == list.limit_max) {
      page.more = true;
      if (!list.count_rest) return Unit{};
      ++page.rest;
      continue;
    }
    found.push_back({scan.seq, page.records.size()});
    page.records.push_back({scan.key});
  }
  return Unit{};
}

StoreResult<LogChunk> Reader::log(Revision after, Revision upto, size_t bytes_max) {
  Snapshot snapshot(*this);
  TRY(snapshot.begin());
  const Extent extent = TRY(extent_now());
  if (after < extent.compacted) return compacted_error(after, extent.compacted);
  LogChunk chunk;
  chunk.upto = upto;
  size_t bytes = 0;
  ResetLater later(log_);
  log_.bind(1, last_seq_of(after)).bind(2, last_seq_of(upto));
  while (TRY(log_.step())) {
    const int64_t seq = log_.number(0);
    if (bytes >= bytes_max && revision_of(seq) != chunk.events.back().revision) {
      chunk.upto = chunk.events.back().revision;
      break;
    }
    Event event{std::string(log_.blob(1)), value_of(log_, 4), revision_of(seq),
                static_cast<Revision>(log_.number(2))};
    if (row_sum(content_sum(event.key, event.value), seq, event.created) !=
        static_cast<uint32_t>(log_.number(3))) {
      return wrong_row(event.key, seq);
    }
    bytes += event.key.size() + (event.value ? event.value->size() : 0);
    chunk.events.push_back(std::move(event));
  }
  return chunk;
}

}  // namespace storage
