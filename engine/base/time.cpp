#include "engine/base/time.h"

#include <cstdio>

namespace engine {

using std::chrono::days;
using std::chrono::duration_cast;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

// digits: how many of the fraction, 0 to 9.
std::string format(WallTime time, int digits) {
  auto whole = std::chrono::floor<seconds>(time);
  auto midnight = std::chrono::floor<days>(whole);
  std::chrono::year_month_day date(midnight);
  int64_t of_day = (whole - midnight).count();
  char buffer[64];
  int n = std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d",
                        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                        static_cast<unsigned>(date.day()), static_cast<int>(of_day / 3600),
                        static_cast<int>(of_day / 60 % 60), static_cast<int>(of_day % 60));
  std::string out(buffer, static_cast<size_t>(n));
  if (digits > 0) {
    std::snprintf(buffer, sizeof buffer, "%09lld", static_cast<long long>((time - whole).count()));
    out += '.';
    out.append(buffer, static_cast<size_t>(digits));
  }
  return out += 'Z';
}

// Reads fixed-width numbers and single characters off the front.
struct Reader {
  std::string_view rest;
  bool good = true;

  int number(size_t width) {
    int out = 0;
    if (rest.size() < width) good = false;
    for (size_t i = 0; good && i < width; i++) {
      if (rest[i] < '0' || rest[i] > '9') good = false;
      out = out * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(good ? width : 0);
    return good ? out : 0;
  }
  void skip(char c) {
    if (!take(c)) good = false;
  }
  bool take(char c) {
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  int64_t fraction_nanos() {
    int64_t out = 0;
    size_t digits = 0;
    while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
      if (digits < 9) out = out * 10 + (rest[0] - '0');
      digits++;
      rest.remove_prefix(1);
    }
    if (digits == 0) good = false;
    for (; digits < 9; digits++) out *= 10;
    return out;
  }
  seconds offset() {
    if (take('Z') || take('z')) return seconds(0);
    int sign = rest.empty() || rest[0] != '-' ? 1 : -1;
    if (!take('+') && !take('-')) good = false;
    int hours = number(2);
    skip(':');
    int minutes = number(2);
    if (hours > 23 || minutes > 59) good = false;
    return seconds(sign * (hours * 3600 + minutes * 60));
  }
};

std::string two(int64_t big, char big_unit, int64_t small, char small_unit) {
  std::string out = std::to_string(big) + big_unit;
  return small == 0 ? out : out + std::to_string(small) + small_unit;
}

}  // namespace

std::string to_rfc3339(WallTime time) {
  return format(time, 0);
}
std::string to_rfc3339_milli(WallTime time) {
  return format(time, 3);
}
std::string to_rfc3339_micro(WallTime time) {
  return format(time, 6);
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader in{text};
  int year = in.number(4);
  in.skip('-');
  unsigned month = static_cast<unsigned>(in.number(2));
  in.skip('-');
  unsigned day = static_cast<unsigned>(in.number(2));
  if (!in.take('T')) in.skip('t');
  int hour = in.number(2);
  in.skip(':');
  int minute = in.number(2);
  in.skip(':');
  int second = in.number(2);
  int64_t nanos = in.take('.') ? in.fraction_nanos() : 0;
  seconds offset = in.offset();
  std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                   std::chrono::day(day)};
  if (!in.good || !in.rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  // Nanoseconds in 64 bits reach from 1678 to 2262.
  if (year < 1678 || year > 2261) return std::nullopt;
  std::chrono::sys_seconds whole =
      std::chrono::sys_days(date) + seconds(hour * 3600 + minute * 60 + second) - offset;
  return WallTime(whole) + nanoseconds(nanos);
}

int64_t unix_millis(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

std::string human_duration(nanoseconds age) {
  int64_t s = duration_cast<seconds>(age).count();
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  if (s < 120) return std::to_string(s) + "s";
  int64_t minutes = s / 60;
  if (minutes < 10) return two(minutes, 'm', s % 60, 's');
  if (minutes < 180) return std::to_string(minutes) + "m";
  int64_t hours = minutes / 60;
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return std::to_string(hours) + "h";
  int64_t whole_days = hours / 24;
  if (whole_days < 8) return two(whole_days, 'd', hours % 24, 'h');
  if (whole_days < 365 * 2) return std::to_string(whole_days) + "d";
  if (whole_days < 365 * 8) return two(whole_days / 365, 'y', whole_days % 365, 'd');
  return std::to_string(whole_days / 365) + "y";
}

}  // namespace engine
