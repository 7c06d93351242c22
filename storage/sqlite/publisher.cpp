#include "storage/sqlite/publisher.h"

#include <algorithm>
#include <utility>

#include "storage/kv/errors.h"

namespace storage {
namespace {

constexpr size_t kChunkBytes = 1024 * 1024;
// A follower that is this near joins: reading the rest takes well under the time of a sync.
constexpr Revision kNear = 256;

// A transaction's writes as events. Those that changed nothing are not among them.
void append_events(std::vector<Event>& events, Pending& pending) {
  const Revision revision = *pending.answer;
  for (size_t i = 0; i < pending.txn.writes.size(); ++i) {
    Write& write = pending.txn.writes[i];
    if (pending.created[i] == 0) continue;
    events.push_back({std::move(write.key), std::move(write.value), revision, pending.created[i]});
  }
}

std::span<const Event> after_revision(const std::vector<Event>& events, Revision after) {
  auto first = std::partition_point(events.begin(), events.end(),
                                    [&](const Event& event) { return event.revision <= after; });
  return {first, events.end()};
}

}  // namespace

class Publisher::Following final : public Follow {
 public:
  Following(Publisher& publisher, EventSink& sink) : publisher_(publisher), sink_(sink) {}
  ~Following() override { publisher_.leave(sink_); }

 private:
  Publisher& publisher_;
  EventSink& sink_;
};

void Publisher::publish(std::span<Pending* const> committed, Revision upto) {
  std::lock_guard lock(mutex_);
  if (!followers_.empty()) {
    std::vector<Event> events;
    events.reserve(committed.size());
    for (Pending* pending : committed) {
      if (pending->answer) append_events(events, *pending);
    }
    for (Follower& follower : followers_) {
      if (follower.after >= upto) continue;
      follower.sink->on_events(after_revision(events, follower.after), upto);
      follower.after = upto;
    }
  }
  published_ = upto;
}

// Gives the sink the log after `cursor` up to `upto`, piece by piece.
StoreResult<Unit> Publisher::catch_up(Reader& reader, Revision& cursor, Revision upto,
                                      EventSink& sink) {
  while (cursor < upto) {
    const LogChunk chunk = TRY(reader.log(cursor, upto, kChunkBytes));
    sink.on_events(chunk.events, chunk.upto);
    cursor = chunk.upto;
  }
  return Unit{};
}

StoreResult<std::unique_ptr<Follow>> Publisher::follow(Reader& reader, Revision after,
                                                       EventSink& sink) {
  const Extent extent = TRY(reader.extent());
  if (after > extent.current) return future_error(after, extent.current);
  if (after < extent.compacted) return compacted_error(after, extent.compacted);
  Revision cursor = after;
  for (;;) {
    Revision published;
    {
      std::lock_guard lock(mutex_);
      published = published_;
    }
    if (published <= cursor + kNear) break;
    TRY(catch_up(reader, cursor, published, sink));
  }
  std::lock_guard lock(mutex_);
  // Usually nothing is left to read, and then nothing is: `after` may be newer than what has been
  // published, when the caller read it from a batch that is on disk and about to be.
  TRY(catch_up(reader, cursor, published_, sink));
  followers_.push_back({&sink, cursor});
  return std::unique_ptr<Follow>(new Following(*this, sink));
}

void Publisher::leave(EventSink& sink) {
  std::lock_guard lock(mutex_);
  std::erase_if(followers_, [&](const Follower& follower) { return follower.sink == &sink; });
}

}  // namespace storage
