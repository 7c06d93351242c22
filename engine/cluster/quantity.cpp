#include "engine/cluster/quantity.h"

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
  if (milli % 1000 != 0) return std::to_string(milli) + "m";
  if (!binary) return std::to_string(milli / 1000);
  static constexpr std::array<std::string_view, 7> kNames = {"",   "Ki", "Mi", "Gi",
                                                             "Ti", "Pi", "Ei"};
  int64_t units = milli / 1000;
  size_t at = 0;
  while (units != 0 && units % 1024 == 0 && at + 1 < kNames.size()) {
    units /= 1024;
    ++at;
  }
  return std::to_string(units) + std::string(kNames[at]);
}

void Amounts::add(std::string_view name, Quantity quantity) {
  auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    by_name_.emplace(name, quantity);
    return;
  }
  Quantity& sum = found->second;
  const Wide wide = static_cast<Wide>(sum.milli) + quantity.milli;
  sum.milli = static_cast<int64_t>(std::min(wide, kMost));
  sum.binary = sum.binary || quantity.binary;
}

void Amounts::add(const Json* resources) {
  if (!resources || !resources->is_object()) return;
  for (const auto& [name, value] : resources->as_object()) {
    std::optional<Quantity> quantity;
    if (value.is_string()) quantity = Quantity::parse(value.as_string());
    if (value.is_int()) quantity = Quantity::parse(std::to_string(value.as_int()));
    if (quantity) add(name, *quantity);
  }
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

Json Amounts::json() const {
  Json out = Json::object();
  for (const auto& [name, quantity] : by_name_) out.set(name, quantity.text());
  return out;
}

}  // namespace engine
