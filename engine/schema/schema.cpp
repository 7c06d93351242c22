#include "engine/schema/schema.h"

#include <algorithm>

#include "engine/schema/node.h"
#include "engine/schema/structural.h"
#include "engine/schema/validate.h"
#include "engine/schema/walk.h"

namespace engine {

namespace {

const Node& node_of(const SchemaNode& root) {
  return static_cast<const Node&>(root);
}

}  // namespace

FieldPath FieldPath::member(std::string_view name) const {
  FieldPath out;
  out.text_ = text_.empty() ? std::string(name) : text_ + "." + std::string(name);
  return out;
}

FieldPath FieldPath::item(size_t index) const {
  FieldPath out;
  out.text_ = text_ + "[" + std::to_string(index) + "]";
  return out;
}

FieldPath FieldPath::key(std::string_view key) const {
  FieldPath out;
  out.text_ = text_ + "[" + std::string(key) + "]";
  return out;
}

std::shared_ptr<const Schema> Schema::from_openapi(std::shared_ptr<const SchemaNode> root) {
  return std::shared_ptr<const Schema>(new Schema(std::move(root)));
}

Result<std::shared_ptr<const Schema>> Schema::from_structural(const Json& schema,
                                                              std::string_view path) {
  std::vector<Cause> causes = check_structural(schema, path);
  if (!causes.empty()) {
    return Status::invalid("apiextensions.k8s.io", "CustomResourceDefinition", "",
                           std::move(causes));
  }
  NodePtr root = compile(schema, {.mode = Mode::structural});
  root->resource_root = true;
  for (auto& [name, child] : root->properties) {
    if (name == "metadata") root->metadata_rules = std::move(child);
  }
  std::erase_if(root->properties, [](const auto& entry) {
    return entry.first == "metadata" || entry.first == "apiVersion" || entry.first == "kind";
  });
  auto add = [&](std::string name, NodePtr child) {
    root->properties.emplace_back(std::move(name), std::move(child));
  };
  add("apiVersion", compile(Json::object({{"type", "string"}}), {.mode = Mode::structural}));
  add("kind", compile(Json::object({{"type", "string"}}), {.mode = Mode::structural}));
  add("metadata", object_meta_node());
  std::sort(root->properties.begin(), root->properties.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return std::shared_ptr<const Schema>(
      new Schema(std::shared_ptr<const SchemaNode>(std::move(root))));
}

std::vector<Cause> Schema::validate(const Json& object) const {
  return validate_value(object, node_of(*root_));
}

void Schema::apply_defaults(Json& object) const {
  default_value(object, node_of(*root_));
}

std::vector<std::string> Schema::prune(Json& object) const {
  std::vector<std::string> removed;
  prune_value(object, node_of(*root_), removed);
  return removed;
}

}  // namespace engine
