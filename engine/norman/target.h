// Target: which type, object or document a path of the management API means.
// Thread: any. Owns: its strings.
#pragma once

#include <span>
#include <utility>

#include "engine/norman/schema_view.h"

namespace engine {

struct Target {
  enum class What : uint8_t { root, schemas, collection, object } what = What::root;
  std::string path;                    // /v3, /v3/cluster, /v3/project, /v3-public, /meta
  std::string context;                 // cluster or project id
  const SchemaView* schema = nullptr;  // of the collection or object; of /schemas/NAME, that schema
  std::string id;                      // of the object; of /schemas/NAME, that schema's
  std::string link;                    // what follows an object: /v3/catalogs/ID/exportyaml
  // /v3/clusters/ID/projects is the collection /v3/projects of that cluster alone: the field that
  // refers to it, and its id.
  std::string scope_field, scope_id;
};

// 404 with the contract's text for a type that is not there.
Result<Target> resolve_target(const SchemaSet& schemas, std::string_view path);

// "ns:name" of a namespaced type, else a name alone.
std::pair<std::string, std::string> split_id(const SchemaView& schema, std::string_view id);

}  // namespace engine
