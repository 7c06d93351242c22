#include "engine/cluster/remote_watch.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "engine/base/text.h"

namespace engine {

namespace {

constexpr storage::Millis kFirstPause{200};
constexpr storage::Millis kEndsLate{15'000};  // after the time that we asked for
constexpr int kWatchSeconds = 300;
constexpr size_t kLineBytesMax = 8u << 20;

}  // namespace

struct RemoteWatch::State : std::enable_shared_from_this<State> {
  State(storage::Env& e, Way w, Source s, Listener& l)
      : env(e), way(std::move(w)), source(std::move(s)), listener(&l) {}

  storage::Env& env;
  const Way way;
  const Source source;

  std::mutex telling;  // held while the listener is called; guards it
  Listener* listener;

  std::mutex mutex;  // guards what follows
  bool stopped = false;
  uint64_t run = 0;      // what belongs to an earlier one is over
  std::string revision;  // empty: to be listed
  storage::Millis pause = kFirstPause;

  // Of the watch that is open, only its thread:
  struct Reading {
    std::string line;
    bool forgotten = false;  // 410: list again
  };

  template <class Tell>
  bool tell(uint64_t of, const Tell& what) {
    std::lock_guard lock(telling);
    if (listener == nullptr || !current(of)) return false;
    what(*listener);
    return true;
  }
  bool current(uint64_t of) {
    std::lock_guard lock(mutex);
    return of == run;
  }

  // Another run begins: at once, or after a pause that grows.
  void begin() {
    uint64_t mine = 0;
    {
      std::lock_guard lock(mutex);
      if (stopped) return;
      mine = ++run;
      pause = kFirstPause;
    }
    go(mine);
  }
  void go(uint64_t mine) {
    bool listed = false;
    {
      std::lock_guard lock(mutex);
      if (mine != run) return;
      listed = !revision.empty();
    }
    auto transport = way();
    if (!transport) return;
    if (listed) return watch(mine, transport);
    if (tell(mine, [](Listener& l) { l.list_begins(); })) list(mine, transport, {});
  }
  void later(uint64_t mine, bool again_from_start) {
    storage::Millis wait{};
    {
      std::lock_guard lock(mutex);
      if (mine != run) return;
      if (again_from_start) revision.clear();
      wait = pause;
      pause = std::min(pause * 2, source.longest_pause);
    }
    wait += storage::Millis(env.random(static_cast<uint64_t>(wait.count()) / 4 + 1));
    env.post_after(wait, [weak = weak_from_this(), mine] {
      if (auto self = weak.lock()) self->go(mine);
    });
  }

  std::string target(std::string more) const {
    return source.path + "?" + (source.query.empty() ? "" : source.query + "&") + more;
  }

  void list(uint64_t mine, const std::shared_ptr<Transport>& transport, const std::string& from) {
    ClusterCall call;
    call.target = target("limit=" + std::to_string(source.page) +
                         (from.empty() ? "" : "&continue=" + percent_escaped(from)));
    transport->call(std::move(call),
                    [self = shared_from_this(), mine, transport](Result<Response> answer) {
                      self->page(mine, transport, std::move(answer));
                    });
  }

  void page(uint64_t mine, const std::shared_ptr<Transport>& transport, Result<Response> answer) {
    if (!answer || answer->status != 200) return later(mine, true);
    auto json = parse_json(answer->body, {.depth_max = 100, .bytes_max = 64u << 20});
    if (!json) return later(mine, true);
    answer->body = {};
    Json* items = json->find("items");
    const std::string more(json->str({"metadata", "continue"}));
    const std::string at(json->str({"metadata", "resourceVersion"}));
    const bool alive = tell(mine, [&](Listener& l) {
      if (items != nullptr && items->is_array())
        for (Json& item : items->as_array()) l.listed(std::move(item));
      if (more.empty()) l.list_ends();
    });
    if (!alive) return;
    if (!more.empty()) return list(mine, transport, more);
    {
      std::lock_guard lock(mutex);
      if (mine != run) return;
      revision = at.empty() ? "0" : at;
      pause = kFirstPause;
    }
    watch(mine, transport);
  }

  void watch(uint64_t mine, const std::shared_ptr<Transport>& transport) {
    std::string from;
    {
      std::lock_guard lock(mutex);
      if (mine != run) return;
      from = revision;
    }
    const auto seconds = static_cast<int64_t>(kWatchSeconds + env.random(kWatchSeconds));
    ClusterCall call;
    call.target = target("watch=1&allowWatchBookmarks=true&resourceVersion=" + from +
                         "&timeoutSeconds=" + std::to_string(seconds));
    call.timeout = storage::Seconds(seconds) + kEndsLate;
    call.answer_bytes_max = 64u << 10;
    auto reading = std::make_shared<Reading>();
    call.on_body = [self = shared_from_this(), mine, reading](std::string_view bytes) {
      self->read(mine, *reading, bytes);
    };
    transport->call(std::move(call),
                    [self = shared_from_this(), mine, reading](const Result<Response>& answer) {
                      const bool gone = answer && answer->status == 410;
                      self->later(mine, gone || reading->forgotten);
                    });
  }

  void read(uint64_t mine, Reading& reading, std::string_view bytes) {
    while (!bytes.empty() && !reading.forgotten) {
      const size_t end = bytes.find('\n');
      reading.line.append(bytes.substr(0, end));
      if (end == bytes.npos) break;
      bytes.remove_prefix(end + 1);
      line(mine, reading);
      reading.line.clear();
    }
    // A cluster that says so much at once says nothing that we know.
    if (reading.line.size() > kLineBytesMax) {
      reading.line = {};
      reading.forgotten = true;
    }
  }

  void line(uint64_t mine, Reading& reading) {
    if (reading.line.empty()) return;
    auto event = parse_json(reading.line, {.depth_max = 100, .bytes_max = kLineBytesMax});
    if (!event) return;
    const std::string type(event->str("type"));
    Json* object = event->find("object");
    if (object == nullptr) return;
    if (type == "ERROR") {
      reading.forgotten = true;
      return;
    }
    std::string at(object->str({"metadata", "resourceVersion"}));
    if (type != "BOOKMARK") {
      const auto change = type == "DELETED" ? Listener::Change::gone : Listener::Change::put;
      if (!tell(mine, [&](Listener& l) { l.changed(change, std::move(*object)); })) return;
    }
    std::lock_guard lock(mutex);
    if (mine != run) return;
    if (!at.empty()) revision = std::move(at);
    pause = kFirstPause;
  }
};

RemoteWatch::RemoteWatch(storage::Env& env, Way way, Source source, Listener& listener)
    : state_(std::make_shared<State>(env, std::move(way), std::move(source), listener)) {}

RemoteWatch::~RemoteWatch() {
  stop();
}

void RemoteWatch::stop() {
  {
    std::lock_guard lock(state_->mutex);
    state_->run++;
    state_->stopped = true;
  }
  std::lock_guard lock(state_->telling);
  state_->listener = nullptr;
}

void RemoteWatch::kick() {
  state_->begin();
}

void RemoteWatch::list_again() {
  {
    std::lock_guard lock(state_->mutex);
    state_->revision.clear();
  }
  state_->begin();
}

}  // namespace engine
