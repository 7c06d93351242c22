#include "engine/schema/formats.h"

#include <algorithm>

#include "engine/base/base64.h"
#include "engine/base/names.h"
#include "engine/base/numbers.h"
#include "engine/base/time.h"

namespace engine {

namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool hex(char c) {
  return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool letter(char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

bool is_ipv4(std::string_view s) {
  for (int part = 0; part < 4; part++) {
    size_t end = part < 3 ? s.find('.') : s.size();
    if (end == std::string_view::npos || end == 0 || end > 3) return false;
    std::string_view number = s.substr(0, end);
    if (!std::all_of(number.begin(), number.end(), digit) || (end > 1 && number[0] == '0')) {
      return false;
    }
    if (*parse_int(number) > 255) return false;
    s.remove_prefix(part < 3 ? end + 1 : end);
  }
  return s.empty();
}

bool is_ipv6(std::string_view s) {
  int groups = 0;
  bool gap = false;
  if (s.starts_with("::")) {
    gap = true;
    s.remove_prefix(2);
  }
  while (!s.empty()) {
    size_t end = std::min(s.find(':'), s.size());
    if (end == s.size() && s.find('.') != std::string_view::npos) {
      if (!is_ipv4(s)) return false;
      groups += 2;
      break;
    }
    if (end == 0 || end > 4 ||
        !std::all_of(s.begin(), s.begin() + static_cast<ptrdiff_t>(end), hex)) {
      return false;
    }
    groups++;
    s.remove_prefix(end);
    if (s.empty()) break;
    s.remove_prefix(1);
    if (s.starts_with(":")) {
      if (gap) return false;
      gap = true;
      s.remove_prefix(1);
    } else if (s.empty()) {
      return false;
    }
  }
  return gap ? groups < 8 : groups == 8;
}

bool is_cidr(std::string_view s) {
  size_t slash = s.find('/');
  if (slash == std::string_view::npos) return false;
  std::string_view bits = s.substr(slash + 1);
  if (bits.empty() || bits.size() > 3 || !std::all_of(bits.begin(), bits.end(), digit))
    return false;
  int64_t n = *parse_int(bits);
  return (is_ipv4(s.substr(0, slash)) && n <= 32) || (is_ipv6(s.substr(0, slash)) && n <= 128);
}

bool is_mac(std::string_view s) {
  if (s.size() != 17 && s.size() != 23) return false;
  for (size_t i = 0; i < s.size(); i++) {
    bool separator = i % 3 == 2;
    if (separator ? s[i] != s[2] || (s[i] != ':' && s[i] != '-') : !hex(s[i])) return false;
  }
  return true;
}

bool is_uuid(std::string_view s, char version) {
  std::string plain;
  for (char c : s) {
    if (c != '-') plain += c;
  }
  bool shape = plain.size() == 32 && std::all_of(plain.begin(), plain.end(), hex);
  if (s.size() != 32 &&
      !(s.size() == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-')) {
    return false;
  }
  return shape && (version == 0 || plain[12] == version);
}

bool is_hostname(std::string_view s) {
  if (s.empty() || s.size() > 255) return false;
  if (s.ends_with('.')) s.remove_suffix(1);
  for (;;) {
    size_t dot = std::min(s.find('.'), s.size());
    std::string_view label = s.substr(0, dot);
    bool good = !label.empty() && label.size() <= 63 && label.front() != '-' &&
                label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
                  return letter(c) || digit(c) || c == '-' || c == '_' || (c & 0x80) != 0;
                });
    if (!good) return false;
    if (dot == s.size()) return true;
    s.remove_prefix(dot + 1);
  }
}

bool is_email(std::string_view s) {
  size_t open = s.rfind('<');
  if (open != std::string_view::npos && s.ends_with('>'))
    s = s.substr(open + 1, s.size() - open - 2);
  size_t at = s.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < s.size() &&
         s.find_first_of(" \t\r\n<>()") == std::string_view::npos;
}

// What net/url.ParseRequestURI takes: an absolute path, or a scheme and something after it.
bool is_uri(std::string_view s) {
  if (s.empty() || std::any_of(s.begin(), s.end(), [](char c) { return c >= 0 && c <= ' '; }))
    return false;
  if (s[0] == '/') return true;
  size_t colon = s.find(':');
  return colon != std::string_view::npos && colon > 0 && letter(s[0]) &&
         std::all_of(s.begin(), s.begin() + static_cast<ptrdiff_t>(colon), [](char c) {
           return letter(c) || digit(c) || c == '+' || c == '-' || c == '.';
         });
}

// 1h15m30.5s and the like, or Scala's "22 ns".
bool is_duration(std::string_view s) {
  static constexpr std::string_view kUnits[] = {"nanoseconds",
                                                "nanosecond",
                                                "nanos",
                                                "nano",
                                                "microseconds",
                                                "microsecond",
                                                "micros",
                                                "micro",
                                                "milliseconds",
                                                "millisecond",
                                                "millis",
                                                "milli",
                                                "seconds",
                                                "second",
                                                "minutes",
                                                "minute",
                                                "hours",
                                                "hour",
                                                "days",
                                                "day",
                                                "weeks",
                                                "week",
                                                "hrs",
                                                "hr",
                                                "mins",
                                                "min",
                                                "secs",
                                                "sec",
                                                "ns",
                                                "us",
                                                "\xC2\xB5s",
                                                "\xCE\xBCs",
                                                "ms",
                                                "s",
                                                "m",
                                                "h",
                                                "d",
                                                "w"};
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) s.remove_prefix(1);
  if (s == "0") return true;
  if (s.empty()) return false;
  while (!s.empty()) {
    size_t n = s.find_first_not_of("0123456789.");
    if (n == 0 || n == std::string_view::npos || !parse_real(s.substr(0, n))) return false;
    s.remove_prefix(n);
    while (!s.empty() && s[0] == ' ') s.remove_prefix(1);
    auto unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                             [&](std::string_view u) { return s.starts_with(u); });
    if (unit == std::end(kUnits)) return false;
    s.remove_prefix(unit->size());
    while (!s.empty() && s[0] == ' ') s.remove_prefix(1);
  }
  return true;
}

bool is_hexcolor(std::string_view s) {
  if (s.starts_with('#')) s.remove_prefix(1);
  return (s.size() == 3 || s.size() == 6) && std::all_of(s.begin(), s.end(), hex);
}

}  // namespace

bool fits_format(std::string_view text, std::string_view format) {
  if (format == "date-time" || format == "datetime") return parse_rfc3339(text).has_value();
  if (format == "byte") return base64_decode(text).has_value();
  if (format == "date") return parse_rfc3339(std::string(text) + "T00:00:00Z").has_value();
  if (format == "ipv4") return is_ipv4(text);
  if (format == "ipv6") return is_ipv6(text);
  if (format == "cidr") return is_cidr(text);
  if (format == "mac") return is_mac(text);
  if (format == "uuid") return is_uuid(text, 0);
  if (format == "uuid3" || format == "uuid4" || format == "uuid5") return is_uuid(text, format[4]);
  if (format == "hostname") return is_hostname(text);
  if (format == "email") return is_email(text);
  if (format == "uri") return is_uri(text);
  if (format == "duration") return is_duration(text);
  if (format == "hexcolor") return is_hexcolor(text);
  if (format == "k8s-short-name") return check_dns1123_label(text).empty();
  if (format == "k8s-long-name") return check_dns1123_subdomain(text).empty();
  return true;
}

}  // namespace engine
