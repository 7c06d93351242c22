#include "engine/norman/difference.h"

#include <algorithm>

namespace engine {
namespace {

// The names of a list's items; empty when it is not one of differently named objects.
std::vector<std::string_view> names_of(const Json& list) {
  std::vector<std::string_view> out;
  if (!list.is_array()) return out;
  for (const Json& item : list.as_array()) {
    const std::string_view name = item.str("name");
    if (name.empty() || std::find(out.begin(), out.end(), name) != out.end()) return {};
    out.push_back(name);
  }
  return out;
}

const Json* named(const Json& list, std::string_view name) {
  for (const Json& item : list.as_array())
    if (item.str("name") == name) return &item;
  return nullptr;
}

// Whether those of `names` that `order` has too follow each other as they do there.
bool keep_order(const std::vector<std::string_view>& order,
                const std::vector<std::string_view>& names) {
  size_t last = 0;
  for (std::string_view name : names) {
    auto found = std::find(order.begin(), order.end(), name);
    if (found == order.end()) continue;
    const auto at = static_cast<size_t>(found - order.begin());
    if (at < last) return false;
    last = at;
  }
  return true;
}

// Item by item: what the view does not show of those that stay, and their stored order, are kept.
bool merge_named(Json& stored, const Json& before, const Json& after) {
  const auto there = names_of(stored), old = names_of(before), now = names_of(after);
  if (there.empty() || old.empty() || now.empty()) return false;
  std::vector<std::string_view> order = now;
  if (keep_order(old, now)) {
    order.clear();
    for (std::string_view name : there)
      if (std::find(now.begin(), now.end(), name) != now.end()) order.push_back(name);
    for (size_t i = 0; i < now.size(); i++) {
      if (std::find(order.begin(), order.end(), now[i]) != order.end()) continue;
      auto place = i == 0 ? order.begin() : std::find(order.begin(), order.end(), now[i - 1]) + 1;
      order.insert(place, now[i]);
    }
  }
  JsonArray out;
  for (std::string_view name : order) {
    const Json *was = named(before, name), *is = named(after, name), *have = named(stored, name);
    Json item = was && have ? *have : *is;
    if (was && have) apply_difference(item, *was, *is);
    out.push_back(std::move(item));
  }
  stored = std::move(out);
  return true;
}

}  // namespace

void apply_difference(Json& stored, const Json& before, const Json& after) {
  for (const auto& [key, value] : after.as_object()) {
    const Json* old = before.find(key);
    if (old && *old == value) continue;
    Json* target = stored.find(key);
    if (old && old->is_object() && value.is_object() && target && target->is_object())
      apply_difference(*target, *old, value);
    else if (!(old && target && merge_named(*target, *old, value)))
      stored.set(key, Json(value));
  }
  for (const auto& [key, value] : before.as_object())
    if (!after.find(key)) stored.erase(key);
}

}  // namespace engine
