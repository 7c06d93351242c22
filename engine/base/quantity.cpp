#include "engine/base/quantity.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "engine/base/numbers.h"

namespace engine {
namespace {

using Wide = __int128;

struct Suffix {
  std::string_view text;
  bool binary;
  Wide milli;  // thousandths of one; nano and micro are handled apart
};

constexpr Wide kMilli = 1000;
constexpr Wide kKibi = 1024;
constexpr std::array<Suffix, 14> kSuffixes = {{
    {"Ki", true, kMilli* kKibi},
    {"Mi", true, kMilli* kKibi* kKibi},
    {"Gi", true, kMilli* kKibi* kKibi* kKibi},
    {"Ti", true, kMilli* kKibi* kKibi* kKibi* kKibi},
    {"Pi", true, kMilli* kKibi* kKibi* kKibi* kKibi* kKibi},
    {"Ei", true, kMilli* kKibi* kKibi* kKibi* kKibi* kKibi* kKibi},
    {"m", false, 1},
    {"", false, kMilli},
    {"k", false, kMilli * 1000},
    {"M", false, kMilli * 1000 * 1000},
    {"G", false, kMilli * 1000 * 1000 * 1000},
    {"T", false, kMilli * 1000 * 1000 * 1000 * 1000},
    {"P", false, kMilli * 1000 * 1000 * 1000 * 1000 * 1000},
    {"E", false, kMilli * 1000 * 1000 * 1000 * 1000 * 1000 * 1000},
}};
constexpr Wide kMost = std::numeric_limits<int64_t>::max();

// digits[.digits] as a numerator over a power of ten.
struct Number {
  Wide value = 0;
  Wide scale = 1;
};
std::optional<Number> take_number(std::string_view& text) {
  Number number;
  bool any = false, point = false;
  while (!text.empty()) {
    const char c = text.front();
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (number.value > kMost || number.scale > kMost) return std::nullopt;
      number.value = number.value * 10 + (c - '0');
      if (point) number.scale *= 10;
    } else {
      break;
    }
    text.remove_prefix(1);
  }
  if (!any) return std::nullopt;
  return number;
}

std::optional<int64_t> scaled(Number number, Wide times, Wide over, bool negative) {
  if (number.value > kMost || times > kMost * kMilli) return std::nullopt;
  const Wide by = number.scale * over;
  Wide milli = number.value * times;
  milli = (milli + by - 1) / by;  // up, as upstream
  if (milli > kMost) return std::nullopt;
  return static_cast<int64_t>(negative ? -milli : milli);
}

}  // namespace

std::optional<Quantity> Quantity::parse(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  Wide times = 0, over = 1;
  bool binary = false;
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.text != text) continue;
    times = suffix.milli;
    binary = suffix.binary;
  }
  if (text == "n") over = 1'000'000;
  if (text == "u") over = 1'000;
  if (over > 1) times = 1;
  if (times == 0) {
    // 1e3, 12E6: an exponent, not the suffix for exa.
    if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
    const auto exponent = parse_int(text.substr(text[1] == '+' ? 2 : 1));
    if (!exponent || *exponent < -9 || *exponent > 15) return std::nullopt;
    times = kMilli;
    for (int64_t i = 0; i < *exponent; ++i) times *= 10;
    for (int64_t i = *exponent; i < 0; ++i) over *= 10;
  }
  const auto milli = scaled(*number, times, over, negative);
  if (!milli) return std::nullopt;
  return Quantity{*milli, binary};
}

std::string Quantity::text() const {
  // Binary amounts below one Ki, and such with a fraction, are written in decimal.
  const bool small = milli > -1024 * 1000 && milli < 1024 * 1000;
  if (binary && !small) {
    static constexpr std::array<std::string_view, 7> kNames = {"",   "Ki", "Mi", "Gi",
                                                               "Ti", "Pi", "Ei"};
    int64_t units = value();
    size_t at = 0;
    while (units % 1024 == 0 && at + 1 < kNames.size()) {
      units /= 1024;
      ++at;
    }
    return std::to_string(units) + std::string(kNames[at]);
  }
  if (milli == 0) return "0";
  static constexpr std::array<std::string_view, 8> kNames = {"m", "", "k", "M", "G", "T", "P", "E"};
  int64_t units = milli;
  size_t at = 0;
  while (units % 1000 == 0 && at + 1 < kNames.size()) {
    units /= 1000;
    ++at;
  }
  return std::to_string(units) + std::string(kNames[at]);
}

std::optional<Quantity> quantity_of(const Json& value) {
  if (value.is_string()) return Quantity::parse(value.as_string());
  if (value.is_int()) return Quantity::parse(std::to_string(value.as_int()));
  return std::nullopt;
}

void Amounts::add(std::string_view name, Quantity quantity) {
  auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    by_name_.emplace(name, quantity);
    return;
  }
  Quantity& sum = found->second;
  const Wide wide = static_cast<Wide>(sum.milli) + quantity.milli;
  // A sum is written as its first part that is not nothing, as upstream.
  if (sum.milli == 0) sum.binary = quantity.binary;
  sum.milli = static_cast<int64_t>(std::clamp(wide, -kMost, kMost));
}

void Amounts::add(const Json* resources) {
  if (!resources || !resources->is_object()) return;
  for (const auto& [name, value] : resources->as_object())
    if (auto quantity = quantity_of(value)) add(name, *quantity);
}

void Amounts::add(const Amounts& other) {
  for (const auto& [name, quantity] : other.by_name_) add(name, quantity);
}

void Amounts::raise_to(const Amounts& other) {
  for (const auto& [name, quantity] : other.by_name_) {
    auto [at, fresh] = by_name_.emplace(name, quantity);
    if (!fresh && at->second < quantity) at->second = quantity;
  }
}

const Quantity* Amounts::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

void Amounts::set(std::string_view name, Quantity quantity) {
  by_name_.insert_or_assign(std::string(name), quantity);
}

void Amounts::take(const Amounts& other) {
  for (const auto& [name, quantity] : other.by_name_) add(name, {-quantity.milli, quantity.binary});
}

void Amounts::drop_zeros() {
  std::erase_if(by_name_, [](const auto& entry) { return entry.second.milli == 0; });
}

Json Amounts::json() const {
  Json out = Json::object();
  for (const auto& [name, quantity] : by_name_) out.set(name, quantity.text());
  return out;
}

}  // namespace engine
