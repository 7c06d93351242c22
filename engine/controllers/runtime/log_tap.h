// LogTap: the store's log for controllers that only need to know which keys changed. Unlike an
// Informer it keeps no objects, so a controller over every kind (garbage collection) or over a few
// objects of a large kind costs no memory; the controller reads what it needs from the store.
// Thread: listeners are called on the store's publishing thread and must not block, commit or
// throw; add() before start(). Owns: its following.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "storage/kv/store.h"

namespace engine {

class LogTap final : public storage::EventSink {
 public:
  using Listener = std::function<void(const storage::Event&)>;
  explicit LogTap(storage::Store& store) : store_(store) {}
  ~LogTap() override;

  void add(std::string key_prefix, Listener listener);
  Result<Unit> start();  // everything from now on
  void stop();           // no call is under way or comes after

  void on_events(std::span<const storage::Event> events, storage::Revision upto) override;

 private:
  storage::Store& store_;
  struct Tap {
    std::string key_prefix;
    Listener listener;
  };
  std::vector<Tap> taps_;
  std::unique_ptr<storage::Follow> follow_;
};

}  // namespace engine
