// Links of objects, and the documents that describe the API itself: roots and schemas. Facts have
// links without a host; here they get the caller's. Thread: any. Owns: nothing.
#pragma once

#include "engine/base/http.h"
#include "engine/norman/schema_view.h"
#include "engine/norman/target.h"

namespace engine {

struct ObjectPlace {
  std::string base;     // https://HOST
  std::string context;  // cluster or project id, or empty
  std::string id;
  bool update = false;
  bool remove = false;
};
// self, update, remove, one per collection that refers to the object, and for clusters and projects
// one per collection in them.
Json object_links(const SchemaSet& schemas, const SchemaView& schema, const ObjectPlace& place);

// The document at a root, /schemas or /schemas/NAME.
Response describe(const SchemaSet& schemas, const Target& target, const std::string& base);

}  // namespace engine
