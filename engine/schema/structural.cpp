#include "engine/schema/structural.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/schema/pattern.h"
#include "engine/schema/validate.h"
#include "engine/schema/walk.h"

namespace engine {

namespace {

enum class Level : uint8_t { root, field, item };

constexpr std::string_view kForbiddenAlways[] = {
    "$ref",          "definitions", "dependencies",      "deprecated",
    "discriminator", "id",          "patternProperties", "readOnly",
    "writeOnly",     "xml",         "additionalItems"};

// What may not stand inside allOf, anyOf, oneOf and not.
constexpr std::string_view kForbiddenNested[] = {"default",
                                                 "title",
                                                 "description",
                                                 "nullable",
                                                 "x-kubernetes-preserve-unknown-fields",
                                                 "x-kubernetes-embedded-resource",
                                                 "x-kubernetes-int-or-string",
                                                 "x-kubernetes-list-type",
                                                 "x-kubernetes-list-map-keys",
                                                 "x-kubernetes-map-type"};

constexpr std::string_view kTypes[] = {"object", "array", "string", "integer", "number", "boolean"};

bool is_true(const Json& schema, std::string_view key) {
  return schema.truth({key});
}

// The one anyOf that may name types: integer, then string.
bool is_int_or_string_any_of(const Json* any_of) {
  return any_of != nullptr && any_of->is_array() && any_of->size() == 2 &&
         any_of->as_array()[0] == Json::object({{"type", "integer"}}) &&
         any_of->as_array()[1] == Json::object({{"type", "string"}});
}

class Checker {
 public:
  std::vector<Cause> causes;

  void schema(const Json& s, Level level, const std::string& path, size_t depth) {
    if (causes.size() >= limits::kValidationCausesMax) return;
    if (!s.is_object()) return add(cause_invalid(path, s, "must be a schema, an object"));
    if (depth > limits::kSchemaDepthMax) {
      return add(cause_forbidden(
          path, "nested more than " + std::to_string(limits::kSchemaDepthMax) + " levels deep"));
    }
    words(s, path);
    type(s, level, path);
    children(s, level, path, depth);
    lists(s, path);
    metadata(s, level, path);
    embedded(s, path);
    values(s, s, path, depth, is_int_or_string_any_of(s.find("anyOf")));
    if (const Json* otherwise = s.find("default")) default_of(s, *otherwise, path);
  }

 private:
  void add(Cause cause) { causes.push_back(std::move(cause)); }

  void words(const Json& s, const std::string& path) {
    for (std::string_view word : kForbiddenAlways) {
      if (s.find(word) != nullptr && !(*s.find(word) == Json(false))) {
        add(cause_forbidden(path + "." + std::string(word),
                            std::string(word) + " is not supported"));
      }
    }
    if (is_true(s, "uniqueItems")) {
      add(cause_forbidden(path + ".uniqueItems",
                          "uniqueItems cannot be set to true since the runtime "
                          "complexity becomes quadratic"));
    }
    const Json* additional = s.find("additionalProperties");
    if (additional == nullptr) return;
    if (additional->is_bool() && !additional->as_bool()) {
      add(cause_forbidden(path + ".additionalProperties",
                          "additionalProperties cannot be set to false"));
    }
    const Json* properties = s.find("properties");
    if (properties != nullptr && properties->size() > 0) {
      add(cause_forbidden(path + ".additionalProperties",
                          "additionalProperties and properties are mutual exclusive"));
    }
  }

  void type(const Json& s, Level level, const std::string& path) {
    std::string_view type = s.str("type");
    bool open = is_true(s, "x-kubernetes-int-or-string") ||
                is_true(s, "x-kubernetes-preserve-unknown-fields");
    if (is_true(s, "x-kubernetes-embedded-resource") && type != "object") {
      std::string why = "must be object if x-kubernetes-embedded-resource is true";
      add(type.empty() ? cause_required(path + ".type", why)
                       : cause_invalid(path + ".type", Json(type), why));
    } else if (type.empty() && !open) {
      add(cause_required(path + ".type", level == Level::root ? "must not be empty at the root"
                                         : level == Level::item
                                             ? "must not be empty for specified array items"
                                             : "must not be empty for specified object fields"));
    }
    if (level == Level::root && !type.empty() && type != "object") {
      add(cause_invalid(path + ".type", Json(type), "must be object at the root"));
    }
    if (!type.empty() &&
        std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) {
      std::vector<std::string> choices(std::begin(kTypes), std::end(kTypes));
      std::sort(choices.begin(), choices.end());
      add(cause_not_supported(path + ".type", Json(type), choices));
    }
    if (is_true(s, "x-kubernetes-int-or-string")) {
      for (std::string_view key :
           {"x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"}) {
        if (is_true(s, key)) {
          add(cause_invalid(path + "." + std::string(key), Json(true),
                            "must be false if x-kubernetes-int-or-string is true"));
        }
      }
    }
  }

  void children(const Json& s, Level level, const std::string& path, size_t depth) {
    const Json* items = s.find("items");
    if (s.str("type") == "array" && items == nullptr) {
      add(cause_required(path + ".items", "must be specified"));
    }
    if (items != nullptr && items->is_array()) {
      add(cause_forbidden(path + ".items", "items must be a schema object and not an array"));
    } else if (items != nullptr) {
      schema(*items, Level::item, path + ".items", depth + 1);
    }
    if (const Json* properties = s.find("properties"); properties && properties->is_object()) {
      for (const auto& [name, child] : properties->as_object()) {
        schema(child, Level::field, path + ".properties[" + name + "]", depth + 1);
      }
    }
    const Json* additional = s.find("additionalProperties");
    if (additional == nullptr) return;
    if (level == Level::root) {
      add(cause_forbidden(path + ".additionalProperties", "must not be used at the root"));
    }
    if (additional->is_object()) {
      schema(*additional, Level::field, path + ".additionalProperties", depth + 1);
    }
  }

  void lists(const Json& s, const std::string& path) {
    std::string_view kind = s.str("x-kubernetes-list-type");
    const Json* keys = s.find("x-kubernetes-list-map-keys");
    if (!kind.empty() && s.str("type") != "array") {
      add(s.str("type").empty()
              ? cause_required(path + ".type",
                               "must be array if x-kubernetes-list-type is specified")
              : cause_invalid(path + ".type", Json(s.str("type")),
                              "must be array if x-kubernetes-list-type is specified"));
    }
    if (!kind.empty() && kind != "atomic" && kind != "set" && kind != "map") {
      add(cause_not_supported(path + ".x-kubernetes-list-type", Json(kind),
                              {"atomic", "map", "set"}));
    }
    std::string keys_path = path + ".x-kubernetes-list-map-keys";
    if (kind != "map") {
      if (keys != nullptr && keys->size() > 0) {
        add(cause_forbidden(keys_path, "must be empty unless x-kubernetes-list-type is map"));
      }
      return;
    }
    if (keys == nullptr || keys->size() == 0) {
      return add(cause_required(keys_path, "must not be empty if x-kubernetes-list-type is map"));
    }
    const Json* items = s.find("items");
    if (items == nullptr || items->str("type") != "object") {
      return add(cause_invalid(path + ".items.type", Json(items ? items->str("type") : ""),
                               "must be object if parent array's x-kubernetes-list-type is map"));
    }
    for (const Json& key : keys->as_array()) key_of(key, *items, path);
  }

  void key_of(const Json& key, const Json& items, const std::string& path) {
    std::string name = key.is_string() ? key.as_string() : dump(key);
    const Json* found = items.at({"properties", name});
    if (found == nullptr) {
      return add(cause_invalid(path + ".x-kubernetes-list-map-keys", Json(name),
                               "entries must all be names of item properties"));
    }
    if (found->str("type") == "array" || found->str("type") == "object") {
      add(cause_invalid(path + ".items.properties[" + name + "].type", Json(found->str("type")),
                        "must be a scalar type if parent array's x-kubernetes-list-type is map"));
    }
    const Json* required = items.find("required");
    bool needed = required != nullptr && required->is_array() &&
                  std::find(required->as_array().begin(), required->as_array().end(), Json(name)) !=
                      required->as_array().end();
    if (!needed && found->find("default") == nullptr) {
      add(cause_required(
          path + ".items.properties[" + name + "].default",
          "this property is in x-kubernetes-list-map-keys, so it must have a default "
          "or be a required property"));
    }
  }

  void metadata(const Json& s, Level level, const std::string& path) {
    bool object = level == Level::root || is_true(s, "x-kubernetes-embedded-resource");
    for (std::string_view name : {"kind", "apiVersion"}) {
      const Json* found = s.at({"properties", name});
      if (object && found != nullptr && found->str("type") != "string") {
        add(cause_invalid(path + ".properties[" + std::string(name) + "].type",
                          Json(found->str("type")), "must be string"));
      }
    }
    const Json* meta = s.at({"properties", "metadata"});
    if (meta == nullptr || !object) return;
    std::string here = path + ".properties[metadata]";
    if (meta->str("type") != "object") {
      add(cause_invalid(here + ".type", Json(meta->str("type")), "must be object"));
    }
    if (level != Level::root) return;
    bool only_names = true;
    if (const Json* properties = meta->find("properties"); properties && properties->is_object()) {
      for (const auto& [name, child] : properties->as_object()) {
        only_names = only_names && (name == "name" || name == "generateName");
      }
    }
    for (const auto& [key, value] : meta->is_object() ? meta->as_object() : JsonObject()) {
      only_names = only_names && (key == "type" || key == "properties" || key == "description" ||
                                  key == "default");
    }
    if (!only_names) {
      add(cause_forbidden(here,
                          "must not specify anything other than name and generateName, but "
                          "metadata is implicitly specified"));
    }
  }

  void embedded(const Json& s, const std::string& path) {
    if (!is_true(s, "x-kubernetes-embedded-resource")) return;
    if (s.find("additionalProperties") != nullptr) {
      add(cause_forbidden(path + ".additionalProperties",
                          "must not be used if x-kubernetes-embedded-resource is set"));
    }
    const Json* properties = s.find("properties");
    if (!is_true(s, "x-kubernetes-preserve-unknown-fields") &&
        (properties == nullptr || properties->size() == 0)) {
      add(cause_required(path + ".properties",
                         "must not be empty if x-kubernetes-embedded-resource is "
                         "true without x-kubernetes-preserve-unknown-fields"));
    }
  }

  // The rules of `s`, whose fields must also be there in `outer`, the structure around them.
  void values(const Json& s, const Json& outer, const std::string& path, size_t depth,
              bool skip_any_of) {
    std::string_view pattern = s.str("pattern");
    if (!pattern.empty()) {
      auto compiled = Pattern::compile(pattern);
      if (!compiled) {
        add(cause_invalid(path + ".pattern", Json(pattern),
                          "must be a valid regular expression, but isn't: error parsing regexp: " +
                              compiled.error().what));
      }
    }
    for (std::string_view word : {"allOf", "anyOf", "oneOf"}) {
      const Json* parts = s.find(word);
      if (parts == nullptr || !parts->is_array() || (skip_any_of && word == "anyOf")) continue;
      for (size_t i = 0; i < parts->size(); i++) {
        const Json& part = parts->as_array()[i];
        bool int_or_string =
            word == "allOf" && i == 0 && is_int_or_string_any_of(part.find("anyOf"));
        nested(part, outer, path + "." + std::string(word) + "[" + std::to_string(i) + "]",
               depth + 1, int_or_string);
      }
    }
    if (const Json* negated = s.find("not"))
      nested(*negated, outer, path + ".not", depth + 1, false);
  }

  void nested(const Json& s, const Json& outer, const std::string& path, size_t depth,
              bool skip_any_of) {
    if (depth > limits::kSchemaDepthMax || causes.size() >= limits::kValidationCausesMax) return;
    for (std::string_view word : kForbiddenNested) {
      if (s.find(word) != nullptr) {
        add(cause_forbidden(path + "." + std::string(word), "must be undefined to be structural"));
      }
    }
    if (!s.str("type").empty()) {
      add(cause_forbidden(path + ".type", "must be empty to be structural"));
    }
    if (s.find("additionalProperties") != nullptr) {
      add(cause_forbidden(path + ".additionalProperties", "must be undefined to be structural"));
    }
    values(s, outer, path, depth, skip_any_of);
    if (const Json* items = s.find("items")) {
      const Json* around = outer.find("items");
      if (around == nullptr) {
        add(cause_required(path + ".items",
                           "because it is defined in the rules, it must be specified "
                           "in the structure around them too"));
      } else {
        nested(*items, *around, path + ".items", depth + 1, false);
      }
    }
    const Json* properties = s.find("properties");
    if (properties == nullptr || !properties->is_object()) return;
    for (const auto& [name, child] : properties->as_object()) {
      std::string here = path + ".properties[" + name + "]";
      const Json* around = outer.at({"properties", name});
      if (around == nullptr) {
        add(cause_required(here,
                           "because it is defined in the rules, it must be specified in the "
                           "structure around them too"));
      } else {
        nested(child, *around, here, depth + 1, false);
      }
    }
  }

  void default_of(const Json& s, const Json& otherwise, const std::string& path) {
    NodePtr node = compile(s, {.mode = Mode::structural});
    std::vector<std::string> removed;
    Json pruned = otherwise;
    prune_value(pruned, *node, removed);
    for (const std::string& field : removed) {
      add(cause_invalid(path + ".default", otherwise, "must not have unknown fields: " + field));
    }
    for (Cause& cause : validate_value(otherwise, *node)) {
      cause.field = cause.field.empty() ? path + ".default" : path + ".default." + cause.field;
      add(std::move(cause));
    }
  }
};

}  // namespace

std::vector<Cause> check_structural(const Json& schema, std::string_view path) {
  Checker checker;
  checker.schema(schema, Level::root, std::string(path), 0);
  std::stable_sort(checker.causes.begin(), checker.causes.end(),
                   [](const Cause& a, const Cause& b) { return a.field < b.field; });
  return std::move(checker.causes);
}

}  // namespace engine
