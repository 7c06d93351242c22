// MemoryStore: the reference model of a Store. Simple and obviously right rather than clever: a map
// of keys to their versions and a log of revisions, under one mutex. Used by `--store memory`, by
// simulation and as the model that other stores are compared with. Durable as long as the process
// lives.
//
// In simulation every call is a point where another task may run (Env::yield) and may fail
// (Env::fault):
//   store.commit          unavailable, nothing was written
//   store.commit.lost     written, but the caller is told `uncertain`
//   store.get store.list store.follow store.compact          unavailable
// Thread: any. Owns: its data. A sink is called on the thread of a commit or of follow(), never two
// calls at once.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/kv/store.h"

namespace storage {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(Env& env);
  ~MemoryStore() override;

  StoreResult<Revision> commit(Txn txn) override;
  StoreResult<std::optional<Record>> get(std::string_view key, Revision at = kLatest) override;
  StoreResult<Page> list(const List& list) override;
  StoreResult<Revision> current() override;
  StoreResult<Unit> compact(Revision upto) override;
  StoreResult<Revision> compacted() override;
  StoreResult<std::unique_ptr<Follow>> follow(Revision after, EventSink& sink) override;

 private:
  struct Version {
    Revision revision = 0;
    Revision created = 0;  // of the key's present life; for a delete, of the life that ended
    std::optional<std::string> value;  // none: deleted
  };
  using Versions = std::vector<Version>;  // oldest first
  using Events = std::shared_ptr<const std::vector<Event>>;
  class Following;

  const Version* newest(const std::string& key) const;
  StoreResult<Unit> verify(const Txn& txn) const;
  Revision apply(Txn txn);
  StoreResult<Revision> readable(Revision at) const;
  void become_publisher(std::unique_lock<std::mutex>& lock);
  void publish_all(std::unique_lock<std::mutex>& lock);
  void stop_publishing(std::unique_lock<std::mutex>& lock);
  void publish_through(Revision revision);
  void unfollow(EventSink& sink);

  Env& env_;
  std::unique_ptr<Gate> published_changed_;

  std::mutex mutex_;  // guards what follows; never held while a sink or the Env is called
  std::map<std::string, Versions, std::less<>> keys_;
  std::deque<Events> log_;  // the events of revision log_begin_ + i
  Revision log_begin_;
  Revision current_;
  Revision compacted_ = 0;
  Revision published_;       // every sink has been given the log up to here
  bool publishing_ = false;  // one thread at a time calls sinks
  std::vector<EventSink*> sinks_;
};

}  // namespace storage
