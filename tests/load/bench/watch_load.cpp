#include "tests/load/bench/watch_load.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace bench {
namespace {

constexpr size_t kObjects = 16;      // that the writes go round
constexpr int kSilentBuffer = 4096;  // bytes of receive buffer of a watch that never reads
constexpr std::string_view kChange = "\"resource.change\"";
constexpr size_t kTimesKept = 4u << 20;  // latencies, enough for quantiles

std::array<char, 65536> buffer;

}  // namespace

// What epoll points at: a watch or a writer.
struct Peer {
  load::Socket socket;
  bool writes = false;
};

struct WatchLoad::Watch : Peer {
  StreamReader reader;
  MessageReader messages;
  uint64_t seen = 0;
  bool begun = false;  // its answer's head came
};

struct WatchLoad::Writer : Peer {
  AnswerReader answer;
  bool idle = true;
};

struct WatchLoad::Event {
  Clock::time_point sent;
  Clock::time_point complete;  // when the last watch had it
  size_t told = 0;
};

WatchLoad::WatchLoad(const Side& side, WatchPlan plan)
    : side_(side), plan_(std::move(plan)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

WatchLoad::~WatchLoad() {
  ::close(epoll_);
}

bool WatchLoad::open_watches(const std::string& text) {
  auto begin = Clock::now();
  for (size_t i = 0; i < plan_.silent; ++i) {
    auto socket = std::make_unique<load::Socket>();
    if (!socket->open(side_.target, side_.context.get(), kSilentBuffer)) return false;
    if (socket->write(text) < 0) return false;
    silent_.push_back(std::move(socket));
  }
  for (size_t i = 0; i < plan_.watchers; ++i) {
    auto watch = std::make_unique<Watch>();
    if (!watch->socket.open(side_.target, side_.context.get())) return false;
    if (watch->socket.write(text) != static_cast<long>(text.size())) return false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = static_cast<Peer*>(watch.get());
    epoll_ctl(epoll_, EPOLL_CTL_ADD, watch->socket.fd(), &event);
    watches_.push_back(std::move(watch));
  }
  // Until each has the head of its answer.
  std::array<epoll_event, 256> events;
  while (out_.open < watches_.size()) {
    int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 30'000);
    if (count <= 0) return false;
    for (int i = 0; i < count; ++i) {
      Peer* peer = static_cast<Peer*>(events[static_cast<size_t>(i)].data.ptr);
      read_watch(static_cast<Watch&>(*peer));
    }
    if (out_.closed > 0) return false;
  }
  out_.open_seconds = ms_between(begin, Clock::now()) / 1000;
  return true;
}

bool WatchLoad::open_writers() {
  size_t count = plan_.per_second > 0 ? 1 : std::max<size_t>(1, plan_.window);
  for (size_t i = 0; i < count; ++i) {
    auto writer = std::make_unique<Writer>();
    writer->writes = true;
    if (!writer->socket.open(side_.target, side_.context.get())) return false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = static_cast<Peer*>(writer.get());
    epoll_ctl(epoll_, EPOLL_CTL_ADD, writer->socket.fd(), &event);
    writers_.push_back(std::move(writer));
  }
  return true;
}

void WatchLoad::write_due(Clock::time_point now) {
  for (auto& writer : writers_) {
    if (!writer->idle) continue;
    uint64_t number = events_.size();
    if (number >= plan_.events || ms_between(begun_, now) > plan_.write_s * 1000) return;
    if (plan_.window > 0 && number - floor_ >= plan_.window) return;
    auto due = now;
    if (plan_.per_second > 0) {
      auto after = std::chrono::duration<double>(static_cast<double>(number) / plan_.per_second);
      due = begun_ + std::chrono::duration_cast<Clock::duration>(after);
      if (due > now) return;
      // A late write counts from when it was due, so that a server that stalls does not hide what
      // it would have cost; where the plan waits for deliveries, lateness is the plan's own.
      if (plan_.window > 0) due = now;
    }
    const std::string text = write_text(number);
    writer->answer.reset();
    writer->idle = false;
    events_.push_back({due, {}, 0});
    if (writer->socket.write(text) != static_cast<long>(text.size())) ++out_.failed_writes;
  }
}

// Events are told in the order in which they were written, so the n-th that a watch sees is the
// n-th; with several writers their order is the server's, and only the count means something.
void WatchLoad::saw(Watch& watch, uint32_t count, Clock::time_point now) {
  for (; count > 0 && watch.seen < events_.size(); --count) {
    Event& event = events_[watch.seen];
    if (times_.size() < kTimesKept) {
      times_.push_back(static_cast<float>(ms_between(event.sent, now)));
    }
    ++out_.delivered;
    last_ = now;
    count_told(watch.seen++);
  }
}

void WatchLoad::count_told(uint64_t number) {
  if (++events_[number].told == watches_.size()) events_[number].complete = last_;
  while (floor_ < events_.size() && events_[floor_].told >= watches_.size()) ++floor_;
}

void WatchLoad::ended(Watch& watch) {
  ++out_.closed;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.socket.fd(), nullptr);
}

void WatchLoad::read_watch(Watch& watch) {
  do {
    long got = watch.socket.read(buffer.data(), buffer.size());
    if (got < 0) return ended(watch);
    if (got == 0) return;
    std::string_view bytes(buffer.data(), static_cast<size_t>(got));
    if (!watch.begun) {
      watch.begun = true;
      if (bytes.substr(0, 12) != (plan_.setting.empty() ? "HTTP/1.1 200" : "HTTP/1.1 101"))
        return ended(watch);
      ++out_.open;
    }
    const uint32_t count =
        plan_.setting.empty() ? watch.reader.feed(bytes) : watch.messages.feed(bytes, kChange);
    if (count > 0) saw(watch, count, Clock::now());
  } while (watch.socket.pending());
}

void WatchLoad::read_writer(Writer& writer) {
  for (;;) {
    long got = writer.socket.read(buffer.data(), buffer.size());
    if (got == 0) return;
    if (got < 0) {
      ++out_.failed_writes;
      epoll_ctl(epoll_, EPOLL_CTL_DEL, writer.socket.fd(), nullptr);
      return;
    }
    if (!writer.answer.feed(std::string_view(buffer.data(), static_cast<size_t>(got)))) continue;
    writer.idle = true;
    out_.failed_writes += !writer.answer.good();
    ++out_.writes;
    return;
  }
}

bool WatchLoad::done(Clock::time_point now) const {
  if (out_.failed_writes > 0 || out_.closed == watches_.size()) return true;
  double passed = ms_between(begun_, now) / 1000;
  if (passed > plan_.limit_s) return true;
  bool all_sent = events_.size() >= plan_.events || passed > plan_.write_s;
  return all_sent && out_.writes == events_.size() && floor_ == events_.size();
}

int WatchLoad::wait_ms(Clock::time_point now) const {
  if (plan_.per_second <= 0) return 50;
  double due = static_cast<double>(events_.size()) / plan_.per_second * 1000;
  return std::clamp(static_cast<int>(due - ms_between(begun_, now)), 0, 50);
}

// The request that opens a watch; empty when it cannot be known.
std::string WatchLoad::watch_text() {
  if (!plan_.setting.empty())
    return head(side_, "GET", "/v3/subscribe?resourceTypes=setting") +
           "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: YmVuY2ggb2YgcGFkZG9jaw==\r\n\r\n";
  for (size_t i = 0; i < kObjects; ++i) {
    ask(side_, with_body(side_, "POST", config_maps(plan_.space),
                         config_map(name_of(i), 0, plan_.value_bytes)));
  }
  std::string revision = revision_now(side_, plan_.space);
  if (revision.empty()) return {};
  return get(side_, config_maps(plan_.space) + "?watch=1&resourceVersion=" + revision);
}

std::string WatchLoad::write_text(uint64_t number) const {
  if (!plan_.setting.empty())
    return with_body(side_, "PUT", "/v3/settings/" + plan_.setting,
                     "{\"value\":\"bench " + std::to_string(number) + "\"}");
  std::string name = name_of(number % kObjects);
  return with_body(side_, "PUT", config_maps(plan_.space) + "/" + name,
                   config_map(name, number + 1, plan_.value_bytes));
}

WatchFigures WatchLoad::run() {
  const std::string text = watch_text();
  out_.before_kib = rss_kib(side_);
  if (text.empty() || !open_watches(text) || !open_writers()) {
    ++out_.failed_writes;
    return std::move(out_);
  }
  out_.open_kib = rss_kib(side_);
  times_.reserve(std::min<uint64_t>(kTimesKept, plan_.events * plan_.watchers));
  OwnBusy busy;
  begun_ = last_ = Clock::now();
  std::array<epoll_event, 256> events;
  for (auto now = begun_; !done(now); now = Clock::now()) {
    write_due(now);
    int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms(now));
    for (int i = 0; i < count; ++i) {
      Peer* peer = static_cast<Peer*>(events[static_cast<size_t>(i)].data.ptr);
      if (peer->writes) {
        read_writer(static_cast<Writer&>(*peer));
      } else {
        read_watch(static_cast<Watch&>(*peer));
      }
    }
  }
  out_.busy = busy.share();
  finish();
  return std::move(out_);
}

// What never came counts as late as it is now.
void WatchLoad::finish() {
  auto now = Clock::now();
  std::vector<float> last(events_.size(), 0);
  for (auto& watch : watches_) {
    for (uint64_t number = watch->seen; number < events_.size(); ++number) {
      times_.push_back(static_cast<float>(ms_between(events_[number].sent, now)));
      ++out_.missing;
    }
  }
  out_.after_kib = rss_kib(side_);
  out_.seconds = ms_between(begun_, last_) / 1000;
  out_.each.done = times_.size();
  load::quantiles(times_, out_.each);
  for (size_t i = 0; i < events_.size(); ++i) {
    auto end = events_[i].told >= watches_.size() ? events_[i].complete : now;
    last[i] = static_cast<float>(ms_between(events_[i].sent, end));
  }
  out_.all.done = last.size();
  load::quantiles(last, out_.all);
}

}  // namespace bench
