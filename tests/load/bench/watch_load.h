// WatchLoad: many watches of one collection, some of which may never read, and a writer whose
// updates they are told of; counts what was delivered and how long after the write. One epoll
// serves writers and watches, and events are counted, not parsed.
// Thread: one. Owns: all its connections.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/load/bench/answer_reader.h"
#include "tests/load/bench/side.h"

namespace bench {

struct WatchPlan {
  std::string space = "watched";
  std::string setting = {};  // then watches are subscriptions, and the writes change this setting
  size_t watchers = 1000;
  size_t silent = 0;       // watches besides that send their request and never read
  uint64_t events = 1000;  // writes, at most
  size_t window = 16;      // writes that are not yet delivered to all, at most; 0: no bound
  double per_second = 0;   // writes by the clock; 0: as the window allows
  size_t value_bytes = 100;
  double write_s = 10;  // no write is sent later
  double limit_s = 20;  // of waiting, from the first write
};

struct WatchFigures {
  size_t open = 0;
  size_t closed = 0;  // watches that the server ended
  uint64_t writes = 0;
  uint64_t failed_writes = 0;
  uint64_t delivered = 0, missing = 0;
  double seconds = 0;  // from the first write to the last delivery
  double open_seconds = 0;
  double busy = 0;
  long before_kib = 0, open_kib = 0, after_kib = 0;  // of the server
  load::Figures each;  // write to delivery, of every event to every watcher
  load::Figures all;   // write to the last watcher's delivery, of every event
};

class WatchLoad {
 public:
  WatchLoad(const Side& side, WatchPlan plan);
  ~WatchLoad();
  WatchLoad(const WatchLoad&) = delete;
  WatchLoad& operator=(const WatchLoad&) = delete;
  WatchFigures run();

 private:
  struct Watch;
  struct Writer;
  struct Event;
  std::string watch_text();
  std::string write_text(uint64_t number) const;
  bool open_watches(const std::string& text);
  bool open_writers();
  void write_due(Clock::time_point now);
  void read_watch(Watch& watch);
  void read_writer(Writer& writer);
  void saw(Watch& watch, uint32_t count, Clock::time_point now);
  void ended(Watch& watch);
  void count_told(uint64_t number);
  bool done(Clock::time_point now) const;
  int wait_ms(Clock::time_point now) const;
  void finish();

  Side side_;
  WatchPlan plan_;
  WatchFigures out_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::vector<std::unique_ptr<load::Socket>> silent_;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::vector<Event> events_;
  uint64_t floor_ = 0;  // events that all have
  Clock::time_point begun_, last_;
  std::vector<float> times_;
};

}  // namespace bench
