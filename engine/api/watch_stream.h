// WatchStream: one client's watch: first what is there or what it has missed, as fast as it reads,
// then each event as it comes; bookmarks, a timeout, and an end with 410 when it cannot be kept up
// to date. Thread: as StreamHandler; events come from the dispatcher's task. Owns: its
// subscription.
#pragma once

#include <memory>

#include "engine/api/frames.h"
#include "engine/api/watch_timers.h"
#include "engine/base/http.h"
#include "engine/base/websocket.h"

namespace engine {

struct WatchPlan {
  FrameForm form;
  Selector selector;
  std::vector<std::shared_ptr<const CachedObject>> initial;  // told as ADDED first
  Revision initial_revision = 0;
  bool initial_end_bookmark = false;  // say where the initial events end
  bool bookmarks = false;
  storage::Instant ends;  // when the server ends it
};

class WatchState;

class WatchStream final : public StreamHandler {
 public:
  WatchStream(storage::Env& env, WatchTimers& timers, FrameCache& frames, WatchPlan plan);
  ~WatchStream() override;

  // What the dispatcher is to call, and what comes of it; before the stream is handed over.
  Dispatcher::Listener listener();
  void take_subscription(std::unique_ptr<Dispatcher::Subscription> subscription);
  // The initial events can be known only after subscribing.
  void set_initial(std::vector<std::shared_ptr<const CachedObject>> objects, Revision revision);

  void on_open(std::shared_ptr<StreamSink> sink) override;
  void on_bytes(std::string_view bytes) override;
  void on_drained() override;
  void on_client_end() override;
  void on_closed() override;

 private:
  std::shared_ptr<WatchState> state_;
  websocket::Reader reader_{websocket::Side::server};
};

}  // namespace engine
