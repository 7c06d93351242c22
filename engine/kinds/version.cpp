#include "engine/kinds/version.h"

#include <charconv>
#include <cstdint>
#include <tuple>

namespace engine {

namespace {

struct Rank {
  int stage = 0;  // 3 stable, 2 beta, 1 alpha, 0 none of these
  uint32_t major = 0;
  uint32_t minor = 0;
};

// The number at the front; false when there is none.
bool number(std::string_view& text, uint32_t& out) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

Rank rank_of(std::string_view version) {
  Rank out;
  if (!version.starts_with('v')) return {};
  version.remove_prefix(1);
  if (!number(version, out.major)) return {};
  if (version.empty()) {
    out.stage = 3;
    return out;
  }
  out.stage = version.starts_with("beta") ? 2 : version.starts_with("alpha") ? 1 : 0;
  if (out.stage == 0) return {};
  version.remove_prefix(out.stage == 2 ? 4 : 5);
  return number(version, out.minor) && version.empty() ? out : Rank{};
}

}  // namespace

bool is_better_version(std::string_view a, std::string_view b) {
  Rank x = rank_of(a);
  Rank y = rank_of(b);
  auto order_x = std::tie(x.stage, x.major, x.minor);
  auto order_y = std::tie(y.stage, y.major, y.minor);
  if (order_x != order_y) return order_x > order_y;
  return a < b;
}

}  // namespace engine
