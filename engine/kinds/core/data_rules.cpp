#include "engine/kinds/core/data_rules.h"

#include "engine/base/base64.h"
#include "engine/base/limits.h"
#include "engine/base/names.h"

namespace engine {

void check_data_keys(Causes& out, std::string_view field, const Json* data) {
  if (data == nullptr || !data->is_object()) return;
  for (const auto& [key, value] : data->as_object())
    add_reasons(out, std::string(field) + "[" + key + "]", key, check_config_key(key));
}

void check_data_size(Causes& out, size_t bytes) {
  if (bytes > limits::kConfigDataBytesMax)
    out.push_back(cause_too_long("data", limits::kConfigDataBytesMax));
}

void check_immutable_data(Causes& out, const Json& object, const Json& old,
                          std::initializer_list<std::string_view> fields) {
  constexpr std::string_view kWhy = "field is immutable when `immutable` is set";
  if (!old.truth({"immutable"})) return;
  if (!object.truth({"immutable"})) out.push_back(cause_forbidden("immutable", kWhy));
  for (std::string_view field : fields) {
    const Json* now = object.find(field);
    const Json* before = old.find(field);
    bool none = (now == nullptr || now->size() == 0) && (before == nullptr || before->size() == 0);
    bool same = none || (now != nullptr && before != nullptr && *now == *before);
    if (!same) out.push_back(cause_forbidden(std::string(field), kWhy));
  }
}

std::string check_base64_values(std::string_view field, const Json* data, size_t& bytes) {
  if (data == nullptr || !data->is_object()) return {};
  for (const auto& [key, value] : data->as_object()) {
    if (!value.is_string()) continue;
    auto decoded = base64_decode(value.as_string());
    if (!decoded) return std::string(field) + "[" + key + "]: illegal base64 data";
    bytes += decoded->size();
  }
  return {};
}

}  // namespace engine
