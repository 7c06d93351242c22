#include "engine/controllers/management/driver_fields.h"

#include <algorithm>
#include <charconv>
#include <set>

extern "C" const char driver_flags_data_begin[], driver_flags_data_end[];

namespace engine {
namespace {

using Names = std::set<std::string, std::less<>>;

// "a,b:443" -> {"a", "b:443"}
Names list_of(const Json& annotations, std::string_view key) {
  Names out;
  std::string_view text = annotations.str(key);
  while (!text.empty()) {
    const size_t comma = text.find(',');
    if (comma != 0) out.emplace(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return out;
}

std::string from_file(std::string_view url, std::string_view prefix) {
  std::string_view file = url.substr(url.rfind('/') + 1);
  if (!file.starts_with(prefix)) return {};
  file.remove_prefix(prefix.size());
  const size_t end = file.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789");
  return std::string(file.substr(0, end));
}

void set_default(Json& field, std::string_view value) {
  Json otherwise = Json::object(
      {{"boolValue", false}, {"intValue", 0}, {"stringSliceValue", nullptr}, {"stringValue", ""}});
  const std::string_view type = field.str("type");
  if (type == "int") {
    int64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    otherwise.set("intValue", number);
  } else if (type == "boolean") {
    otherwise.set("boolValue", value == "true");
  } else {
    otherwise.set("stringValue", value);
  }
  field.set("default", std::move(otherwise));
}

}  // namespace

std::string driver_name(const Json& node_driver) {
  std::string out(node_driver.str({"spec", "displayName"}));
  return out.empty() ? from_file(node_driver.str({"spec", "url"}), "docker-machine-driver-") : out;
}

std::string engine_driver_name(const Json& kontainer_driver) {
  std::string out(kontainer_driver.str({"status", "displayName"}));
  return out.empty() ? from_file(kontainer_driver.str({"spec", "url"}), "kontainer-engine-driver-")
                     : out;
}

std::optional<Json> known_driver_fields(std::string_view driver) {
  std::string_view text(driver_flags_data_begin,
                        static_cast<size_t>(driver_flags_data_end - driver_flags_data_begin));
  Json all = MUST(parse_json(text));  // made at build time
  const Json* found = all.find(driver);
  return found ? std::optional<Json>(*found) : std::nullopt;
}

Json driver_fields(const Json& fields, const Json& annotations) {
  Names secret = list_of(annotations, "privateCredentialFields");
  secret.merge(list_of(annotations, "passwordFields"));
  Json out = fields;
  for (auto& [name, field] : out.as_object())
    if (secret.count(name)) field.set("type", "password");
  return out;
}

Json credential_fields(const Json& fields, const Json& annotations) {
  Names wanted = list_of(annotations, "privateCredentialFields");
  const Names secret = wanted;
  wanted.merge(list_of(annotations, "publicCredentialFields"));
  const Names optional = list_of(annotations, "optionalCredentialFields");
  const Names defaults = list_of(annotations, "defaults");
  Json out = Json::object();
  for (const std::string& name : wanted) {
    const Json* known = fields.find(name);
    Json field =
        known ? *known : Json::object({{"create", true}, {"type", "string"}, {"update", true}});
    if (secret.count(name)) field.set("type", "password");
    if (!optional.count(name)) field.set("required", true);
    for (const std::string& pair : defaults)
      if (pair.starts_with(name + ":")) set_default(field, pair.substr(name.size() + 1));
    out.set(name, std::move(field));
  }
  return out;
}

}  // namespace engine
