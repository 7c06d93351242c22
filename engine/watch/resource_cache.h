// ResourceCache: one resource's objects at the newest revision and a ring of its recent events,
// from which its watchers are served. The ring is also the queue of what has yet to be given to
// them, so a slow fan-out holds no memory of its own. Thread: any; its own mutex guards it and is
// never held while anything outside is called. Owns: its tree and its ring.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <span>

#include "engine/watch/object_tree.h"

namespace engine {

class ResourceCache {
 public:
  ResourceCache(KindPtr stored, std::string prefix)
      : kind_(std::move(stored)), prefix_(std::move(prefix)) {}
  const std::string& prefix() const { return prefix_; }
  const Kind& kind() const { return *kind_; }

  // Whole revisions in order, and the time. Before filled() they are kept for it. True when the
  // ring has something to give out.
  bool apply(std::span<const storage::Event* const> events, storage::Instant now);

  // Ends loading: the objects at `revision` in key order, and the events up to it that the ring is
  // to begin with; the ring reaches back to `floor`.
  void fill(std::vector<ObjectPtr> objects, Revision revision, std::deque<WatchEventPtr> history,
            Revision floor, storage::Instant now);
  // From the store's text: as served, with the kind's stored apiVersion.
  ObjectPtr make_object(std::string_view key, std::string_view stored, Revision revision) const;
  void split_key(std::string_view key, std::string_view& ns, std::string_view& name) const;

  struct View {
    std::shared_ptr<const ObjectTree::Root> root;
    Revision revision = 0;
  };
  // `applied` is the revision that all caches have reached at least.
  View view(Revision applied);
  ObjectPtr find(std::string_view ns, std::string_view name, Revision applied, Revision* revision);

  // A reader of events begins here: `events` gets those after `after` that the ring still has.
  // `attach` is called under the lock with the revision up to which they go; what is taken later is
  // what comes after it. False when the ring does not reach back so far.
  bool backlog(Revision after, std::vector<WatchEventPtr>& events,
               const std::function<void(Revision upto)>& attach);
  View view_and_attach(Revision applied, const std::function<void(Revision upto)>& attach);
  void detach();  // a reader that was attached has ended
  Revision floor();
  const std::atomic<Revision>& changed() const { return changed_; }

  // What the fan-out has not yet taken, at most `max`. `lost`: some were dropped before it came.
  struct Batch {
    std::vector<WatchEventPtr> events;
    Revision caught_up = 0;  // not 0: all events up to this revision have been taken
    bool lost = false;
  };
  Batch take(size_t max, Revision applied, const std::function<void()>& under_lock);

 private:
  void push(WatchEventPtr event, storage::Instant now);
  void attach_one();
  void trim(storage::Instant now);
  void apply_one(const storage::Event& event, storage::Instant now);
  Revision revision_at(Revision applied) const { return std::max(applied, revision_); }

  struct Slot {
    WatchEventPtr event;
    storage::Instant at;
    size_t bytes;
  };

  const KindPtr kind_;
  const std::string prefix_;

  std::atomic<Revision> changed_ = 0;  // revision_, for reading without the lock
  std::mutex mutex_;
  bool filled_ = false;
  std::vector<storage::Event> waiting_;  // while loading
  ObjectTree tree_;
  Revision revision_ = 0;  // of the newest event, or of the load
  std::deque<Slot> ring_;
  uint64_t ring_begin_ = 0;  // sequence number of ring_.front()
  size_t attached_ = 0;      // readers; without any, nothing waits to be taken
  uint64_t taken_ = 0;       // sequence number of the next event that the fan-out takes
  size_t ring_bytes_ = 0;
  Revision floor_ = 0;  // events after it are all in the ring
};

}  // namespace engine
