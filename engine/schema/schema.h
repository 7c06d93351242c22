// Schema: one object type's shape, from OpenAPI definitions or a CRD's structural schema. It
// validates, defaults, prunes and tells how lists merge. References are resolved on first use, so
// that thousands of definitions cost nothing until they are needed. Thread: immutable after
// construction; any thread. Owns: its parsed nodes, shared with the other schemas of its document.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace engine {

class SchemaNode;  // one place in a schema: schema_node.h

// Where in an object: prints as spec.containers[0].name, metadata.labels[a.b/c].
class FieldPath {
 public:
  FieldPath() = default;
  FieldPath member(std::string_view name) const;
  FieldPath item(size_t index) const;
  FieldPath key(std::string_view key) const;  // a map's key, printed in brackets
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class Schema {
 public:
  // `root` may refer into `definitions` (kept alive by the schema).
  static std::shared_ptr<const Schema> from_openapi(std::shared_ptr<const SchemaNode> root);
  // A CRD's openAPIV3Schema; the error lists why it is not structural, as causes.
  static Result<std::shared_ptr<const Schema>> from_structural(const Json& schema,
                                                               std::string_view path);

  // Every fault found, in order of the object; empty when it fits.
  std::vector<Cause> validate(const Json& object) const;
  void apply_defaults(Json& object) const;
  // Removes what the schema does not know; the paths removed, as `spec.foo`.
  std::vector<std::string> prune(Json& object) const;
  const SchemaNode& root() const { return *root_; }

 private:
  explicit Schema(std::shared_ptr<const SchemaNode> root) : root_(std::move(root)) {}
  std::shared_ptr<const SchemaNode> root_;
};

// One place in a schema. What patch and apply ask for while they walk an object.
class SchemaNode {
 public:
  enum class ListType : uint8_t { atomic, set, map };
  virtual ~SchemaNode() = default;
  virtual const SchemaNode* member(
      std::string_view name) const = 0;  // a property, or the map's value type; null when unknown
  virtual const SchemaNode* items() const = 0;  // null unless a list
  virtual bool is_map() const = 0;              // additionalProperties: keys are data
  virtual bool atomic() const = 0;              // x-kubernetes-map-type: atomic
  virtual ListType list_type()
      const = 0;  // x-kubernetes-list-type, or as the patch strategy implies
  virtual const std::vector<std::string>& list_keys() const = 0;  // x-kubernetes-list-map-keys
  virtual std::string_view patch_merge_key() const = 0;           // x-kubernetes-patch-merge-key
  virtual std::string_view patch_strategy()
      const = 0;  // "merge", "replace", "retainKeys", "merge,retainKeys" or empty
  virtual bool preserves_unknown() const = 0;
  virtual Json key_default(
      std::string_view key) const = 0;  // default of a list-map key (protocol: TCP); null when none
  virtual std::string_view type()
      const = 0;  // object, array, string, integer, number, boolean or empty (any)
};

}  // namespace engine
