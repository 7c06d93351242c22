#include "engine/controllers/runtime/informer.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/name_set.h"
#include "storage/base/log.h"

namespace engine {

struct Informer::State : std::enable_shared_from_this<State> {
  State(storage::Env& e, Client& c, KindPtr k, Dispatcher::Interest i, Listener l)
      : env(e),
        client(c),
        kind(std::move(k)),
        interest(std::move(i)),
        listener(std::move(l)),
        changed(e.make_gate()) {}

  storage::Env& env;
  Client& client;
  const KindPtr kind;
  const Dispatcher::Interest interest;
  const Listener listener;
  const std::unique_ptr<storage::Gate> changed;

  std::mutex mutex;  // guards what follows; never held across a call out
  std::unique_ptr<Dispatcher::Subscription> subscription;
  NameSet known;                     // "ns/name", to tell what vanished between two lists
  std::vector<WatchEventPtr> early;  // events that came while the list was being told
  bool telling = false;              // somebody calls the listener now
  bool synced = false, stopping = false, listing = false;
  int failures = 0;

  static std::string place(std::string_view ns, std::string_view name) {
    return std::string(ns) + "/" + std::string(name);
  }

  void tell(const WatchEvent& event) {
    if (event.type == EventType::bookmark) return;
    {
      std::lock_guard lock(mutex);
      if (event.type == EventType::deleted) {
        known.erase(place(event.ns, event.name));
      } else {
        known.insert(place(event.ns, event.name));
      }
    }
    listener(event);
  }

  void on_event(const WatchEventPtr& event) {
    if (event->type == EventType::expired) {
      env.post([self = shared_from_this()] { self->list(); });
      return;
    }
    {
      std::lock_guard lock(mutex);
      if (stopping) return;
      early.push_back(event);
      if (telling) return;
      telling = true;
    }
    tell_early();
  }

  // One caller at a time tells, in order, until there is nothing left.
  void tell_early() {
    for (;;) {
      std::vector<WatchEventPtr> events;
      {
        std::lock_guard lock(mutex);
        if (early.empty() || stopping) {
          telling = false;
          break;
        }
        events.swap(early);
      }
      for (const WatchEventPtr& event : events) tell(*event);
    }
    changed->open();
  }

  void list();
  void tell_snapshot(const Dispatcher::Snapshot& snapshot);
};

void Informer::State::tell_snapshot(const Dispatcher::Snapshot& snapshot) {
  NameSet before;
  {
    std::lock_guard lock(mutex);
    before = known;
  }
  for (const auto& object : snapshot.objects) {
    before.erase(place(object->ns, object->name));
    tell({EventType::added, object->revision, object->ns, object->name, object->bytes, nullptr});
  }
  before.each([&](std::string_view gone) {
    size_t slash = gone.find('/');
    tell({EventType::deleted, snapshot.revision, std::string(gone.substr(0, slash)),
          std::string(gone.substr(slash + 1)), nullptr, nullptr});
  });
}

void Informer::State::list() {
  bool busy = false;
  {
    std::lock_guard lock(mutex);
    if (stopping || listing) return;
    busy = telling;
    if (!busy) {
      listing = telling = true;
      early.clear();
    }
  }
  if (busy) {  // whoever tells now ends soon
    env.post_after(storage::Millis(limits::kRetryFirstMillis), [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->list();
    });
    return;
  }
  Dispatcher::Snapshot snapshot;
  auto begun = client.follow(*kind, interest, snapshot,
                             [weak = weak_from_this()](const WatchEventPtr& event) {
                               if (auto self = weak.lock()) self->on_event(event);
                             });
  std::unique_ptr<Dispatcher::Subscription> before;
  if (begun) {
    {
      std::lock_guard lock(mutex);
      before = std::exchange(subscription, std::move(begun).value());
      failures = 0;
    }
    tell_snapshot(snapshot);
  } else {
    storage::log::warn("an informer could not list and will try again",
                       {{"kind", kind->plural}, {"error", begun.error().message()}});
  }
  before.reset();
  int failed;
  {
    std::lock_guard lock(mutex);
    listing = false;
    synced = synced || begun.ok();
    failed = begun.ok() ? -1 : failures++;
  }
  tell_early();
  if (failed >= 0) {
    int64_t delay = std::min<int64_t>(limits::kRetryFirstMillis << std::min(failed, 12), 10'000);
    env.post_after(storage::Millis(delay), [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->list();
    });
  }
}

Informer::Informer(storage::Env& env, Client& client, KindPtr kind, Dispatcher::Interest interest,
                   Listener listener)
    : state_(std::make_shared<State>(env, client, std::move(kind), std::move(interest),
                                     std::move(listener))) {}

Informer::~Informer() {
  std::unique_ptr<Dispatcher::Subscription> subscription;
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    subscription = std::move(state_->subscription);
  }
  subscription.reset();
  for (;;) {
    uint64_t seen = state_->changed->seen();
    {
      std::lock_guard lock(state_->mutex);
      if (!state_->telling) return;
    }
    state_->changed->wait(seen, state_->env.now() + storage::Seconds(1));
  }
}

void Informer::start() {
  state_->list();
}

bool Informer::synced() const {
  std::lock_guard lock(state_->mutex);
  return state_->synced;
}

}  // namespace engine
