#include "appliance/audit/audit_segments.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "engine/access/audit_limits.h"
#include "engine/base/time.h"

namespace appliance {

using engine::Json;
using engine::Result;
using engine::Status;
using engine::Unit;
namespace limits = engine::limits;

namespace {

constexpr std::string_view kLines = ".ndjson";
constexpr std::string_view kIndex = ".idx";
constexpr size_t kWriteBytes = 256u << 10;

Status problem(const std::string& path, const char* what) {
  return Status::internal(path + ": " + what + ": " + std::strerror(errno));
}

Result<Unit> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return problem(path, "can't be written");
    bytes.remove_prefix(static_cast<size_t>(done));
  }
  return Unit{};
}

int64_t time_of(const Json& record) {
  auto time = engine::parse_rfc3339(record.str("time"));
  return time ? engine::unix_millis(*time) : 0;
}

}  // namespace

AuditSegments::~AuditSegments() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Unit> AuditSegments::load() {
  if (loaded_) return Unit{};
  const auto numbers = audit_segments(dir_);
  sealed_.clear();
  uint64_t total = 0;
  for (uint64_t number : numbers) {
    if (number == numbers.back()) break;
    sealed_.push_back(TRY(load_sealed(number)));
    total += sealed_.back().bytes;
  }
  hash_ = kAuditFirstHash;
  if (!numbers.empty()) TRY(load_growing(numbers.back()));
  bytes_ = total + size_;
  loaded_ = true;
  return Unit{};
}

// The head of a segment says where it begins; its index, how far it goes.
Result<AuditSegments::Sealed> AuditSegments::load_sealed(uint64_t number) {
  Sealed out{.number = number};
  std::ifstream in(path(number, kLines), std::ios::binary);
  std::string line;
  if (!std::getline(in, line)) return problem(path(number, kLines), "can't be read");
  auto head = engine::parse_json(line);
  out.first_seq = head ? static_cast<uint64_t>(head->integer({"first"})) : 0;
  std::error_code error;
  out.bytes = std::filesystem::file_size(path(number, kLines), error);
  if (auto view = AuditIndexView::open(path(number, kIndex))) {
    out.count = view->size();
    out.first_ms = view->base_ms();
    out.last_ms = view->size() ? view->base_ms() + view->since[view->size() - 1] : out.first_ms;
    return out;
  }
  // A crash between the seal and its index: made again from the lines.
  AuditIndex index;
  auto at = static_cast<uint32_t>(line.size() + 1);
  while (std::getline(in, line)) {
    if (auto record = engine::parse_json(line)) index.add(*record, time_of(*record), at);
    at += static_cast<uint32_t>(line.size() + 1);
  }
  out.count = static_cast<uint32_t>(index.size());
  out.first_ms = index.base_ms;
  out.last_ms = index.last_ms;
  std::ofstream(path(number, kIndex), std::ios::binary) << index.bytes();
  return out;
}

// Reads the last segment again; a line that a crash left half is cut off.
Result<Unit> AuditSegments::load_growing(uint64_t number) {
  const std::string file = path(number, kLines);
  std::ifstream in(file, std::ios::binary);
  if (!in) return problem(file, "can't be read");
  index_ = AuditIndex();
  uint64_t good = 0;
  std::string line;
  for (uint64_t at = 0; std::getline(in, line) && !in.eof(); at += line.size() + 1) {
    auto parts = audit_line_parts(line);
    auto record = parts ? engine::parse_json(line) : Result<Json>(Status::internal(""));
    if (!record) break;
    if (at == 0)
      first_seq_ = static_cast<uint64_t>(record->integer({"first"}));
    else
      index_.add(*record, time_of(*record), static_cast<uint32_t>(at));
    hash_ = parts->hash;
    good = at + line.size() + 1;
  }
  in.close();
  fd_ = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd_ < 0) return problem(file, "can't be opened");
  if (good == 0) {
    // Not even its head: the chain goes on from the segment before, which is read for its end.
    ::close(std::exchange(fd_, -1));
    std::filesystem::remove(file);
    if (sealed_.empty()) return Unit{};
    const Sealed last = sealed_.back();
    sealed_.pop_back();
    return load_growing(last.number);
  }
  if (::ftruncate(fd_, static_cast<off_t>(good)) != 0) return problem(file, "can't be cut");
  number_ = number;
  size_ = good;
  return Unit{};
}

Result<Unit> AuditSegments::begin(uint64_t number, int64_t at_ms) {
  const std::string file = path(number, kLines);
  fd_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0) return problem(file, "can't be made");
  first_seq_ += index_.size();
  index_ = AuditIndex();
  number_ = number;
  const auto at = storage::WallTime(storage::Millis(at_ms));
  Json head = Json::object({{"segment", static_cast<int64_t>(number)},
                            {"first", static_cast<int64_t>(first_seq_)},
                            {"time", engine::to_rfc3339_milli(at)},
                            {"before", hash_}});
  waiting_ = audit_line(engine::dump(head), hash_, hash_);
  size_ = waiting_.size();
  bytes_ += waiting_.size();
  return Unit{};
}

Result<Unit> AuditSegments::seal() {
  TRY(write_out(Sync::yes));
  ::close(std::exchange(fd_, -1));
  const std::string file = path(number_, kIndex);
  const int fd = ::open((file + ".new").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return problem(file, "can't be made");
  auto written = write_all(fd, index_.bytes(), file);
  ::close(fd);
  TRY(written);
  if (::rename((file + ".new").c_str(), file.c_str()) != 0)
    return problem(file, "can't be put in place");
  sealed_.push_back({number_, first_seq_, size_, static_cast<uint32_t>(index_.size()),
                     index_.base_ms, index_.last_ms});
  return Unit{};
}

Result<Unit> AuditSegments::append(Json record, int64_t at_ms, std::string& line) {
  TRY(load());
  const bool full =
      index_.size() >= limits::kAuditSegmentRecords || size_ >= limits::kAuditSegmentBytes;
  if (number_ != 0 && fd_ >= 0 && full) TRY(seal());
  if (fd_ < 0) TRY(begin(number_ + 1, at_ms));
  Json numbered = Json::object({{"seq", static_cast<int64_t>(first_seq_ + index_.size())}});
  for (auto& [key, value] : record.as_object()) numbered.set(key, std::move(value));
  line = audit_line(engine::dump(numbered), hash_, hash_);
  index_.add(numbered, at_ms, static_cast<uint32_t>(size_));
  size_ += line.size();
  bytes_ += line.size();
  waiting_ += line;
  line.pop_back();
  if (waiting_.size() >= kWriteBytes) return write_out(Sync::no);
  return Unit{};
}

Result<Unit> AuditSegments::write_out(Sync sync) {
  if (fd_ < 0) return Unit{};
  const std::string file = path(number_, kLines);
  if (!waiting_.empty()) {
    auto written = write_all(fd_, waiting_, file);
    if (!written) {
      // What is on disk is looked at again with the next record: the chain goes on from there.
      ::close(std::exchange(fd_, -1));
      waiting_.clear();
      loaded_ = false;
      number_ = 0;
      return written;
    }
    waiting_.clear();
  }
  if (sync == Sync::yes && ::fdatasync(fd_) != 0) return problem(file, "can't be synced");
  return Unit{};
}

void AuditSegments::trim(int64_t oldest_ms, int64_t bytes_max) {
  if (!load()) return;
  size_t gone = 0;
  for (const Sealed& segment : sealed_) {
    const bool old = segment.last_ms < oldest_ms;
    if (!old && static_cast<int64_t>(bytes_.load()) <= bytes_max) break;
    // The index goes first: without its lines it would answer for nothing.
    ::unlink(path(segment.number, kIndex).c_str());
    ::unlink(path(segment.number, kLines).c_str());
    bytes_ -= segment.bytes;
    ++gone;
  }
  sealed_.erase(sealed_.begin(), sealed_.begin() + static_cast<ptrdiff_t>(gone));
}

namespace {

struct Wanted {
  AuditColumn column;
  const std::string* word;
};

std::vector<Wanted> wanted_of(const AuditQuery& query) {
  std::vector<Wanted> out;
  auto add = [&](AuditColumn column, const std::string& word) {
    if (!word.empty()) out.push_back({column, &word});
  };
  add(AuditColumn::verb, query.verb);
  add(AuditColumn::resource, query.resource);
  add(AuditColumn::ns, query.ns);
  add(AuditColumn::name, query.name);
  add(AuditColumn::cluster, query.cluster);
  return out;
}

// The columns of one segment, wherever they lie.
struct Columns {
  uint32_t size = 0;
  int64_t base_ms = 0;
  const uint32_t* offset = nullptr;
  const uint32_t* since = nullptr;
  const uint16_t* code = nullptr;
  std::array<const uint16_t*, kAuditColumns> ids{};
  std::function<std::optional<uint16_t>(AuditColumn, std::string_view)> id;
};

// A column with too many words keeps some as `any`: those lines are looked at themselves.
constexpr uint16_t kMany = 0xFFFF;

class Scan {
 public:
  Scan(const Columns& columns, const AuditQuery& query) : columns_(columns), query_(query) {
    for (const Wanted& one : wanted_of(query)) {
      auto id = columns.id(one.column, *one.word);
      if (!id) none_ = true;
      tests_.push_back({columns.ids[static_cast<size_t>(one.column)], id.value_or(0)});
    }
    if (query.user.empty()) return;
    // Who asked, or who it was done as.
    user_ = columns.id(AuditColumn::user, query.user).value_or(kMany);
    as_ = columns.id(AuditColumn::as, query.user).value_or(kMany);
    if (user_ == kMany && as_ == kMany) none_ = true;
    by_user_ = true;
  }

  // Numbers within the segment, newest first, until there are enough.
  std::vector<uint32_t> run(uint32_t below, size_t most) const {
    std::vector<uint32_t> out;
    if (none_) return out;
    const uint16_t* users = columns_.ids[static_cast<size_t>(AuditColumn::user)];
    const uint16_t* as = columns_.ids[static_cast<size_t>(AuditColumn::as)];
    for (uint32_t i = std::min(below, columns_.size); i-- > 0;) {
      bool fits = true;
      for (const Test& test : tests_) fits = fits && test.ids[i] == test.id;
      if (!fits) continue;
      if (by_user_ && users[i] != user_ && as[i] != as_) continue;
      const int code = columns_.code[i];
      if (query_.code != 0 && code != query_.code) continue;
      if (!query_.result.empty() && engine::audit_result(code) != query_.result) continue;
      const int64_t at = columns_.base_ms + columns_.since[i];
      if (at < query_.from_ms || at > query_.to_ms) continue;
      out.push_back(i);
      if (out.size() >= most) break;
    }
    return out;
  }

 private:
  struct Test {
    const uint16_t* ids;
    uint16_t id;
  };
  const Columns& columns_;
  const AuditQuery& query_;
  std::vector<Test> tests_;
  uint16_t user_ = 0, as_ = 0;
  bool by_user_ = false, none_ = false;
};

}  // namespace

Result<AuditFound> AuditSegments::search(const AuditQuery& query) {
  TRY(load());
  TRY(write_out(Sync::no));
  AuditFound found;
  const size_t limit = std::min(query.limit, limits::kAuditPageMax);
  // One more than asked for tells whether there is more.
  auto take = [&](uint64_t number, uint64_t first_seq, const Columns& columns) {
    if (query.before <= first_seq) return;
    const uint64_t below = query.before - first_seq;
    auto hits = Scan(columns, query)
                    .run(static_cast<uint32_t>(std::min<uint64_t>(below, columns.size)),
                         limit + 1 - found.records.size());
    std::vector<std::pair<uint64_t, uint32_t>> lines;
    for (uint32_t hit : hits) lines.emplace_back(first_seq + hit, columns.offset[hit]);
    read_lines(number, lines, found);
  };
  if (number_ != 0) {
    Columns now{static_cast<uint32_t>(index_.size()),
                index_.base_ms,
                index_.offset.data(),
                index_.since.data(),
                index_.code.data(),
                {},
                {}};
    for (size_t i = 0; i < kAuditColumns; ++i) now.ids[i] = index_.columns[i].ids.data();
    now.id = [&](AuditColumn column, std::string_view word) -> std::optional<uint16_t> {
      const auto& known = index_.columns[static_cast<size_t>(column)].known;
      auto id = known.find(std::string(word));
      return id == known.end() ? std::nullopt : std::optional<uint16_t>(id->second);
    };
    take(number_, first_seq_, now);
  }
  for (auto segment = sealed_.rbegin(); segment != sealed_.rend(); ++segment) {
    if (found.records.size() > limit) break;
    if (segment->first_ms > query.to_ms || segment->last_ms < query.from_ms ||
        query.before <= segment->first_seq)
      continue;
    auto view = AuditIndexView::open(path(segment->number, kIndex));
    if (!view) continue;  // trimmed or damaged; verify says which
    Columns columns{
        view->size(), view->base_ms(), view->offset, view->since, view->code, view->ids, {}};
    columns.id = [&](AuditColumn column, std::string_view word) { return view->id(column, word); };
    take(segment->number, segment->first_seq, columns);
  }
  found.more = found.records.size() > limit;
  if (found.more) found.records.resize(limit);
  return found;
}

void AuditSegments::read_lines(uint64_t number,
                               const std::vector<std::pair<uint64_t, uint32_t>>& lines,
                               AuditFound& found) const {
  if (lines.empty()) return;
  std::ifstream in(path(number, kLines), std::ios::binary);
  std::string line;
  for (const auto& [seq, offset] : lines) {
    in.clear();
    in.seekg(offset);
    if (!std::getline(in, line)) continue;
    auto record = engine::parse_json(line);
    if (record && static_cast<uint64_t>(record->integer({"seq"})) == seq)
      found.records.push_back(std::move(*record));
  }
}

}  // namespace appliance
