// Node: a SchemaNode as parsed, with its rules. Made by compile() from OpenAPI definitions
// (references resolved on first use) or from a structural schema. Internal to engine/schema.
// Thread: immutable but for the resolved reference, which is atomic; any. Owns: its children.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/schema/definitions.h"
#include "engine/schema/pattern.h"
#include "engine/schema/schema.h"

namespace engine {

enum class Mode : uint8_t {
  openapi,     // built-in kinds: null is "not there", as Go's decoder has it
  structural,  // custom resources
};

enum class JsonType : uint8_t { any, object, array, string, integer, number, boolean };
const char* json_type_name(JsonType type);

struct Node;
using NodePtr = std::unique_ptr<Node>;

// What a value must satisfy beyond its type.
struct Rules {
  std::vector<Json> choices;  // enum
  std::optional<double> minimum, maximum, multiple_of;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<int64_t> min_length, max_length, min_items, max_items, min_properties,
      max_properties;
  bool unique_items = false;
  std::string pattern_text;
  std::shared_ptr<const Pattern> pattern;
  std::vector<NodePtr> all_of, any_of, one_of;
  NodePtr negated;  // not
};

struct Node final : SchemaNode {
  Mode mode = Mode::openapi;
  JsonType json_type = JsonType::any;
  bool nullable = false;
  bool preserve = false;
  bool int_or_string = false;
  bool quantity = false;  // resource.Quantity: a number is taken for its text
  bool embedded = false;  // x-kubernetes-embedded-resource
  bool atomic_map = false;
  bool resource_root = false;  // apiVersion, kind and metadata are there whatever the schema says
  bool typed_list = false;     // has x-kubernetes-list-type
  ListType list = ListType::atomic;
  std::string format;
  std::vector<std::pair<std::string, NodePtr>> properties;  // sorted by name
  std::vector<std::string> required;
  NodePtr additional;
  NodePtr item;
  NodePtr metadata_rules;  // what a structural schema says of metadata beyond ObjectMeta
  std::vector<std::string> keys;
  std::string merge_key;
  std::string strategy;
  std::optional<Json> otherwise;  // default
  std::unique_ptr<Rules> rules;
  const Definitions* definitions = nullptr;
  std::string go_name;    // of a definition: v1.PodSpec, as Go calls its type
  std::string reference;  // a definition's name
  mutable std::atomic<const Node*> target = nullptr;

  const Node* property(std::string_view name) const;
  // Itself, or what it refers to. An unknown reference is a node that takes anything.
  const Node& real() const;
  // Neither properties nor a value type: what is inside is nobody's business.
  bool free_form() const;

  const SchemaNode* member(std::string_view name) const override;
  const SchemaNode* items() const override { return real().item.get(); }
  bool is_map() const override { return real().additional != nullptr; }
  bool atomic() const override { return atomic_map || real().atomic_map; }
  ListType list_type() const override;
  const std::vector<std::string>& list_keys() const override { return real().keys; }
  std::string_view patch_merge_key() const override { return merge_key; }
  std::string_view patch_strategy() const override { return strategy; }
  bool preserves_unknown() const override {
    return preserve || real().preserve || real().free_form();
  }
  Json key_default(std::string_view key) const override;
  std::string_view type() const override;
};

struct CompileOptions {
  Mode mode = Mode::openapi;
  const Definitions* definitions = nullptr;  // openapi: where references lead
};
// `schema` is trusted as to its shape in openapi mode, checked before in structural mode.
NodePtr compile(const Json& schema, const CompileOptions& options);
// ObjectMeta as a structural schema has it implicitly.
NodePtr object_meta_node();

}  // namespace engine
