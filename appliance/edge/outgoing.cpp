#include "appliance/edge/outgoing.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace appliance {
namespace {

// What one write is given of parts: as much as a link encrypts at once.
constexpr size_t kGatherBytes = 4 * kTlsPlainBytes;

// The parts lie all over the memory: the next ones are on their way while one is copied.
void fetch_ahead(const std::vector<std::shared_ptr<const std::string>>& list, size_t part) {
  constexpr size_t kText = 2, kPart = 4, kLine = 64;
  if (part + kPart < list.size()) __builtin_prefetch(list[part + kPart].get());
  if (part + kText >= list.size()) return;
  const std::string& next = *list[part + kText];
  for (size_t at = 0; at < std::min(next.size(), 4 * kLine); at += kLine)
    __builtin_prefetch(next.data() + at);
}

std::span<char> buffer() {
  thread_local std::unique_ptr<std::array<char, kGatherBytes>> own(
      new std::array<char, kGatherBytes>);
  return *own;
}

}  // namespace

Outgoing::Outgoing(std::string head, std::string body, std::shared_ptr<const engine::Parts> parts,
                   bool close_after)
    : head_(std::move(head)),
      body_(std::move(body)),
      parts_(std::move(parts)),
      total_(head_.size() + body_.size() + (parts_ ? parts_->bytes() : 0)),
      close_after_(close_after) {}

Io Outgoing::write(Link& link, size_t& put) {
  put = 0;
  if (at_ >= total_) {
    Io io = link.flush();
    flushed_ = io == Io::ok;
    return io;
  }
  Io io;
  if (parts_) {
    auto gathered = buffer();
    Cursor end = cursor_;
    size_t size = gather(gathered, end);
    io = link.write(std::string_view(gathered.data(), size), put);
    if (put == size) {
      at_ += put;
      cursor_ = end;
      return io;
    }
  } else {
    size_t in_head = std::min(at_, head_.size());
    io = link.write(std::string_view(head_).substr(in_head),
                    std::string_view(body_).substr(at_ - in_head), put);
  }
  advance(put);
  return io;
}

std::string_view Outgoing::piece_at(const Cursor& cursor) const {
  const auto& list = parts_->list();
  size_t part = cursor.piece / 2;
  if (cursor.piece % 2 == 0) return part < list.size() ? *list[part] : std::string_view();
  return part + 1 < list.size() ? parts_->between() : parts_->after();
}

size_t Outgoing::walk(Cursor& cursor, size_t bytes, char* into) const {
  const size_t pieces = std::max<size_t>(2 * parts_->list().size(), 2);
  size_t done = 0;
  while (done < bytes && cursor.piece < pieces) {
    if (cursor.piece % 2 == 0) fetch_ahead(parts_->list(), cursor.piece / 2);
    std::string_view rest = piece_at(cursor).substr(cursor.offset);
    size_t size = std::min(rest.size(), bytes - done);
    if (into) std::memcpy(into + done, rest.data(), size);
    done += size;
    cursor.offset += size;
    if (size == rest.size()) cursor = {cursor.piece + 1, 0};
  }
  return done;
}

size_t Outgoing::gather(std::span<char> into, Cursor& end) const {
  size_t size = 0;
  size_t skip = at_;
  for (std::string_view text : {std::string_view(head_), std::string_view(body_)}) {
    size_t skipped = std::min(skip, text.size());
    skip -= skipped;
    size += text.copy(into.data() + size, into.size() - size, skipped);
  }
  return size + walk(end, into.size() - size, into.data() + size);
}

void Outgoing::advance(size_t bytes) {
  size_t before_parts = head_.size() + body_.size();
  size_t in_text = std::min(bytes, before_parts - std::min(before_parts, at_));
  at_ += bytes;
  if (parts_) walk(cursor_, bytes - in_text, nullptr);
}

}  // namespace appliance
