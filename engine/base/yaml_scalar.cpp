#include "engine/base/yaml_scalar.h"

#include <algorithm>
#include <cmath>

#include "engine/base/numbers.h"

namespace engine {

namespace {

struct Word {
  std::string_view text;
  int meaning;  // 1 true, 0 false, -1 null
};

constexpr Word kWords[] = {
    {"true", 1}, {"True", 1},  {"TRUE", 1},  {"yes", 1},   {"Yes", 1},   {"YES", 1},   {"y", 1},
    {"Y", 1},    {"on", 1},    {"On", 1},    {"ON", 1},    {"false", 0}, {"False", 0}, {"FALSE", 0},
    {"no", 0},   {"No", 0},    {"NO", 0},    {"n", 0},     {"N", 0},     {"off", 0},   {"Off", 0},
    {"OFF", 0},  {"null", -1}, {"Null", -1}, {"NULL", -1}, {"~", -1}};

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool float_shape(std::string_view s) {
  size_t i = 0;
  auto digits = [&] {
    size_t from = i;
    while (i < s.size() && s[i] >= '0' && s[i] <= '9') i++;
    return i - from;
  };
  if (i < s.size() && (s[i] == '-' || s[i] == '+')) i++;
  size_t whole = digits();
  if (i < s.size() && s[i] == '.') {
    i++;
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
    i++;
    if (i < s.size() && (s[i] == '-' || s[i] == '+')) i++;
    if (digits() == 0) return false;
  }
  return i == s.size();
}

// YYYY-M-D and what may follow: go-yaml gives such text as it stands.
bool date_shape(std::string_view s) {
  auto digit = [&](size_t i) { return i < s.size() && s[i] >= '0' && s[i] <= '9'; };
  return digit(0) && digit(1) && digit(2) && digit(3) && s.size() > 4 && s[4] == '-';
}

// 12:30:45, a number to base 60 for older readers.
bool base60_shape(std::string_view s) {
  size_t from = s.find_first_not_of("+-");
  return from != std::string_view::npos && s[from] >= '0' && s[from] <= '9' &&
         s.find(':') != std::string_view::npos &&
         s.find_first_not_of("0123456789_:.", from) == std::string_view::npos;
}

Json number_or_text(std::string_view text) {
  std::string plain(text);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  if (auto whole = parse_int_any_base(plain)) return Json(*whole);
  if (float_shape(plain)) {
    if (auto real = parse_real(plain)) return Json(*real);
  }
  return Json(text);
}

}  // namespace

Json resolve_yaml_scalar(std::string_view text) {
  if (text.empty()) return Json();
  char first = text[0];
  if ((first >= '0' && first <= '9') || first == '-' || first == '+') {
    return date_shape(text) ? Json(text) : number_or_text(text);
  }
  if (first == '.') {
    // strconv.ParseFloat has no underscores here.
    auto real = float_shape(text) ? parse_real(text) : std::nullopt;
    return real ? Json(*real) : Json(text);
  }
  for (const Word& word : kWords) {
    if (word.text == text) return word.meaning < 0 ? Json() : Json(word.meaning == 1);
  }
  return Json(text);
}

bool is_yaml_nonfinite(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return text == ".inf" || text == ".Inf" || text == ".INF";
}

bool is_yaml_ambiguous(std::string_view text) {
  return !resolve_yaml_scalar(text).is_string() || is_yaml_nonfinite(text) || date_shape(text) ||
         base60_shape(text) || text == "<<" || text == "=";
}

}  // namespace engine
