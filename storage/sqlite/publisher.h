// Publisher: the followers of a store. It gives them every batch in order, and lets a new one join
// without a gap: what is in the log already first, while commits go on, and the last of it with
// commits held back. Thread: any. Owns: the list of followers, not the sinks.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "storage/kv/store.h"
#include "storage/sqlite/commit_queue.h"
#include "storage/sqlite/reader.h"

namespace storage {

class Publisher {
 public:
  explicit Publisher(Revision published) : published_(published) {}

  // Thread: the writer. The keys and values of the transactions are moved out where there is a
  // follower.
  void publish(std::span<Pending* const> committed, Revision upto);
  // Reads the log with `reader` and calls the sink on this thread before it returns.
  StoreResult<std::unique_ptr<Follow>> follow(Reader& reader, Revision after, EventSink& sink);

 private:
  class Following;
  struct Follower {
    EventSink* sink;
    Revision after;  // it has everything up to here, which may be more than has been published
  };
  StoreResult<Unit> catch_up(Reader& reader, Revision& cursor, Revision upto, EventSink& sink);
  void leave(EventSink& sink);

  std::mutex mutex_;  // held while sinks are called by the writer
  Revision published_;
  std::vector<Follower> followers_;
};

}  // namespace storage
