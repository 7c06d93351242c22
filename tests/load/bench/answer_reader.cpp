#include "tests/load/bench/answer_reader.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace bench {
namespace {

constexpr size_t kKept = 4096;

}  // namespace

void AnswerReader::reset() {
  at_ = At::kHead;
  status_ = 0;
  left_ = body_bytes_ = 0;
  line_.clear();
  beginning_.clear();
}

void AnswerReader::read_head(std::string_view& bytes) {
  size_t before = line_.size();
  line_.append(bytes);
  size_t end = line_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    bytes = {};
    return;
  }
  bytes.remove_prefix(end + 4 - before);
  line_.resize(end);
  status_ = line_.size() > 12 ? std::atoi(line_.c_str() + 9) : 0;
  std::transform(line_.begin(), line_.end(), line_.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
  size_t length = line_.find("\r\ncontent-length:");
  if (length != std::string::npos) {
    left_ = std::strtoull(line_.c_str() + length + 17, nullptr, 10);
    at_ = left_ > 0 ? At::kLength : At::kDone;
  } else {
    bool chunked = line_.find("\r\ntransfer-encoding: chunked") != std::string::npos;
    at_ = chunked ? At::kChunkHead : At::kDone;
  }
  line_.clear();
}

void AnswerReader::take_body(std::string_view& bytes) {
  size_t size = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  if (beginning_.size() < kKept) {
    beginning_.append(bytes.substr(0, std::min(size, kKept - beginning_.size())));
  }
  body_bytes_ += size;
  left_ -= size;
  bytes.remove_prefix(size);
}

bool AnswerReader::read_line(std::string_view& bytes) {
  size_t end = bytes.find('\n');
  line_.append(bytes.substr(0, end));
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  return end != std::string_view::npos;
}

bool AnswerReader::feed(std::string_view bytes) {
  while (!bytes.empty() && at_ != At::kDone) {
    switch (at_) {
      case At::kHead:
        read_head(bytes);
        break;
      case At::kLength:
        take_body(bytes);
        if (left_ == 0) at_ = At::kDone;
        break;
      case At::kChunk:
        take_body(bytes);
        if (left_ == 0) at_ = At::kChunkEnd;
        break;
      case At::kChunkHead:
        if (!read_line(bytes)) break;
        left_ = std::strtoull(line_.c_str(), nullptr, 16);
        at_ = left_ > 0 ? At::kChunk : At::kTrailer;
        line_.clear();
        break;
      case At::kChunkEnd:
      case At::kTrailer:
        if (!read_line(bytes)) break;
        at_ = at_ == At::kChunkEnd ? At::kChunkHead : At::kDone;
        line_.clear();
        break;
      case At::kDone:
        break;
    }
  }
  return at_ == At::kDone;
}

uint32_t StreamReader::feed(std::string_view bytes) {
  if (bytes.empty()) return 0;
  uint32_t ended = last_ == '}' && bytes.front() == '\n';
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  while ((at = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at))))) {
    ended += at > bytes.data() && at[-1] == '}';
    if (++at == end) break;
  }
  last_ = bytes.back();
  return ended;
}

// Whether the frame's own head is there; takes it off then.
bool MessageReader::frame_begins() {
  if (kept_.size() < 2) return false;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(kept_[i]); };
  const size_t more = (byte(1) & 127) == 126 ? 2 : (byte(1) & 127) == 127 ? 8 : 0;
  if (kept_.size() < 2 + more) return false;
  left_ = more == 0 ? byte(1) & 127 : 0;
  for (size_t i = 0; i < more; ++i) left_ = left_ << 8 | byte(2 + i);
  kept_.clear();
  return true;
}

uint32_t MessageReader::feed(std::string_view bytes, std::string_view mark) {
  constexpr size_t kLooked = 64;
  uint32_t found = 0;
  while (!bytes.empty()) {
    if (at_ == At::kPayload) {
      const size_t size = std::min<uint64_t>(left_, bytes.size());
      if (kept_.size() < kLooked) kept_.append(bytes.substr(0, std::min(size, kLooked)));
      bytes.remove_prefix(size);
      left_ -= size;
      if (left_ > 0) continue;
      found += kept_.find(mark) != std::string::npos;
      kept_.clear();
      at_ = At::kFrame;
      continue;
    }
    kept_ += bytes.front();
    bytes.remove_prefix(1);
    if (at_ == At::kFrame && frame_begins()) at_ = left_ > 0 ? At::kPayload : At::kFrame;
    if (at_ == At::kHead && kept_.ends_with("\r\n\r\n")) {
      kept_.clear();
      at_ = At::kFrame;
    }
  }
  return found;
}

}  // namespace bench
