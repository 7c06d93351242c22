#include "engine/norman/field_source.h"

#include <algorithm>

namespace engine {
namespace {

constexpr std::string_view kProbe = "\x01probe";
constexpr std::string_view kScalars[] = {
    "string", "enum",     "boolean",  "int",    "float",
    "date",   "dnsLabel", "hostname", "base64", "dnsLabelRestricted"};

bool is_scalar(const Field& field) {
  return split_type(field.type).is_reference() ||
         std::find(std::begin(kScalars), std::end(kScalars), field.type) != std::end(kScalars);
}

// Where the probe has come to; false when it is nowhere, or in a list.
bool find_probe(const Json& value, std::vector<std::string>& path) {
  if (value.is_string()) return value.as_string() == kProbe;
  if (!value.is_object()) return false;
  for (const auto& [name, member] : value.as_object()) {
    path.push_back(name);
    if (find_probe(member, path)) return true;
    path.pop_back();
  }
  return false;
}

}  // namespace

const FieldSource* FieldSources::find(const SchemaView& schema, std::string_view field) const {
  std::pair key{&schema, std::string(field)};
  std::lock_guard lock(mutex_);
  auto found = known_.find(key);
  if (found != known_.end()) return found->second.get();
  auto made = make(schema, field);
  auto held = made ? std::make_unique<FieldSource>(std::move(*made)) : nullptr;
  return known_.emplace(std::move(key), std::move(held)).first->second.get();
}

std::optional<FieldSource> FieldSources::make(const SchemaView& schema,
                                              std::string_view name) const {
  const Field* field = schema.field(name);
  if (!field || !is_scalar(*field)) return std::nullopt;
  Json probe = Json::object({{name, kProbe}});
  mapper_.to_stored(schema, probe);
  FieldSource out;
  if (!find_probe(probe, out.path)) return std::nullopt;
  mapper_.to_api(schema, probe);
  if (probe.str(name) != kProbe) return std::nullopt;
  Json unnamed = Json::object({{"metadata", Json::object({{"name", kProbe}})}});
  mapper_.to_api(schema, unnamed);
  out.or_name = unnamed.str(name) == kProbe;
  out.number = field->type == "int" || field->type == "float";
  const Json* otherwise = field->declaration->find("default");
  if (otherwise && !otherwise->is_null() && !split_type(field->type).is_reference()) {
    out.has_otherwise = true;
    out.otherwise = otherwise->is_string() ? otherwise->as_string() : dump(*otherwise);
  }
  return out;
}

}  // namespace engine
