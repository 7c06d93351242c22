// Collections: filters, sort and paging of a list of API objects, and the document around it.
// Thread: any. Owns: nothing. Source: /v3 contract; texts and keys as a 2.5 server writes them.
#pragma once

#include <functional>

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

// One filter of a query: field=value, field_ne=value and so on.
struct FilterCondition {
  std::string field;
  std::string modifier;  // eq, ne, in, notin, like, prefix, null, notnull
  std::vector<std::string> values;
  // `text` is the value as text, empty for null.
  bool holds(std::string_view text, bool null) const;
};
std::vector<FilterCondition> filters_of(const SchemaView& schema, const Query& query);

struct SortOrder {
  std::string field;  // empty: by id alone
  bool descending = false;
};
SortOrder order_of(const SchemaView& schema, const Query& query);

// Which part of a list of `total` a page shows, and the ids that its links name.
struct PageWindow {
  size_t limit = 0, total = 0, start = 0, end = 0;
  bool partial() const { return start > 0 || end < total; }
  size_t previous() const { return start > limit ? start - limit : 0; }
  size_t last() const { return total > limit ? total - limit : 0; }
};
// `marked`: the place of the marker's object; total when there is none such.
PageWindow window_of(const Query& query, size_t total, size_t marked);

// Everything but "data". `id_at` gives the id of the object at a place of the whole list.
Json collection_head(const CollectionRequest& request,
                     const std::vector<FilterCondition>& conditions, const SortOrder& order,
                     const PageWindow& window, const std::function<std::string(size_t)>& id_at);

// Takes the objects (as clients see them), filters, sorts and cuts them to a page.
Json make_collection(const CollectionRequest& request, JsonArray objects);

// A value as filters and sorting see it.
std::string filter_text(const Json* value);

// Whether a plain filter of the query already rules the object out (used by subscribe too).
bool matches_filters(const SchemaView& schema, const Query& query, const Json& object);

}  // namespace engine
