#include "appliance/cli/log_options.h"

#include <cstdio>

namespace appliance {
namespace {

using storage::log::Level;

struct LevelName {
  const char* name;
  Level level;
};
constexpr LevelName kLevels[] = {
    {"debug", Level::debug}, {"info", Level::info}, {"warn", Level::warn}, {"error", Level::error}};

}  // namespace

std::vector<Option> with_log_options(std::vector<Option> own) {
  std::vector<std::string> levels;
  for (const LevelName& one : kLevels) levels.emplace_back(one.name);
  own.push_back({.name = "log-level",
                 .value_name = "LEVEL",
                 .otherwise = "info",
                 .help = "least important lines to log",
                 .choices = std::move(levels)});
  own.push_back({.name = "log-format",
                 .value_name = "FORMAT",
                 .otherwise = "text",
                 .help = "how lines are written to stderr",
                 .choices = {"text", "json"}});
  return own;
}

LogOptions log_options(const Arguments& arguments) {
  LogOptions options;
  for (const LevelName& one : kLevels)
    if (arguments["log-level"] == one.name) options.least = one.level;
  options.format = arguments["log-format"] == "json" ? LogFormat::json : LogFormat::text;
  return options;
}

int complain(const engine::Status& status) {
  std::fprintf(stderr, "paddock: %s\n", status.message().c_str());
  return 1;
}

}  // namespace appliance
