#include "tests/load/bench/request_load.h"

#include <poll.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "tests/load/bench/answer_reader.h"

namespace bench {
namespace {

struct Loop {
  load::Socket socket;
  AnswerReader answer;
  Clock::time_point sent;
  std::string text;
};

std::array<char, 65536> buffer;

// One kept connection that is waited on.
class Line {
 public:
  explicit Line(const Side& side) : side_(side) {
    open_ = socket_.open(side.target, side.context.get());
  }
  // Sends and waits for the whole answer; false when the connection broke.
  bool exchange(const std::string& text) {
    if (!open_ || socket_.write(text) != static_cast<long>(text.size())) return false;
    answer_.reset();
    for (;;) {
      long got = socket_.read(buffer.data(), buffer.size());
      if (got < 0) return false;
      if (got == 0) {
        wait();
        continue;
      }
      if (answer_.feed(std::string_view(buffer.data(), static_cast<size_t>(got)))) return true;
    }
  }
  const AnswerReader& answer() const { return answer_; }
  const Side& side() const { return side_; }

 private:
  void wait() {
    pollfd wait{socket_.fd(), POLLIN, 0};
    poll(&wait, 1, 30'000);
  }
  const Side& side_;
  load::Socket socket_;
  AnswerReader answer_;
  bool open_ = false;
};

// The page mark of a list's answer, as it goes into a query; empty on the last page.
std::string continue_of(const std::string& body) {
  static constexpr std::string_view kField = "\"continue\":\"";
  size_t items = body.find("\"items\":");
  size_t at = body.find(kField);
  if (at == std::string::npos || (items != std::string::npos && at > items)) return {};
  at += kField.size();
  std::string out;
  for (char c : body.substr(at, body.find('"', at) - at)) {
    if (c == '=') {
      out += "%3D";
    } else if (c == '+') {
      out += "%2B";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

RequestFigures run_requests(const Side& side, const RequestLoad& what) {
  RequestFigures out;
  std::vector<std::unique_ptr<Loop>> loops;
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < what.connections; ++i) {
    auto loop = std::make_unique<Loop>();
    if (!loop->socket.open(side.target, side.context.get())) {
      ++out.times.failed;
      continue;
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = loop.get();
    epoll_ctl(epoll, EPOLL_CTL_ADD, loop->socket.fd(), &event);
    loops.push_back(std::move(loop));
  }
  uint64_t number = 0;
  size_t out_now = 0;
  OwnBusy busy;
  auto begin = Clock::now(), last = begin;
  auto end = begin + std::chrono::duration<double>(what.seconds);
  auto send_next = [&](Loop& loop, Clock::time_point now) {
    if (now >= end || (what.count > 0 && number >= what.count)) return;
    what.make(number++, loop.text);
    loop.answer.reset();
    loop.sent = now;
    // Requests are small and the socket is empty: it takes them whole.
    if (loop.socket.write(loop.text) == static_cast<long>(loop.text.size())) ++out_now;
  };
  for (auto& loop : loops) send_next(*loop, Clock::now());
  std::vector<float> times;
  times.reserve(1u << 20);
  std::array<epoll_event, 256> events;
  while (out_now > 0) {
    int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 30'000);
    if (count == 0) break;  // nobody answers any more
    for (int i = 0; i < count; ++i) {
      Loop& loop = *static_cast<Loop*>(events[static_cast<size_t>(i)].data.ptr);
      bool complete = false;
      long got = 0;
      while (!complete && (got = loop.socket.read(buffer.data(), buffer.size())) > 0) {
        complete = loop.answer.feed(std::string_view(buffer.data(), static_cast<size_t>(got)));
      }
      if (got < 0) {
        ++out.times.failed;
        --out_now;
        epoll_ctl(epoll, EPOLL_CTL_DEL, loop.socket.fd(), nullptr);
      }
      if (!complete) continue;
      --out_now;
      last = Clock::now();
      if (!loop.answer.good()) {
        if (out.times.failed++ == 0) out.first_failure = loop.answer.beginning();
      } else {
        ++out.times.done;
        times.push_back(static_cast<float>(ms_between(loop.sent, last)));
      }
      send_next(loop, last);
    }
  }
  out.busy = busy.share();
  out.times.failed += out_now;
  out.times.seconds = ms_between(begin, last) / 1000;
  ::close(epoll);
  load::quantiles(times, out.times);
  return out;
}

ListFigures run_lists(const Side& side, const std::string& path, int page, double seconds,
                      int at_most) {
  ListFigures out;
  std::vector<float> times;
  OwnBusy busy;
  Line line(side);
  auto begin = Clock::now();
  while (times.size() < static_cast<size_t>(at_most) &&
         (times.size() < 3 || ms_between(begin, Clock::now()) < seconds * 1000)) {
    auto start = Clock::now();
    std::string mark;
    out.bytes = out.requests = 0;
    do {
      std::string query = page > 0 ? "?limit=" + std::to_string(page) : "";
      if (!mark.empty()) query += "&continue=" + mark;
      if (!line.exchange(get(side, path + query)) || !line.answer().good()) {
        ++out.times.failed;
        return out;
      }
      out.bytes += line.answer().body_bytes();
      ++out.requests;
      mark = page > 0 ? continue_of(line.answer().beginning()) : "";
    } while (!mark.empty());
    times.push_back(static_cast<float>(ms_between(start, Clock::now())));
  }
  out.busy = busy.share();
  out.times.done = times.size();
  out.times.seconds = ms_between(begin, Clock::now()) / 1000;
  load::quantiles(times, out.times);
  return out;
}

PairFigures run_pair(const Side& one, const Side& other, const std::string& path, double seconds) {
  PairFigures out;
  struct Half {
    Line line;
    std::string text;
    load::Figures& figures;
    std::vector<float> times;
  };
  std::array<Half, 2> halves{Half{Line(one), get(one, path), out.one, {}},
                             Half{Line(other), get(other, path), out.other, {}}};
  auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (uint64_t round = 0; Clock::now() < end; ++round) {
    for (Half& half : halves) {
      auto start = Clock::now();
      bool good = half.line.exchange(half.text) && half.line.answer().good();
      if (!good) {
        ++half.figures.failed;
        return out;
      }
      if (round < 20) continue;  // the first open what is behind
      half.times.push_back(static_cast<float>(ms_between(start, Clock::now())));
      ++half.figures.done;
    }
  }
  for (Half& half : halves) load::quantiles(half.times, half.figures);
  return out;
}

double run_ready(const Side& side, int64_t since_ns, double limit_s) {
  std::string text = get(side, "/readyz");
  for (;;) {
    int status = ask(side, text).status;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t passed = now.tv_sec * 1'000'000'000LL + now.tv_nsec - since_ns;
    double ms = static_cast<double>(passed) / 1e6;
    if (status == 200) return ms;
    if (ms > limit_s * 1000) return -1;
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
}

}  // namespace bench
