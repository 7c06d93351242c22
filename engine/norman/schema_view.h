// SchemaView: one type of the management API as its clients see it, and SchemaSet, all of them,
// read on first use from the facts in the program. Thread: any. Owns: parsed schemas; they live as
// long as the set. Source: engine/norman/facts (what a 2.5 server's /v3/schemas lists).
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/json.h"

namespace engine {

// `array[reference[user]]` taken apart: outer is "array", inner is "reference[user]". Outer of a
// plain type is the type itself.
struct TypeName {
  std::string_view outer;
  std::string_view inner;
  bool is_array() const { return outer == "array"; }
  bool is_map() const { return outer == "map"; }
  bool is_reference() const { return outer == "reference"; }
};
TypeName split_type(std::string_view type);
// The last part of "/v3/schemas/user", or the name itself.
std::string_view bare_type(std::string_view type);

struct Field {
  std::string name;
  std::string type;
  bool create = false;
  bool update = false;
  bool nullable = false;
  bool required = false;
  bool write_only = false;
  const Json* declaration =
      nullptr;  // options, default, min, max, minLength, maxLength, validChars
};

class SchemaView {
 public:
  SchemaView(std::string path, std::string id, Json schema);

  const std::string& path() const {
    return path_;
  }  // /v3, /v3/cluster, /v3/project, /v3-public, /meta
  const std::string& id() const { return id_; }
  const std::string& plural() const { return plural_; }  // clusterRegistrationTokens
  const std::string& base_type() const { return base_type_; }
  const std::vector<Field>& fields() const { return fields_; }
  const Field* field(std::string_view name) const;
  bool namespaced() const { return namespaced_; }
  bool collection_method(std::string_view method) const;
  bool resource_method(std::string_view method) const;
  const Json& json() const { return schema_; }  // as published (or raw, for nested types)
  std::string collection_path()
      const;  // /v3/clusterregistrationtokens, lower case as links have it

 private:
  std::string path_, id_, plural_, base_type_;
  Json schema_;
  std::vector<Field> fields_;
  bool namespaced_ = false;
};

class SchemaSet {
 public:
  SchemaSet();
  // By id or plural, without regard to case; null when `path` publishes none such.
  const SchemaView* published(std::string_view path, std::string_view name) const;
  // Any type, nested ones too, looked for in `path` and then in the others.
  const SchemaView* any(std::string_view path, std::string_view name) const;
  // Stored fields and mapper chain of a type; null when the type is not stored.
  const Json* mapping(std::string_view path, std::string_view id) const;
  // Ids that a path publishes, in the facts' order.
  std::vector<std::string> ids(std::string_view path) const;
  // The published JSON text of a schema.
  std::string_view published_text(std::string_view path, std::string_view id) const;
  // The same for a schema that no list has but that is there when it is asked for by its id (the
  // error of /meta); empty when there is none.
  std::string_view described_text(std::string_view path, std::string_view name) const;

 private:
  struct Record {
    std::string_view text;
    std::string id;
  };
  const Record* record(char kind, std::string_view path, std::string_view name) const;
  const SchemaView* view(char kind, std::string_view path, std::string_view name) const;

  std::unordered_map<std::string, Record>
      records_;  // "P /v3 cluster" -> text; plurals and lower case too
  std::unordered_map<std::string, std::vector<std::string>> ids_;  // path -> published ids
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, std::unique_ptr<SchemaView>> views_;
  mutable std::unordered_map<std::string, std::unique_ptr<Json>> mappings_;
};

}  // namespace engine
