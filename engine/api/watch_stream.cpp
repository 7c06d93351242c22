#include "engine/api/watch_stream.h"

#include <atomic>
#include <deque>

#include "engine/base/limits.h"
#include "engine/base/websocket.h"

namespace engine {
namespace {

constexpr size_t kBatchBytes = 256u << 10;  // of initial events in one chunk
constexpr auto kBookmarkEvery = storage::Seconds(60);

Bytes shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

class WatchState final : public Timed, public std::enable_shared_from_this<WatchState> {
 public:
  WatchState(storage::Env& env, FrameCache& frames, WatchPlan plan)
      : env_(env), frames_(frames), plan_(std::move(plan)), later_form_(plan_.form) {
    later_form_.headers = TableHeaders::without;
  }

  void on_events(Dispatcher::Events events);
  void pump();
  void open(std::shared_ptr<StreamSink> sink);
  void close();
  std::optional<storage::Instant> on_timer(storage::Instant now) override;
  storage::Instant first_timer();
  // The end of a stream that was going well, or of one that cannot go on.
  void finish(std::string_view last_event);

  void pong(std::string_view payload);

  void set_subscription(std::shared_ptr<Dispatcher::Subscription> subscription) {
    std::lock_guard lock(mutex_);
    subscription_ = std::move(subscription);
  }
  WatchPlan& plan() { return plan_; }

 private:
  void on_event(const WatchEventPtr& event);
  void deliver(Bytes frame);
  const FrameForm& form();
  std::string next_initial();
  void add(std::string& text, std::string event);
  void let_go(StreamSink& sink);

  storage::Env& env_;
  FrameCache& frames_;
  WatchPlan plan_;        // `initial` belongs to the hub's thread once the stream is open
  FrameForm later_form_;  // a Table's columns are told once
  size_t initial_at_ = 0;
  bool initial_done_ = false;
  std::atomic<bool> headers_sent_ = false;
  storage::Instant next_bookmark_{};

  std::mutex mutex_;
  std::shared_ptr<StreamSink> sink_;  // once open
  bool live_ = false;                 // the initial events are out: frames go to the sink
  bool closed_ = false;
  std::string end_;            // what to say when it is opened after its end
  std::deque<Bytes> waiting_;  // frames that came before
  size_t waiting_bytes_ = 0;
  std::shared_ptr<Dispatcher::Subscription> subscription_;
};

void WatchState::on_events(Dispatcher::Events events) {
  // The first event of a Table brings the columns; what is not a change comes alone.
  bool columns =
      plan_.form.output.shape == Shape::table && !headers_sent_.load(std::memory_order_relaxed);
  if (events.size() == 1 || columns) {
    on_event(events.front());
    events = events.subspan(1);
  }
  if (events.empty()) return;
  if (auto bytes = frames_.frames(events, form(), plan_.selector)) deliver(std::move(bytes));
}

void WatchState::on_event(const WatchEventPtr& event) {
  if (event->type == EventType::expired) {
    finish(error_event_text(Status::gone("too old resource version: the watch fell behind at " +
                                         std::to_string(event->revision))));
    return;
  }
  if (event->type == EventType::bookmark && !plan_.bookmarks) return;
  auto frame = frames_.frame(event, form(), plan_.selector);
  if (!frame) return;
  headers_sent_.store(true, std::memory_order_relaxed);
  deliver(std::move(frame));
}

const FrameForm& WatchState::form() {
  return headers_sent_.load(std::memory_order_relaxed) ? later_form_ : plan_.form;
}

void WatchState::deliver(Bytes frame) {
  std::shared_ptr<StreamSink> sink;
  bool over = false;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    if (live_) {
      sink = sink_;
    } else {
      waiting_bytes_ += frame->size();
      waiting_.push_back(std::move(frame));
      over = waiting_bytes_ > limits::kStreamQueueBytesMax;
      sink = over ? sink_ : nullptr;
    }
  }
  if (over) {
    // It reads its first events more slowly than new ones come.
    close();
    if (sink) sink->abort();
    return;
  }
  if (sink && !sink->send(std::move(frame))) close();
}

void WatchState::open(std::shared_ptr<StreamSink> sink) {
  std::string end;
  {
    std::lock_guard lock(mutex_);
    if (!closed_)
      sink_ = sink;
    else
      end = std::move(end_);
  }
  if (end.empty()) return pump();
  // It ended before it began.
  if (sink->send(shared(std::move(end)))) let_go(*sink);
}

// Events share a chunk, but each is a message of its own.
void WatchState::add(std::string& text, std::string event) {
  text += plan_.form.framing == Framing::chunk ? event : framed(Framing::websocket, event);
}

std::string WatchState::next_initial() {
  std::string text;
  auto now = env_.wall();
  auto& initial = plan_.initial;
  while (initial_at_ < initial.size() && text.size() < kBatchBytes) {
    auto object = std::move(initial[initial_at_++]);
    add(text, event_text("ADDED", form(), object->bytes, now));
    headers_sent_.store(true, std::memory_order_relaxed);
  }
  if (initial_at_ == initial.size()) {
    initial_done_ = true;
    initial = {};
    if (plan_.initial_end_bookmark)
      add(text, event_text("BOOKMARK", form(),
                           bookmark_object(*plan_.form.kind, plan_.initial_revision, true), now));
  }
  return text;
}

// Initial events go out until the queue is half full; on_drained comes back for the rest.
void WatchState::pump() {
  std::shared_ptr<StreamSink> sink;
  {
    std::lock_guard lock(mutex_);
    if (closed_ || live_) return;
    sink = sink_;
  }
  if (!sink) return;
  while (!initial_done_) {
    if (sink->queued_bytes() > limits::kStreamQueueBytesMax / 2) return;
    std::string text = next_initial();
    if (!text.empty() && plan_.form.framing == Framing::chunk) text = framed(Framing::chunk, text);
    if (!text.empty() && !sink->send(shared(std::move(text)))) return close();
  }
  while (true) {
    std::deque<Bytes> frames;
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;
      if (waiting_.empty()) {
        live_ = true;
        return;
      }
      frames.swap(waiting_);
      waiting_bytes_ = 0;
    }
    for (auto& frame : frames)
      if (!sink->send(std::move(frame))) return close();
  }
}

void WatchState::pong(std::string_view payload) {
  std::shared_ptr<StreamSink> sink;
  {
    std::lock_guard lock(mutex_);
    if (!closed_) sink = sink_;
  }
  if (sink) sink->send(shared(websocket::frame(websocket::Opcode::pong, payload)));
}

void WatchState::close() {
  std::shared_ptr<Dispatcher::Subscription> subscription;
  std::lock_guard lock(mutex_);
  closed_ = true;
  waiting_.clear();
  subscription.swap(subscription_);  // ends after the lock
}

void WatchState::finish(std::string_view last_event) {
  std::shared_ptr<StreamSink> sink;
  std::shared_ptr<Dispatcher::Subscription> subscription;
  bool clean = false;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
    sink = sink_;
    clean = live_;
    waiting_.clear();
    subscription.swap(subscription_);
  }
  auto framing = plan_.form.framing;
  std::string text = last_event.empty() ? std::string() : framed(framing, last_event);
  text += last_bytes(framing);
  if (!sink) {
    std::lock_guard lock(mutex_);
    end_ = std::move(text);
    return;
  }
  if (!clean) {
    // In the middle of the initial events there is no honest end.
    sink->abort();
    return;
  }
  if (sink->send(shared(std::move(text)))) let_go(*sink);
}

// A WebSocket connection serves nothing after its close; an HTTP one takes the next request.
void WatchState::let_go(StreamSink& sink) {
  if (plan_.form.framing == Framing::websocket)
    sink.finish();
  else
    sink.release();
}

storage::Instant WatchState::first_timer() {
  auto now = env_.now();
  if (!plan_.bookmarks) return plan_.ends;
  // Spread, so that thousands that came at once are not served at once.
  next_bookmark_ = now + kBookmarkEvery * 3 / 4 + storage::Millis(env_.random(30'000));
  return std::min(next_bookmark_, plan_.ends);
}

std::optional<storage::Instant> WatchState::on_timer(storage::Instant now) {
  std::shared_ptr<Dispatcher::Subscription> subscription;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return std::nullopt;
    subscription = subscription_;
  }
  if (now >= plan_.ends) {
    finish("");
    return std::nullopt;
  }
  if (!plan_.bookmarks) return plan_.ends;
  if (now >= next_bookmark_) {
    if (subscription) subscription->want_bookmark();
    next_bookmark_ = now + kBookmarkEvery;
  }
  // The last bookmark comes shortly before the end, so that the client resumes from there.
  auto before_end = plan_.ends - storage::Seconds(2);
  if (now < before_end && next_bookmark_ > before_end) next_bookmark_ = before_end;
  return std::min(next_bookmark_, plan_.ends);
}

WatchStream::WatchStream(storage::Env& env, WatchTimers& timers, FrameCache& frames, WatchPlan plan)
    : state_(std::make_shared<WatchState>(env, frames, std::move(plan))) {
  timers.add(state_->first_timer(), state_);
}

WatchStream::~WatchStream() {
  state_->close();
}

Dispatcher::Listener WatchStream::listener() {
  return [state = state_](Dispatcher::Events events) { state->on_events(events); };
}

void WatchStream::take_subscription(std::unique_ptr<Dispatcher::Subscription> subscription) {
  subscription->release();  // the listener owns what it touches
  state_->set_subscription(std::move(subscription));
}

void WatchStream::set_initial(std::vector<std::shared_ptr<const CachedObject>> objects,
                              Revision revision) {
  state_->plan().initial = std::move(objects);
  state_->plan().initial_revision = revision;
}

void WatchStream::on_open(std::shared_ptr<StreamSink> sink) {
  state_->open(std::move(sink));
}
void WatchStream::on_drained() {
  state_->pump();
}

// Clients of a watch have nothing to say, but a WebSocket wants its pings answered and its close.
void WatchStream::on_bytes(std::string_view bytes) {
  if (state_->plan().form.framing != Framing::websocket) return;
  struct Replies final : websocket::Events {
    explicit Replies(WatchState& s) : state(s) {}
    void on_message(websocket::Opcode, std::string_view) override {}
    void on_ping(std::string_view payload) override { state.pong(payload); }
    void on_close(uint16_t, std::string_view) override { state.finish(""); }
    WatchState& state;
  } replies(*state_);
  if (reader_.feed(bytes, replies)) state_->finish("");
}
void WatchStream::on_client_end() {
  state_->finish("");
}
void WatchStream::on_closed() {
  state_->close();
}

}  // namespace engine
