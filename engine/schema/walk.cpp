#include "engine/schema/walk.h"

#include <algorithm>

#include "engine/base/numbers.h"
#include "engine/schema/path.h"

namespace engine {

namespace {

bool is_meta(std::string_view name) {
  return name == "apiVersion" || name == "kind" || name == "metadata";
}

class Pruner {
 public:
  explicit Pruner(std::vector<std::string>& removed) : removed_(removed) {}

  void value(Json& value, const Node& given, const Path& path) {
    const Node& node = given.real();
    if (value.is_object()) {
      object(value.as_object(), node, given.preserve || node.preserve, path);
    } else if (value.is_array() && node.item != nullptr) {
      size_t i = 0;
      for (Json& item : value.as_array()) this->value(item, *node.item, Path::item(path, i++));
    } else if (value.is_array() && node.mode == Mode::structural && !node.preserve) {
      // Items that no schema speaks of: objects among them lose all, as upstream.
      for (Json& item : value.as_array()) {
        if (item.is_object()) item = Json::object();
      }
    } else if (value.is_number() && node.quantity) {
      value = value.is_int() ? Json(std::to_string(value.as_int()))
                             : Json(real_to_string(value.as_real()));
    }
  }

 private:
  void object(JsonObject& members, const Node& node, bool preserve, const Path& path) {
    if (node.free_form()) return;
    std::vector<std::string> unknown;
    for (auto& [name, member] : members) {
      Path here = Path::member(path, name);
      if (const Node* known = node.property(name)) {
        value(member, *known, here);
      } else if (node.additional != nullptr) {
        value(member, *node.additional, here);
      } else if (!preserve && !((node.resource_root || node.embedded) && is_meta(name))) {
        unknown.push_back(name);
      }
    }
    for (const std::string& name : unknown) {
      removed_.push_back(Path::member(path, name).text());
      members.erase(name);
    }
  }

  std::vector<std::string>& removed_;
};

// A map or list with nothing in it is not written again by Go (omitempty).
bool is_omitted(const Json& value, const Node& given) {
  if (value.is_null()) return true;
  const Node& node = given.real();
  if (value.size() > 0) return false;
  return (value.is_array() && node.json_type == JsonType::array) ||
         (value.is_object() && node.additional != nullptr);
}

// Null where a value of its own type is meant: what Go's decoder leaves there.
void settle_null_openapi(JsonObject& members, const Node& node) {
  std::vector<std::string> gone;
  for (auto& [name, value] : members) {
    const Node* known = node.property(name);
    bool required =
        std::find(node.required.begin(), node.required.end(), name) != node.required.end();
    if (known != nullptr && !required && is_omitted(value, *known)) gone.push_back(name);
    if (value.is_null() && known == nullptr && node.additional != nullptr &&
        node.additional->real().json_type == JsonType::string) {
      value = Json("");
    }
  }
  for (const std::string& name : gone) members.erase(name);
}

void settle_null_structural(JsonObject& members, const Node& node) {
  std::vector<std::string> gone;
  for (auto& [name, value] : members) {
    if (!value.is_null() || (node.resource_root && is_meta(name))) continue;
    const Node* known = node.property(name);
    if (known == nullptr) known = node.additional.get();
    if (known != nullptr && !known->nullable && !known->preserve &&
        known->json_type != JsonType::any) {
      gone.push_back(name);
    }
  }
  for (const std::string& name : gone) members.erase(name);
}

}  // namespace

void prune_value(Json& value, const Node& node, std::vector<std::string>& removed) {
  Pruner(removed).value(value, node, Path());
}

void default_value(Json& value, const Node& given) {
  const Node& node = given.real();
  if (value.is_array()) {
    if (node.item == nullptr) return;
    for (Json& item : value.as_array()) default_value(item, *node.item);
    return;
  }
  if (!value.is_object()) return;
  JsonObject& members = value.as_object();
  if (node.mode == Mode::openapi) {
    // The product's kinds are stored as they come.
    if (!node.preserve) settle_null_openapi(members, node);
  } else {
    settle_null_structural(members, node);
  }
  for (const auto& [name, child] : node.properties) {
    if (child->otherwise && !(node.resource_root && is_meta(name)) &&
        members.find(name) == nullptr) {
      members.set(name, *child->otherwise);
    }
  }
  for (auto& [name, member] : members) {
    const Node* known = node.property(name);
    if (known == nullptr) known = node.additional.get();
    if (known != nullptr) default_value(member, *known);
  }
}

}  // namespace engine
