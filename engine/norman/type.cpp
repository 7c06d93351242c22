#include "engine/norman/type.h"

namespace engine {

KindPtr Type::holder(const KindSnapshot& kinds, const SchemaView& schema) const {
  std::string name = schema.base_type();
  if (name.empty()) return nullptr;
  name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  const Json* version = schema.json().find("version");
  std::string_view group =
      version ? version->str("group") : std::string_view("management.cattle.io");
  // What /v3/cluster lists lives in that cluster's own API, of which namespaces are core.
  if (group == "cluster.cattle.io") group = "";
  return kinds.by_kind(group, group.empty() ? "v1" : "v3", name);
}

void TypeSet::add(std::string schema_id, std::unique_ptr<Type> type) {
  types_[std::move(schema_id)] = std::move(type);
}

const Type& TypeSet::of(const SchemaView& schema) const {
  static const Type plain;
  auto found = types_.find(schema.path() + " " + schema.id());
  return found == types_.end() ? plain : *found->second;
}

}  // namespace engine
