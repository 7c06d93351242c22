#include "engine/access/settings.h"

#include "engine/base/numbers.h"

namespace engine {

std::string Settings::value(std::string_view name) const {
  KindPtr kind = kinds_.snapshot()->stored("management.cattle.io", "settings");
  auto found = kind ? dispatcher_.get(*kind, "", name) : nullptr;
  if (!found || !*found) return {};
  auto setting = parse_json(*(*found)->bytes);
  if (!setting) return {};
  std::string value(setting->str("value"));
  return value.empty() ? std::string(setting->str("default")) : value;
}

int64_t Settings::number(std::string_view name, int64_t otherwise) const {
  auto number = parse_int(value(name));
  return number && *number >= 0 ? *number : otherwise;
}

bool Settings::truth(std::string_view name, bool otherwise) const {
  std::string text = value(name);
  return text == "true" || (text != "false" && otherwise);
}

}  // namespace engine
