// Ages, times and counts of parts.h.
#include <cstdio>

#include "web/widgets/parts.h"

namespace web {
namespace {

void civil(int64_t days, int64_t& y, int& m, int& d) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t doe = days - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  d = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  m = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  y = yoe + era * 400 + (m <= 2 ? 1 : 0);
}

}  // namespace

std::string age_text(int64_t then_ms, int64_t now_ms) {
  if (then_ms <= 0) return "\xe2\x80\x93";
  const int64_t s = now_ms > then_ms ? (now_ms - then_ms) / 1000 : 0;
  char out[32];
  if (s < 60) {
    snprintf(out, sizeof out, "%ds", static_cast<int>(s));
  } else if (s < 3600) {
    snprintf(out, sizeof out, "%dm", static_cast<int>(s / 60));
  } else if (s < 86400) {
    snprintf(out, sizeof out, "%dh", static_cast<int>(s / 3600));
  } else if (s < 2 * 365 * 86400LL) {
    snprintf(out, sizeof out, "%dd", static_cast<int>(s / 86400));
  } else {
    snprintf(out, sizeof out, "%dy", static_cast<int>(s / 86400 / 365));
  }
  return out;
}

double age_tick(int64_t then_ms, int64_t now_ms) {
  const int64_t age = now_ms - then_ms;
  if (age < 60000) return static_cast<double>(1000 - ((age % 1000) + 1000) % 1000);
  return static_cast<double>(60000 - age % 60000);
}

std::string time_text(int64_t ms, int zone_minutes) {
  static const char* const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int64_t s = ms / 1000 + zone_minutes * 60LL;
  int64_t y;
  int m, d;
  civil(s >= 0 ? s / 86400 : (s - 86399) / 86400, y, m, d);
  s = ((s % 86400) + 86400) % 86400;
  char out[64];
  snprintf(out, sizeof out, "%d %s %d, %02d:%02d:%02d", d, months[m - 1], static_cast<int>(y),
           static_cast<int>(s / 3600), static_cast<int>(s / 60 % 60), static_cast<int>(s % 60));
  return out;
}

std::string count_text(int64_t n) {
  std::string s = std::to_string(n < 0 ? -n : n);
  for (int at = static_cast<int>(s.size()) - 3; at > 0; at -= 3)
    s.insert(static_cast<size_t>(at), ",");
  return n < 0 ? "-" + s : s;
}

}  // namespace web
