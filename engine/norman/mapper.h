// Mapper: turns stored objects into API objects and back by the mapper chains of the facts (Embed,
// Move, DisplayName, RenameReference, ...), nested types first. The chains are data; this is their
// only interpreter. Thread: any. Owns: what it worked out of each type once. Source:
// engine/norman/facts/k8s-fields-and-mappers.json.
#pragma once

#include <mutex>
#include <unordered_map>

#include "engine/norman/schema_view.h"

namespace engine {

class Mapper {
 public:
  explicit Mapper(const SchemaSet& schemas) : schemas_(schemas) {}

  // Whether every mapper in the type's chain is known here, its nested types' included.
  bool knows(std::string_view path, std::string_view type) const;
  // Whether the API's `name` is a display name, so that the stored object's own name is another.
  bool has_display_name(const SchemaView& schema) const;
  // In place. `type` is the schema's id; the object's id comes from its metadata.
  void to_api(const SchemaView& schema, Json& object) const;
  void to_stored(const SchemaView& schema, Json& object) const;

 private:
  enum class Way : uint8_t { to_api, to_stored };
  struct Site {
    std::string_view path;  // version path that names are looked up in
    std::string_view type;
    const Json* fields;  // stored fields of the type
    const Json* chain;
    bool namespaced;
  };
  void map_type(Way way, std::string_view path, std::string_view type, bool namespaced, Json& data,
                int depth) const;
  void map_nested(Way way, const Site& site, Json& data, int depth) const;
  void run(Way way, const Site& site, const Json& mappers, Json& data) const;
  void run_one(Way way, const Site& site, const Json& mapper, Json& data) const;
  static void annotation_field(Way way, const Json& mapper, Json& data);
  std::string_view type_of(const Site& site, std::string_view field) const;
  void embed(Way way, const Site& site, const Json& mapper, Json& data) const;
  void rename_references(Way way, const Site& site, Json& data) const;
  const Json* mapping(std::string_view path, std::string_view type) const;

  using Renames = std::vector<std::pair<std::string, std::string>>;  // stored, API
  const Renames& renames(const Site& site) const;

  const SchemaSet& schemas_;
  mutable std::mutex renames_mutex_;
  mutable std::unordered_map<const Json*, Renames> renames_;  // by the type's fields
};

}  // namespace engine
