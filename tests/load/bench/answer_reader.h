// AnswerReader: finds where one HTTP/1.1 answer ends, whether it tells its length or comes in
// chunks, and keeps only its status and the beginning of its body. StreamReader: counts the events
// of a watch, one line of JSON each, without looking into them. MessageReader: counts the WebSocket
// messages of a subscription that tell of a change.
// Thread: one per object. Owns: the kept bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

class AnswerReader {
 public:
  // Takes bytes of the answer; true when it is complete. The client has one request out at a time,
  // so bytes behind the end do not exist.
  bool feed(std::string_view bytes);
  void reset();
  int status() const { return status_; }
  bool good() const { return status_ >= 200 && status_ < 300; }
  const std::string& beginning() const { return beginning_; }
  uint64_t body_bytes() const { return body_bytes_; }

 private:
  enum class At { kHead, kLength, kChunkHead, kChunk, kChunkEnd, kTrailer, kDone };
  void read_head(std::string_view& bytes);
  void take_body(std::string_view& bytes);
  bool read_line(std::string_view& bytes);

  At at_ = At::kHead;
  int status_ = 0;
  uint64_t left_ = 0;
  uint64_t body_bytes_ = 0;
  std::string line_;  // the head, or a chunk's line, as far as it is there
  std::string beginning_;
};

// Events end with "}\n"; a line feed inside JSON is always escaped, and chunk lines end with
// "\r\n".
class StreamReader {
 public:
  // Bytes of the body, or of the head before it; returns how many events ended within them.
  uint32_t feed(std::string_view bytes);

 private:
  char last_ = 0;
};

// The head of the upgrade's answer, then frames as a server sends them: not masked, not split.
class MessageReader {
 public:
  // Returns how many messages with this text in their first bytes ended within `bytes`.
  uint32_t feed(std::string_view bytes, std::string_view mark);

 private:
  enum class At { kHead, kFrame, kPayload };
  bool frame_begins();

  At at_ = At::kHead;
  std::string kept_;   // a head, or a frame's first bytes, as far as they are there
  uint64_t left_ = 0;  // of the payload
};

}  // namespace bench
