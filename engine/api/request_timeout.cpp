#include "engine/api/request_timeout.h"

#include "engine/base/limits.h"
#include "engine/schema/causes.h"

namespace engine {
namespace {

using Nanoseconds = std::chrono::nanoseconds;

struct DurationUnit {
  std::string_view name;
  double nanoseconds;
};
// Longer names first where one begins with another.
constexpr DurationUnit kUnits[] = {{"ns", 1},   {"us", 1e3}, {"\xC2\xB5s", 1e3}, {"\xCE\xBCs", 1e3},
                                   {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},        {"h", 3600e9}};
constexpr double kMost = 9.2e18;

// The number at the front, taken off; none when there is none.
std::optional<double> take_number(std::string_view& text) {
  double value = 0, scale = 1;
  bool digits = false, point = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    digits = true;
    if (point) scale /= 10;
    value = point ? value + scale * (c - '0') : value * 10 + (c - '0');
  }
  if (!digits) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Nanoseconds> parse_go_duration(std::string_view text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Nanoseconds(0);
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    auto number = take_number(text);
    if (!number) return std::nullopt;
    const DurationUnit* found = nullptr;
    for (const DurationUnit& unit : kUnits)
      if (!found && text.starts_with(unit.name)) found = &unit;
    if (!found) return std::nullopt;
    text.remove_prefix(found->name.size());
    sum += *number * found->nanoseconds;
    if (sum > kMost) return std::nullopt;
  }
  return Nanoseconds(static_cast<int64_t>(minus ? -sum : sum));
}

Result<Nanoseconds> request_timeout(const Query& query) {
  const Nanoseconds most = limits::kRequestTimeoutMax;
  auto text = query.get("timeout");
  if (text.empty()) return most;
  auto wanted = parse_go_duration(text);
  if (!wanted)
    return Status::bad_request(
        "invalid timeout specified in the request URL - time: invalid duration " + go_quoted(text));
  return *wanted > Nanoseconds(0) && *wanted < most ? *wanted : most;
}

}  // namespace engine
