// SchemaView: one type of the management API as its clients see it, and SchemaSet, all of them,
// read on first use from the facts in the program. Thread: any. Owns: parsed schemas; they live as
// long as the set. Source: engine/norman/facts (what a 2.5 server's /v3/schemas lists).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
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

// A schema of /v3 beyond the facts, or in the place of one: listed (P), or only described (D).
struct LaidOver {
  char kind;
  std::string id;
  std::string text;
};

class SchemaSet {
 public:
  SchemaSet();
  // All of them from now on; those of the last call are there no longer. What somebody holds of
  // them stays good: a text that has been laid over once is kept, and used again when it comes
  // back.
  void lay_over(std::vector<LaidOver> schemas);
  // Goes up with each of these calls.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  // As the facts have it, whatever lies over it; whether they have such a type, nested ones too.
  const SchemaView* original(std::string_view path, std::string_view name) const;
  std::string_view original_text(std::string_view path, std::string_view id) const;
  bool has_original(std::string_view path, std::string_view id) const;
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
  using Records = std::unordered_map<std::string, Record>;
  // With the lock held.
  const Record* record(char kind, std::string_view path, std::string_view name) const;
  const SchemaView* view_of(std::string_view path, const Record& found) const;
  const SchemaView* view(char kind, std::string_view path, std::string_view name) const;
  static void keep(Records& records, char kind, std::string_view path, Record record);

  Records records_;  // "P /v3 cluster" -> text; plurals and lower case too
  std::unordered_map<std::string, std::vector<std::string>> ids_;  // path -> published ids
  std::atomic<uint64_t> generation_{0};
  mutable std::mutex mutex_;
  Records over_;                       // of what is laid over the facts
  std::vector<std::string> ids_over_;  // all published ids of /v3, in order; empty: the facts'
  std::unordered_set<std::string> texts_over_;
  // By where the text lies, which is one for each content.
  mutable std::unordered_map<const char*, std::unique_ptr<SchemaView>> views_;
  mutable std::unordered_map<std::string, std::unique_ptr<Json>> mappings_;
};

}  // namespace engine
