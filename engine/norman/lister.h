// Lister: answers a collection: what of a kind the caller may see, filtered and sorted on the bytes
// as they are stored where the fields lie there, and only the objects of the page parsed, mapped
// and shown. Thread: one request's. Owns: the rows of the list.
#pragma once

#include "engine/norman/collection.h"
#include "engine/norman/field_source.h"
#include "engine/norman/presenter.h"

namespace engine {

class Lister {
 public:
  Lister(const Norman& norman, const Call& call, const FieldSources& sources);
  Result<Response> answer();

 private:
  struct Row {
    std::shared_ptr<const CachedObject> cached;  // null for one that its type made
    Json stored = {};                            // null: not parsed yet
    Json mapped = {};                            // null: not mapped yet
    std::string key = {};                        // what it is sorted by
    double number = 0;
  };
  struct Value {
    std::string text;
    bool null = false;
  };

  Result<Unit> gather();
  void filter();
  void sort();
  const Json& stored(Row& row) const;
  Value value(Row& row, std::string_view field);
  std::string id_of(const Row& row) const;
  bool before(const Row& a, const Row& b) const;
  size_t marked() const;
  Response page();
  Parts::List texts_of(const PageWindow& window);

  const Norman& norman_;
  const Call& call_;
  const FieldSources& sources_;
  Presenter presenter_;
  std::vector<FilterCondition> conditions_;
  SortOrder order_;
  std::vector<Row> rows_;
  std::vector<Row*> sorted_;
};

}  // namespace engine
