#include "engine/base/numbers.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace engine {

namespace {

// The shortest d.ddde±xx that reads back equal.
std::string shortest_scientific(double value) {
  char buffer[40];
#ifdef __cpp_lib_to_chars
  auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  return std::string(buffer, end);
#else
  int length = 0;
  for (int digits = 0; digits <= 17; digits++) {
    length = std::snprintf(buffer, sizeof buffer, "%.*e", digits, value);
    if (std::strtod(buffer, nullptr) == value) break;
  }
  return std::string(buffer, static_cast<size_t>(length));
#endif
}

}  // namespace

std::string real_to_string(double value) {
  if (!std::isfinite(value)) return "null";
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  std::string text = shortest_scientific(value);
  std::string sign = text[0] == '-' ? "-" : "";
  size_t e = text.find('e');
  int power = std::atoi(text.c_str() + e + 1);
  std::string digits = text.substr(sign.size(), 1);
  if (e > sign.size() + 2) digits += text.substr(sign.size() + 2, e - sign.size() - 2);
  if (power < -6 || power >= 21) {
    std::string out = sign + digits.substr(0, 1);
    if (digits.size() > 1) out += '.' + digits.substr(1);
    return out + (power < 0 ? "e-" : "e+") + std::to_string(std::abs(power));
  }
  if (power < 0) return sign + "0." + std::string(static_cast<size_t>(-power - 1), '0') + digits;
  size_t whole = static_cast<size_t>(power) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0');
  return sign + digits.substr(0, whole) + '.' + digits.substr(whole);
}

std::optional<int64_t> parse_int(std::string_view text) {
  int64_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<int64_t> parse_int_any_base(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    char next = static_cast<char>(text[1] | 0x20);
    base = next == 'x' ? 16 : next == 'b' ? 2 : 8;
    text.remove_prefix(next == 'x' || next == 'b' || next == 'o' ? 2 : 1);
  }
  uint64_t size = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  uint64_t limit = uint64_t{INT64_MAX} + (negative ? 1 : 0);
  if (size > limit) return std::nullopt;
  return static_cast<int64_t>(negative ? uint64_t{0} - size : size);
}

std::optional<double> parse_real(std::string_view text) {
  // strtod would also take spaces, hexadecimal, "inf" and "nan".
  if (text.empty() || text.find_first_not_of("+-.0123456789eE") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string copy(text);
  char* end = nullptr;
  double out = std::strtod(copy.c_str(), &end);
  if (end != copy.c_str() + copy.size() || !std::isfinite(out)) return std::nullopt;
  return out;
}

}  // namespace engine
