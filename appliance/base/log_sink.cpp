#include "appliance/base/log_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace appliance {
namespace {

namespace log = storage::log;

// After some lines have been written: lines that come meanwhile share a wake-up and a write.
constexpr auto kRest = std::chrono::milliseconds(20);

constexpr const char* kLevelNames[] = {"debug", "info", "warn", "error"};

void append_time(std::string& out) {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  std::time_t seconds = micros / 1'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  int size = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                           parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                           parts.tm_min, parts.tm_sec, static_cast<int>(micros % 1'000'000));
  out.append(text, static_cast<size_t>(size));
}

// JSON string, which is also how text output quotes: one line stays one line whatever a client put
// into it.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  out += '"';
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

template <class Number>
void append_number(std::string& out, Number value) {
  char text[32];
  auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void append_value(std::string& out, const log::Field& field, LogFormat format) {
  if (auto* text = std::get_if<std::string_view>(&field.value)) {
    if (format == LogFormat::text && plain(*text)) {
      out += *text;
    } else {
      append_quoted(out, *text);
    }
  } else if (auto* whole = std::get_if<int64_t>(&field.value)) {
    append_number(out, *whole);
  } else if (auto* real = std::get_if<double>(&field.value)) {
    if (std::isfinite(*real)) {
      append_number(out, *real);
    } else {
      out += "null";
    }
  } else {
    out += std::get<bool>(field.value) ? "true" : "false";
  }
}

std::string format_line(const log::Line& line, LogFormat format) {
  std::string out;
  out.reserve(160);
  const char* level = kLevelNames[static_cast<size_t>(line.level)];
  if (format == LogFormat::json) {
    out += "{\"time\":\"";
    append_time(out);
    out += "\",\"level\":\"";
    out += level;
    out += "\",\"message\":";
    append_quoted(out, line.message);
    for (const auto& field : line.fields) {
      out += ',';
      append_quoted(out, field.key);
      out += ':';
      append_value(out, field, format);
    }
    out += "}\n";
    return out;
  }
  append_time(out);
  out += ' ';
  out += level;
  out += ' ';
  // A message is ours, but may carry another server's words: no line breaks get through.
  for (char c : line.message) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  for (const auto& field : line.fields) {
    out += ' ';
    out += field.key;
    out += '=';
    append_value(out, field, format);
  }
  out += '\n';
  return out;
}

}  // namespace

class LogSink::Impl {
 public:
  explicit Impl(LogOptions options) : options_(options), thread_([this] { work(); }) {}

  ~Impl() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      give_up_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    }
    more_.notify_all();
    thread_.join();
  }

  void write(const log::Line& line) {
    if (line.level < options_.least) return;
    std::string text = format_line(line, options_.format);
    {
      std::lock_guard lock(mutex_);
      if (queue_.size() + text.size() > options_.queue_bytes_max) {
        ++dropped_;
        ++dropped_unsaid_;
        return;
      }
      queue_ += text;
      if (line.level >= log::Level::warn || queue_.size() > options_.queue_bytes_max / 4)
        hurry_ = true;
      if (!idle_ && !hurry_) return;
    }
    more_.notify_one();
  }

  uint64_t dropped() const {
    std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      idle_ = true;
      more_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      idle_ = hurry_ = false;
      if (queue_.empty()) return;
      std::string batch;
      batch.swap(queue_);
      uint64_t unsaid = std::exchange(dropped_unsaid_, 0);
      lock.unlock();
      if (unsaid > 0) {
        batch += format_line({log::Level::warn,
                              "log lines were dropped: nobody read them",
                              {{"lines", static_cast<int64_t>(unsaid)}}},
                             options_.format);
      }
      bool going = deliver(batch);
      lock.lock();
      if (!going) return;
      more_.wait_for(lock, kRest, [&] { return stopping_ || hurry_; });
    }
  }

  // False when there is no use in going on. The descriptor may be blocking and shared with others
  // (a terminal), so it is not switched to non-blocking: only what poll() says fits is written, and
  // at most PIPE_BUF of it.
  bool deliver(std::string_view text) {
    while (!text.empty()) {
      pollfd wait{options_.fd, POLLOUT, 0};
      int ready = poll(&wait, 1, 100);
      if (ready > 0 && (wait.revents & POLLOUT)) {
        ssize_t put = ::write(options_.fd, text.data(), std::min<size_t>(text.size(), 4096));
        if (put > 0) text.remove_prefix(static_cast<size_t>(put));
        if (put < 0 && errno != EINTR && errno != EAGAIN) return !past_end();
      } else if (ready > 0) {
        return wait_for_end();
      }
      if (past_end()) return false;
    }
    return true;
  }

  bool past_end() {
    std::lock_guard lock(mutex_);
    return stopping_ && std::chrono::steady_clock::now() >= give_up_;
  }

  // The reader is gone for good: lines are thrown away, without spinning.
  bool wait_for_end() {
    std::unique_lock lock(mutex_);
    more_.wait_for(lock, std::chrono::milliseconds(100), [&] { return stopping_; });
    return !stopping_;
  }

  const LogOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable more_;
  std::string queue_;
  uint64_t dropped_ = 0;
  uint64_t dropped_unsaid_ = 0;
  bool stopping_ = false;
  bool idle_ = false;   // the thread waits for a line
  bool hurry_ = false;  // a line is not to wait for others
  std::chrono::steady_clock::time_point give_up_;
  std::thread thread_;  // last: it starts when everything above is there
};

LogSink::LogSink(LogOptions options) : impl_(std::make_unique<Impl>(options)) {}
LogSink::~LogSink() = default;
void LogSink::write(const log::Line& line) {
  impl_->write(line);
}
uint64_t LogSink::dropped() const {
  return impl_->dropped();
}

log::Sink LogSink::sink() {
  return [this](const log::Line& line) { impl_->write(line); };
}

}  // namespace appliance
