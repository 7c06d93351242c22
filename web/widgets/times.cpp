// Ages, times and counts of parts.h.
#include <cstdio>

#include "web/widgets/parts.h"

namespace web {
namespace {

// Days since 1970 of a civil date, and back (proleptic Gregorian).
int64_t days_of(int64_t y, int m, int d) {
  y -= m <= 2 ? 1 : 0;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t yoe = y - era * 400;
  const int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

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
  snprintf(out, sizeof out, "%d %s %d, %02d:%02d:%02d", d, months[m - 1], static_cast<int>(y), static_cast<int>(s / 3600),
           static_cast<int>(s / 60 % 60), static_cast<int>(s % 60));
  return out;
}

int64_t parse_time(std::string_view t) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  const std::string text(t.substr(0, 40));
  if (sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &y, &mo, &d, &h, &mi, &s) < 6) return 0;
  int64_t ms = (days_of(y, mo, d) * 86400 + h * 3600 + mi * 60 + s) * 1000;
  size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    int scale = 100;
    for (at++; at < text.size() && text[at] >= '0' && text[at] <= '9'; at++, scale /= 10) ms += (text[at] - '0') * scale;
  }
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    int zh = 0, zm = 0;
    if (sscanf(text.c_str() + at + 1, "%2d:%2d", &zh, &zm) == 2) ms -= (text[at] == '+' ? 1 : -1) * (zh * 60 + zm) * 60000LL;
  }
  return ms;
}

std::string count_text(int64_t n) {
  std::string s = std::to_string(n < 0 ? -n : n);
  for (int at = static_cast<int>(s.size()) - 3; at > 0; at -= 3) s.insert(static_cast<size_t>(at), ",");
  return n < 0 ? "-" + s : s;
}

}  // namespace web
