// Events live for an hour after they were last written. Keys wait in the order of their end, which
// is the order in which they were written, so that nothing is read to find out what is due.
#include <algorithm>
#include <deque>
#include <mutex>

#include "engine/base/limits.h"
#include "engine/base/time.h"
#include "engine/controllers/controller_set.h"

namespace engine {

namespace {

constexpr std::string_view kPrefixes[] = {"/registry/core/events/",
                                          "/registry/events.k8s.io/events/"};
constexpr storage::Seconds kTtl{limits::kEventTtlSeconds};
constexpr storage::Millis kSweepEvery{60'000};
constexpr size_t kRemovedAtOnceMax = 500;

// When an event was last heard of, by its own words.
storage::WallTime last_heard(const Json& event) {
  storage::WallTime out{};
  auto later = [&](std::string_view text) {
    if (auto time = parse_rfc3339(text)) out = std::max(out, *time);
  };
  later(event.str({"metadata", "creationTimestamp"}));
  later(event.str("lastTimestamp"));
  later(event.str("eventTime"));
  later(event.str({"series", "lastObservedTime"}));
  return out;
}

class EventTtl final : public SingleController {
 public:
  explicit EventTtl(const ControllerContext& context)
      : SingleController(context.env, {"event-ttl", 1}),
        env_(context.env),
        store_(context.registry.store()) {}

  void listen(LogTap& log) override {
    for (std::string_view prefix : kPrefixes)
      log.add(std::string(prefix), [this](const storage::Event& event) {
        if (event.value) expect(event.key, event.revision, env_.wall() + kTtl);
      });
  }

  Result<Unit> start() override {
    controller_.add("first");
    return Unit{};
  }

 private:
  struct Due {
    std::string key;
    Revision revision;
    storage::WallTime at;
  };

  void expect(const std::string& key, Revision revision, storage::WallTime at) {
    std::lock_guard lock(mutex_);
    due_.push_back({key, revision, at});
  }

  Result<Outcome> reconcile(const std::string& key) override {
    if (key == "first") {
      TRY(read_what_is_there());
      controller_.add("sweep");
      return Outcome::done();
    }
    std::vector<Due> ended = take_ended();
    for (const Due& due : ended) {
      // Written again since: its newer entry counts. A failure leaves the event to the next start.
      auto done = store_.commit({{{due.key, due.revision}}, {{due.key, std::nullopt}}});
      if (!done && done.error().reason != storage::Reason::conflict)
        return Status::service_unavailable(done.error().message);
    }
    if (ended.size() == kRemovedAtOnceMax) return Outcome::requeue_after(storage::Millis(10));
    return Outcome::requeue_after(kSweepEvery);
  }

  std::vector<Due> take_ended() {
    storage::WallTime now = env_.wall();
    std::vector<Due> out;
    std::lock_guard lock(mutex_);
    while (!due_.empty() && due_.front().at <= now && out.size() < kRemovedAtOnceMax) {
      out.push_back(std::move(due_.front()));
      due_.pop_front();
    }
    return out;
  }

  Result<Unit> read_what_is_there() {
    std::vector<Due> found;
    for (std::string_view prefix : kPrefixes) {
      storage::List query{std::string(prefix), storage::kLatest, "", limits::kControllerPageMax};
      for (bool more = true; more;) {
        auto page = store_.list(query);
        if (!page) return Status::service_unavailable(page.error().message);
        for (const storage::Record& record : page.value().records) {
          auto event = parse_json(record.value);
          storage::WallTime heard = event ? last_heard(event.value()) : storage::WallTime{};
          found.push_back({record.key, record.modified, heard + kTtl});
          query.after = record.key;
        }
        more = page.value().more;
      }
    }
    std::sort(found.begin(), found.end(), [](const Due& a, const Due& b) { return a.at < b.at; });
    std::lock_guard lock(mutex_);
    // What came since the start ends later than anything that was there.
    due_.insert(due_.begin(), std::make_move_iterator(found.begin()),
                std::make_move_iterator(found.end()));
    return Unit{};
  }

  storage::Env& env_;
  storage::Store& store_;
  std::mutex mutex_;
  std::deque<Due> due_;
};

}  // namespace

void register_controller_event_ttl(ControllerSet& set) {
  set.add(std::make_unique<EventTtl>(set.context()));
}

}  // namespace engine
