// LogSink: log lines to a file descriptor (stderr), as text for people or one JSON object a line.
// Callers only put the line in a bounded queue; one thread writes, some lines at a time. When the
// reader of a pipe stops reading, lines are dropped and counted, and the count is written when it
// reads again: nobody ever waits for the log. Thread: write from any. Owns: its thread and its
// queue; not the file descriptor.
#pragma once

#include <cstdint>
#include <memory>

#include "storage/base/log.h"

namespace appliance {

enum class LogFormat : uint8_t { text, json };

struct LogOptions {
  storage::log::Level least = storage::log::Level::info;
  LogFormat format = LogFormat::text;
  int fd = 2;
  size_t queue_bytes_max = 1u << 20;
};

class LogSink {
 public:
  explicit LogSink(LogOptions options);
  ~LogSink();  // writes what is queued if the reader takes it within a second
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;

  // storage::log::set_sink(options.least, sink.sink()): before other threads start.
  storage::log::Sink sink();
  void write(const storage::log::Line& line);
  uint64_t dropped() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace appliance
