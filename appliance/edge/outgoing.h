// Outgoing: an answer on its way to the socket: head and body as they were made, then parts that
// others hold too (a list's objects). Parts are gathered into a buffer of the thread just before
// they are written, so that a long list never lies in memory as one body. Thread: one at a time
// (whoever holds the connection). Owns: its bytes; parts together with others.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "appliance/edge/link.h"
#include "engine/base/http.h"

namespace appliance {

class Outgoing {
 public:
  Outgoing(std::string head, std::string body, std::shared_ptr<const engine::Parts> parts,
           bool close_after);

  // Writes what the link takes in one call, then what the link itself still holds. `put`: bytes
  // taken. Not to be called when done().
  Io write(Link& link, size_t& put);
  bool done() const { return at_ >= total_ && flushed_; }
  bool close_after() const { return close_after_; }

 private:
  // Where the parts have got to: the text before, of or after one of them.
  struct Cursor {
    size_t piece = 0;  // even: a part, odd: what stands between it and the next
    size_t offset = 0;
  };
  std::string_view piece_at(const Cursor& cursor) const;
  // Goes on by up to `bytes`; copies what it passes into `into` unless that is null.
  size_t walk(Cursor& cursor, size_t bytes, char* into) const;
  size_t gather(std::span<char> into, Cursor& end) const;
  void advance(size_t bytes);

  std::string head_, body_;
  std::shared_ptr<const engine::Parts> parts_;
  size_t total_;
  size_t at_ = 0;
  bool flushed_ = false;
  bool close_after_;
  Cursor cursor_;
};

}  // namespace appliance
