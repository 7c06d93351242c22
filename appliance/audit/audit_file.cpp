#include "appliance/audit/audit_file.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "engine/base/digest.h"
#include "engine/base/time.h"

namespace appliance {

using engine::Json;
using engine::Result;
using engine::Status;

const std::array<std::string_view, kAuditColumns> kAuditColumnNames{
    "user", "as", "verb", "resource", "namespace", "name", "cluster"};
const std::string_view kAuditFirstHash =
    "0000000000000000000000000000000000000000000000000000000000000000";

namespace {

constexpr std::string_view kMagic = "PDKAUD1\n";
constexpr std::string_view kHashMark = ",\"hash\":\"";
constexpr size_t kHashBytes = 64;
constexpr uint16_t kMany = 0xFFFF;  // the word of a column that has too many of them

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}
template <class T>
void put_all(std::string& out, const std::vector<T>& values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  while (out.size() % 8 != 0) out += '\0';
}

size_t padded(size_t bytes) {
  return (bytes + 7) / 8 * 8;
}

}  // namespace

uint16_t AuditIndex::Column::id(std::string_view word) {
  auto found = known.find(std::string(word));
  if (found != known.end()) return found->second;
  if (words.size() >= kMany) return kMany;
  const auto fresh = static_cast<uint16_t>(words.size());
  words.emplace_back(word);
  known.emplace(std::string(word), fresh);
  return fresh;
}

void AuditIndex::add(const Json& record, int64_t at_ms, uint32_t at) {
  if (offset.empty()) base_ms = at_ms;
  // A clock that was set back: the record stands where it was written.
  at_ms = std::clamp(at_ms, base_ms, base_ms + int64_t{0xFFFFFFFF});
  last_ms = std::max(last_ms, at_ms);
  offset.push_back(at);
  since.push_back(static_cast<uint32_t>(at_ms - base_ms));
  code.push_back(static_cast<uint16_t>(record.integer({"code"})));
  for (size_t i = 0; i < kAuditColumns; ++i)
    columns[i].ids.push_back(columns[i].id(record.str(kAuditColumnNames[i])));
}

std::string AuditIndex::bytes() const {
  std::string out(kMagic);
  put(out, static_cast<uint64_t>(size()));
  put(out, base_ms);
  put_all(out, offset);
  put_all(out, since);
  put_all(out, code);
  for (const Column& column : columns) put_all(out, column.ids);
  for (const Column& column : columns) {
    std::string words;
    for (const std::string& word : column.words) {
      put(words, static_cast<uint16_t>(std::min<size_t>(word.size(), 0xFFFF)));
      words.append(word, 0, 0xFFFF);
    }
    put(out, static_cast<uint64_t>(words.size()));
    out += words;
    while (out.size() % 8 != 0) out += '\0';
  }
  return out;
}

std::optional<AuditIndexView> AuditIndexView::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  struct stat info {};
  AuditIndexView out;
  if (::fstat(fd, &info) == 0 && info.st_size >= 24) {
    out.bytes_ = static_cast<size_t>(info.st_size);
    void* map = ::mmap(nullptr, out.bytes_, PROT_READ, MAP_SHARED, fd, 0);
    out.map_ = map == MAP_FAILED ? nullptr : static_cast<const char*>(map);
  }
  ::close(fd);
  if (!out.map_ || std::string_view(out.map_, kMagic.size()) != kMagic) return std::nullopt;
  uint64_t count = 0;
  std::memcpy(&count, out.map_ + 8, 8);
  std::memcpy(&out.base_ms_, out.map_ + 16, 8);
  size_t at = 24;
  const size_t wide = padded(count * 4), narrow = padded(count * 2);
  if (count > 0xFFFF || at + 2 * wide + (1 + kAuditColumns) * narrow > out.bytes_)
    return std::nullopt;
  out.count_ = static_cast<uint32_t>(count);
  out.offset = reinterpret_cast<const uint32_t*>(out.map_ + at);
  out.since = reinterpret_cast<const uint32_t*>(out.map_ + at + wide);
  at += 2 * wide;
  out.code = reinterpret_cast<const uint16_t*>(out.map_ + at);
  for (auto& column : out.ids)
    column = reinterpret_cast<const uint16_t*>(out.map_ + (at += narrow));
  at += narrow;
  for (auto& words : out.words_) {
    uint64_t size = 0;
    if (at + 8 > out.bytes_) return std::nullopt;
    std::memcpy(&size, out.map_ + at, 8);
    at += 8;
    if (size > out.bytes_ - at) return std::nullopt;
    words = {out.map_ + at, size};
    at = padded(at + size);
  }
  return out;
}

AuditIndexView::AuditIndexView(AuditIndexView&& other) noexcept
    : offset(other.offset),
      since(other.since),
      code(other.code),
      ids(other.ids),
      map_(std::exchange(other.map_, nullptr)),
      bytes_(other.bytes_),
      count_(other.count_),
      base_ms_(other.base_ms_),
      words_(other.words_) {}

AuditIndexView::~AuditIndexView() {
  if (map_) ::munmap(const_cast<char*>(map_), bytes_);
}

std::optional<uint16_t> AuditIndexView::id(AuditColumn column, std::string_view word) const {
  std::string_view words = words_[static_cast<size_t>(column)];
  for (uint16_t i = 0; words.size() >= 2; ++i) {
    uint16_t size = 0;
    std::memcpy(&size, words.data(), 2);
    if (words.size() < 2u + size) break;
    if (words.substr(2, size) == word) return i;
    words.remove_prefix(2u + size);
  }
  return std::nullopt;
}

// OpenSSL's, not the engine's own, which does without the processor's instructions for it.
std::string audit_hash(std::string_view before, std::string_view line) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text(before);
  text += line;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> sum;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), sum.data());
  std::string out;
  out.reserve(sum.size() * 2);
  for (const unsigned char byte : sum) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string audit_line(const std::string& record, std::string_view before, std::string& hash) {
  hash = audit_hash(before, record);
  std::string out(record, 0, record.size() - 1);
  out.append(kHashMark).append(hash).append("\"}\n");
  return out;
}

std::optional<AuditLineParts> audit_line_parts(std::string_view line) {
  const size_t tail = kHashMark.size() + kHashBytes + 2;
  if (line.size() < tail + 1 || !line.ends_with("\"}")) return std::nullopt;
  const size_t mark = line.size() - tail;
  if (line.substr(mark, kHashMark.size()) != kHashMark) return std::nullopt;
  return AuditLineParts{line.substr(0, mark), line.substr(mark + kHashMark.size(), kHashBytes)};
}

std::string audit_segment_name(uint64_t number, std::string_view ending) {
  std::string digits = std::to_string(number);
  return std::string(digits.size() < 8 ? 8 - digits.size() : 0, '0') + digits + std::string(ending);
}

std::vector<uint64_t> audit_segments(const std::string& dir) {
  std::vector<uint64_t> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
    if (entry.path().extension() != ".ndjson") continue;
    const std::string stem = entry.path().stem().string();
    uint64_t number = 0;
    auto [end, bad] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (bad == std::errc() && end == stem.data() + stem.size()) out.push_back(number);
  }
  std::sort(out.begin(), out.end());
  return out;
}

namespace {

Status broken(const std::string& file, uint64_t line, std::string_view why) {
  return Status::other(1, "Audit",
                       file + ":" + std::to_string(line) + ": " + std::string(why) +
                           "; what stands before is unchanged, this and what follows is not");
}

Result<engine::Unit> verify_segment(const std::string& dir, uint64_t number, bool last,
                                    std::string_view expected, AuditVerified& out) {
  const std::string file = audit_segment_name(number, ".ndjson");
  std::ifstream in(dir + "/" + file, std::ios::binary);
  if (!in) return broken(file, 0, "it cannot be read");
  std::string line;
  for (uint64_t at = 1; std::getline(in, line); ++at) {
    // Without its newline the last line was never acknowledged by the disk.
    if (in.eof() && last) {
      out.torn = true;
      return engine::Unit{};
    }
    auto parts = audit_line_parts(line);
    if (!parts) return broken(file, at, "this is no line of the log");
    const std::string record = std::string(parts->record) + "}";
    if (at == 1) {
      auto head = engine::parse_json(record);
      const std::string before(head ? head->str("before") : std::string_view());
      if (before.size() != kHashBytes) return broken(file, at, "the segment has no head");
      if (out.segments == 0)
        out.first_before = out.last_hash = before;
      else if (before != out.last_hash)
        return broken(file, at, "it does not follow the segment before it");
    }
    const std::string hash = audit_hash(out.last_hash, record);
    if (hash != parts->hash) return broken(file, at, "the line was changed, or one is missing");
    out.last_hash = hash;
    if (hash == expected) out.seen_expected = true;
    if (at == 1) continue;
    ++out.records;
    auto json = engine::parse_json(record);
    if (auto time = json ? engine::parse_rfc3339(json->str("time")) : std::nullopt) {
      out.last_ms = engine::unix_millis(*time);
      if (out.first_ms == 0) out.first_ms = out.last_ms;
    }
  }
  ++out.segments;
  return engine::Unit{};
}

}  // namespace

Result<AuditVerified> verify_audit(const std::string& dir, std::string_view expected) {
  AuditVerified out;
  const auto numbers = audit_segments(dir);
  uint64_t before = 0;
  for (uint64_t number : numbers) {
    if (before != 0 && number != before + 1)
      return broken(audit_segment_name(before + 1, ".ndjson"), 0, "the segment is missing");
    TRY(verify_segment(dir, number, number == numbers.back(), expected, out));
    before = number;
  }
  return out;
}

}  // namespace appliance
