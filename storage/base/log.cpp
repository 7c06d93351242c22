#include "storage/base/log.h"

namespace storage::log {
namespace {
Level g_least = Level::error;
Sink& sink() {
  static Sink instance;
  return instance;
}
}  // namespace

void set_sink(Level least, Sink new_sink) {
  g_least = least;
  sink() = std::move(new_sink);
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (level < g_least || !sink()) return;
  sink()(Line{level, message, fields});
}

}  // namespace storage::log
