#include "engine/kinds/kind.h"

#include "engine/kinds/conversion.h"

#include <algorithm>

namespace engine {

bool Kind::has_verb(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

bool Kind::has_subresource(std::string_view name) const {
  return std::find(subresources.begin(), subresources.end(), name) != subresources.end();
}

std::string Kind::key_prefix() const {
  std::string_view where = conversion ? conversion->stored_group : std::string_view(group);
  return "/registry/" + std::string(where.empty() ? "core" : where) + "/" + plural + "/";
}

std::string Kind::stored_api_version() const {
  const std::string& stored = storage_version.empty() ? version : storage_version;
  std::string_view where = conversion ? conversion->stored_group : std::string_view(group);
  return where.empty() ? stored : std::string(where) + "/" + stored;
}

std::string Kind::key(std::string_view ns, std::string_view name) const {
  std::string out = key_prefix();
  if (namespaced()) out.append(ns).append("/");
  return out.append(name);
}

About Kind::about(std::string_view name) const {
  return {group, plural, std::string(name)};
}

}  // namespace engine
