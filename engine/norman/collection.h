// Collections: filters, sort and paging of a list of API objects, and the document around it.
// Thread: any. Owns: nothing. Source: /v3 contract; texts and keys as a 2.5 server writes them.
#pragma once

#include "engine/base/http.h"
#include "engine/norman/schema_view.h"

namespace engine {

struct CollectionRequest {
  const SchemaView& schema;
  const Query& query;
  std::string self;        // URL of the collection, without query
  std::string create_url;  // empty when the caller may not create
  std::vector<std::pair<std::string, std::string>> actions;
};

// Takes the objects (as clients see them), filters, sorts and cuts them to a page.
Json make_collection(const CollectionRequest& request, JsonArray objects);

// Whether a plain filter of the query already rules the object out (used by subscribe too).
bool matches_filters(const SchemaView& schema, const Query& query, const Json& object);

}  // namespace engine
