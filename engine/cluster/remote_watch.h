// RemoteWatch: one resource of a cluster as it is and as it changes, through a Transport: listed in
// pages, then watched from there; resumed with bookmarks after an end, listed anew when the cluster
// has forgotten where we were, tried again later and later while it does not answer. Without a way
// it rests until kick(). Thread: any; the listener is called by one thread at a time, from the
// transport's threads, and must not block. Owns: its state, with the calls that are
// under way.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/base/json.h"
#include "engine/cluster/transport.h"

namespace engine {

class RemoteWatch {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void list_begins() = 0;
    virtual void listed(Json object) = 0;
    virtual void list_ends() = 0;  // what was not listed since list_begins() is not there
    enum class Change : uint8_t { put, gone };
    virtual void changed(Change change, Json object) = 0;
  };
  struct Source {
    std::string path;   // /api/v1/nodes
    std::string query;  // fieldSelector=..., or empty
    int page = 250;
    storage::Millis longest_pause{30'000};  // between two tries
  };
  using Way = std::function<std::shared_ptr<Transport>()>;  // null: none now
  RemoteWatch(storage::Env& env, Way way, Source source, Listener& listener);
  ~RemoteWatch();  // stops
  RemoteWatch(const RemoteWatch&) = delete;
  RemoteWatch& operator=(const RemoteWatch&) = delete;

  // Begins, or goes on at once over another way.
  void kick();
  // The same, and lists anew: something of what was told is missing.
  void list_again();
  // For good: no call is under way or comes after.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace engine
