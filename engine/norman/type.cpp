#include "engine/norman/type.h"

namespace engine {

namespace {

// A type that does nothing beyond its schema. Subtypes of one kind (githubConfig of authConfig) say
// in the object which they are.
class Plain final : public Type {
 public:
  bool selects() const override { return false; }
  bool computes(std::string_view) const override { return false; }
  bool is_shown_as_stored(std::string_view) const override { return true; }
  std::string_view subtype(const Json& stored) const override { return stored.str("type"); }
};

class PlainSubtype final : public Type {
 public:
  bool is_shown_as_stored(std::string_view) const override { return true; }
  bool shares_kind() const override { return true; }
  bool computes(std::string_view) const override { return false; }
  bool holds(const Json& stored, const SchemaView& schema) const override {
    return stored.str("type") == schema.id();
  }
};

}  // namespace

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

Status Type::not_held(const SchemaView&) const {
  return Status::other(404, "NotFound", "no store found");
}

void TypeSet::add(std::string schema_id, std::unique_ptr<Type> type) {
  types_[std::move(schema_id)] = std::move(type);
}

const Type& TypeSet::of(const SchemaView& schema) const {
  static const Plain plain;
  static const PlainSubtype plain_subtype;
  auto found = types_.find(schema.path() + " " + schema.id());
  if (found != types_.end()) return *found->second;
  return schema.base_type() == schema.id() ? static_cast<const Type&>(plain) : plain_subtype;
}

}  // namespace engine
