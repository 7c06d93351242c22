// RequestReader: the framing of HTTP/1.x requests, checked strictly before anything else sees a
// byte. Bytes go in as they arrive; out come the head (still as text, every line known to be well
// formed) and the body with chunking taken off, or a refusal. What two parties could read in two
// ways is refused, never repaired: that is how requests are smuggled. Source: RFC 9112, RFC 9110.
// Thread: one at a time. Owns: the bytes of one request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/http.h"
#include "engine/base/limits.h"

namespace appliance {

struct Refusal {
  int code = 400;
  std::string reason;  // of the Status: BadRequest, RequestEntityTooLarge, ...
  std::string message;
};

// What the head says about the request and the connection.
struct HeadFacts {
  size_t method_size = 0;
  size_t target_at = 0;  // origin form: starts with '/'
  size_t target_size = 0;
  size_t path_size = 0;  // of the target, without the query
  size_t fields_at = 0;  // first header line
  uint64_t content_length = 0;
  bool http10 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false;
  bool body_streams =
      false;  // the request is done without its body, which is for the handler's stream
};

class RequestReader {
 public:
  struct Limits {
    size_t head_bytes = engine::limits::kRequestHeadBytes;
    // The largest body of this method and decoded path.
    std::function<size_t(std::string_view method, std::string_view path)> body_bytes;
    // Whether a large or chunked body of this path is left to the handler's stream.
    std::function<bool(std::string_view method, std::string_view path)> streams_body;
  };
  enum class Phase : uint8_t {
    head,
    body,
    chunk_size,
    chunk_data,
    chunk_end,
    trailer,
    done,
    refused
  };

  explicit RequestReader(const Limits& limits) : limits_(&limits) {}

  // Takes bytes up to the end of the request or to what is wrong with it; says how many. After that
  // it takes none.
  size_t feed(std::string_view bytes);

  Phase phase() const { return phase_; }
  bool done() const { return phase_ == Phase::done; }
  bool refused() const { return phase_ == Phase::refused; }
  const Refusal& refusal() const { return refusal_; }
  bool started() const { return !head_.empty(); }
  bool head_done() const { return phase_ != Phase::head && phase_ != Phase::refused; }
  const HeadFacts& facts() const { return facts_; }
  std::string_view method() const { return std::string_view(head_).substr(0, facts_.method_size); }
  size_t body_bytes() const { return body_.size(); }

  // The parts of a request that is done.
  std::string& head() { return head_; }
  std::string& body() { return body_; }
  std::string& path() { return path_; }  // decoded

 private:
  size_t feed_head(std::string_view bytes);
  size_t feed_body(std::string_view bytes);
  size_t feed_line(std::string_view bytes);
  size_t feed_chunk_end(std::string_view bytes);
  void head_done_now();
  void line_done();
  bool parse_request_line(std::string_view line);
  bool parse_target(size_t at, size_t size);
  bool parse_fields();
  bool parse_field(std::string_view line);
  bool check_known_field(std::string_view name, std::string_view value);
  bool content_length(std::string_view value);
  bool transfer_encoding(std::string_view value);
  bool chunk_size(std::string_view line);
  bool refuse(int code, std::string_view reason, std::string message);
  bool bad(std::string message) { return refuse(400, "BadRequest", std::move(message)); }

  const Limits* limits_;
  Phase phase_ = Phase::head;
  bool skipped_line_ = false;
  bool saw_length_ = false;
  bool saw_host_ = false;
  bool wants_close_ = false;
  bool wants_keep_ = false;
  uint32_t line_at_ = 0;  // where the line that is arriving begins
  uint32_t trailer_bytes_ = 0;
  uint64_t left_ = 0;  // of the body, or of the chunk
  size_t body_max_ = 0;
  HeadFacts facts_;
  std::string head_;
  std::string body_;
  std::string path_;
  std::string line_;  // of chunked coding
  Refusal refusal_;
};

// Decodes a path once and refuses what would mean different things to different readers: bad
// escapes, encoded slashes and NULs, control characters, "." and ".." segments, empty segments.
// Nothing on success, else what is wrong.
std::optional<std::string> decode_path(std::string_view raw, std::string& decoded);

// The engine's request from a head that a reader found well formed; the strings are moved out of
// the reader.
engine::Request make_request(RequestReader& reader);

// A Kubernetes Status as the answer to what never reached a handler.
engine::Response refusal_response(const Refusal& refusal);

}  // namespace appliance
