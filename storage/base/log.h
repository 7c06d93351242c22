// Log: structured lines to one sink, as text or JSON. Fields are typed so that secrets cannot be
// passed by accident: a Secret prints as "***". Writing never blocks on a stuck reader: lines that
// do not fit are dropped and counted. Thread: any. Owns: nothing; the sink is set once by the
// process.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace storage::log {

enum class Level : uint8_t { debug, info, warn, error };

// A value that must never be printed.
struct Secret {
  std::string_view hidden;
};

struct Field {
  std::string_view key;
  std::variant<std::string_view, int64_t, double, bool> value;
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, Secret) : key(k), value(std::string_view("***")) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  template <class I>
  requires std::is_integral_v<I> Field(std::string_view k, I v)
      : key(k), value(static_cast<int64_t>(v)) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
};

struct Line {
  Level level;
  std::string_view message;
  std::initializer_list<Field> fields;
};

using Sink = std::function<void(const Line&)>;
// Set once at start, before threads; without a sink lines are discarded.
void set_sink(Level least, Sink sink);
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void debug(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::debug, m, f);
}
inline void info(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::info, m, f);
}
inline void warn(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::warn, m, f);
}
inline void error(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::error, m, f);
}

}  // namespace storage::log
