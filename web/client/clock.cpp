#include "web/client/clock.h"

#include <cstdio>
#include <string>

namespace web {
namespace {

// Days since 1970 of a civil date (proleptic Gregorian).
int64_t days_of(int64_t y, int m, int d) {
  y -= m <= 2 ? 1 : 0;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t yoe = y - era * 400;
  const int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

}  // namespace

int64_t parse_time(std::string_view t) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  const std::string text(t.substr(0, 40));
  if (sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &y, &mo, &d, &h, &mi, &s) < 6) return 0;
  int64_t ms = (days_of(y, mo, d) * 86400 + h * 3600 + mi * 60 + s) * 1000;
  size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    int scale = 100;
    for (at++; at < text.size() && text[at] >= '0' && text[at] <= '9'; at++, scale /= 10)
      ms += (text[at] - '0') * scale;
  }
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    int zh = 0, zm = 0;
    if (sscanf(text.c_str() + at + 1, "%2d:%2d", &zh, &zm) == 2)
      ms -= (text[at] == '+' ? 1 : -1) * (zh * 60 + zm) * 60000LL;
  }
  return ms;
}

}  // namespace web
