#include "engine/schema/node.h"

#include <algorithm>

namespace engine {

namespace {

constexpr std::string_view kReference = "#/definitions/";

// The node an unknown reference leads to; one for all, made on first use.
const Node& anything() {
  static const Node* node = [] {
    Node* made = new Node;
    made->preserve = true;
    return made;
  }();
  return *node;
}

JsonType type_of(std::string_view name) {
  for (JsonType type : {JsonType::object, JsonType::array, JsonType::string, JsonType::integer,
                        JsonType::number, JsonType::boolean}) {
    if (name == json_type_name(type)) return type;
  }
  return JsonType::any;
}

std::optional<double> real_of(const Json& schema, std::string_view key) {
  const Json* found = schema.find(key);
  return found != nullptr && found->is_number() ? std::optional(found->as_real()) : std::nullopt;
}

std::optional<int64_t> count_of(const Json& schema, std::string_view key) {
  const Json* found = schema.find(key);
  return found != nullptr && found->is_int() ? std::optional(found->as_int()) : std::nullopt;
}

std::vector<std::string> strings_of(const Json* list) {
  std::vector<std::string> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : list->as_array()) {
    if (item.is_string()) out.push_back(item.as_string());
  }
  return out;
}

std::vector<NodePtr> nodes_of(const Json* list, const CompileOptions& options) {
  std::vector<NodePtr> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : list->as_array()) out.push_back(compile(item, options));
  return out;
}

constexpr std::string_view kRuleKeys[] = {
    "enum",          "minimum",  "maximum",  "multipleOf", "minLength",   "maxLength",
    "pattern",       "minItems", "maxItems", "allOf",      "uniqueItems", "minProperties",
    "maxProperties", "anyOf",    "oneOf",    "not"};

std::unique_ptr<Rules> rules_of(const Json& schema, const CompileOptions& options) {
  bool any = std::any_of(std::begin(kRuleKeys), std::end(kRuleKeys),
                         [&](std::string_view key) { return schema.find(key) != nullptr; });
  if (!any) return nullptr;
  auto out = std::make_unique<Rules>();
  if (const Json* choices = schema.find("enum"); choices != nullptr && choices->is_array()) {
    out->choices = choices->as_array();
  }
  out->minimum = real_of(schema, "minimum");
  out->maximum = real_of(schema, "maximum");
  out->multiple_of = real_of(schema, "multipleOf");
  out->exclusive_minimum = schema.truth({"exclusiveMinimum"});
  out->exclusive_maximum = schema.truth({"exclusiveMaximum"});
  out->min_length = count_of(schema, "minLength");
  out->max_length = count_of(schema, "maxLength");
  out->min_items = count_of(schema, "minItems");
  out->max_items = count_of(schema, "maxItems");
  out->min_properties = count_of(schema, "minProperties");
  out->max_properties = count_of(schema, "maxProperties");
  out->unique_items = schema.truth({"uniqueItems"});
  out->pattern_text = schema.str("pattern");
  if (!out->pattern_text.empty()) {
    auto pattern = Pattern::compile(out->pattern_text);
    if (pattern) out->pattern = *pattern;
  }
  out->all_of = nodes_of(schema.find("allOf"), options);
  out->any_of = nodes_of(schema.find("anyOf"), options);
  out->one_of = nodes_of(schema.find("oneOf"), options);
  if (const Json* negated = schema.find("not")) out->negated = compile(*negated, options);
  return out;
}

void read_lists(Node& out, const Json& schema) {
  out.keys = strings_of(schema.find("x-kubernetes-list-map-keys"));
  out.merge_key = schema.str("x-kubernetes-patch-merge-key");
  out.strategy = schema.str("x-kubernetes-patch-strategy");
  out.atomic_map = schema.str("x-kubernetes-map-type") == "atomic";
  std::string_view type = schema.str("x-kubernetes-list-type");
  out.typed_list = !type.empty();
  bool merges = out.strategy.starts_with("merge");
  if (type == "map" || (type.empty() && merges && !out.merge_key.empty())) {
    out.list = SchemaNode::ListType::map;
    if (out.keys.empty()) out.keys = {out.merge_key};
  } else if (type == "set" || (type.empty() && merges)) {
    out.list = SchemaNode::ListType::set;
  }
}

void read_children(Node& out, const Json& schema, const CompileOptions& options) {
  if (const Json* properties = schema.find("properties"); properties && properties->is_object()) {
    out.properties.reserve(properties->size());
    for (const auto& [name, child] : properties->as_object()) {
      out.properties.emplace_back(name, compile(child, options));
    }
    std::sort(out.properties.begin(), out.properties.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  if (const Json* additional = schema.find("additionalProperties")) {
    // True says nothing of the values, which is an empty schema.
    if (additional->is_object()) out.additional = compile(*additional, options);
    if (additional->is_bool() && additional->as_bool()) {
      out.additional = compile(Json::object(), options);
    }
  }
  if (const Json* item = schema.find("items"); item != nullptr && item->is_object()) {
    out.item = compile(*item, options);
  }
}

}  // namespace

const char* json_type_name(JsonType type) {
  static constexpr const char* kNames[] = {"",        "object", "array",  "string",
                                           "integer", "number", "boolean"};
  return kNames[static_cast<size_t>(type)];
}

NodePtr compile(const Json& schema, const CompileOptions& options) {
  auto out = std::make_unique<Node>();
  out->mode = options.mode;
  out->definitions = options.definitions;
  std::string_view reference = schema.str("$ref");
  if (reference.starts_with(kReference)) out->reference = reference.substr(kReference.size());
  out->json_type = type_of(schema.str("type"));
  out->format = schema.str("format");
  out->nullable = schema.truth({"nullable"});
  out->preserve = schema.truth({"x-kubernetes-preserve-unknown-fields"});
  out->int_or_string =
      schema.truth({"x-kubernetes-int-or-string"}) || out->format == "int-or-string";
  out->embedded = schema.truth({"x-kubernetes-embedded-resource"});
  out->required = strings_of(schema.find("required"));
  if (const Json* otherwise = schema.find("default")) out->otherwise = *otherwise;
  read_lists(*out, schema);
  read_children(*out, schema, options);
  out->rules = rules_of(schema, options);
  return out;
}

const Node* Node::property(std::string_view name) const {
  auto at = std::lower_bound(properties.begin(), properties.end(), name,
                             [](const auto& entry, std::string_view n) { return entry.first < n; });
  return at != properties.end() && at->first == name ? at->second.get() : nullptr;
}

const Node& Node::real() const {
  if (reference.empty()) return *this;
  const Node* known = target.load(std::memory_order_acquire);
  if (known == nullptr) {
    known = definitions == nullptr ? nullptr : definitions->node(reference);
    if (known == nullptr) known = &anything();
    if (known != &anything()) known = &known->real();
    target.store(known, std::memory_order_release);
  }
  return *known;
}

bool Node::free_form() const {
  bool shapeless = properties.empty() && additional == nullptr;
  return mode == Mode::openapi && shapeless &&
         (json_type == JsonType::object || (json_type == JsonType::any && !int_or_string));
}

const SchemaNode* Node::member(std::string_view name) const {
  const Node& node = real();
  if (const Node* found = node.property(name)) return found;
  return node.additional.get();
}

SchemaNode::ListType Node::list_type() const {
  return typed_list || list != ListType::atomic ? list : real().list;
}

Json Node::key_default(std::string_view key) const {
  const Node& node = real();
  if (node.item == nullptr) return Json();
  const Node* found = node.item->real().property(key);
  return found != nullptr && found->otherwise ? *found->otherwise : Json();
}

std::string_view Node::type() const {
  const Node& node = real();
  return node.int_or_string ? "" : json_type_name(node.json_type);
}

}  // namespace engine
