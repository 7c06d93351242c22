// FieldSource: where in a stored object a field of the API lies, found by sending a probe through
// the type's mappers and back. Filters and sorting then read it out of the stored bytes, without
// parsing or mapping objects that do not come on the page. Thread: a value; FieldSources: any.
// Owns: itself.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/norman/mapper.h"

namespace engine {

struct FieldSource {
  std::vector<std::string> path;  // in the stored object
  std::string otherwise;          // as text, where it is absent
  bool or_name = false;           // where it is absent, the object's own name is shown
  bool has_otherwise = false;
  bool number = false;
};

class FieldSources {
 public:
  explicit FieldSources(const Mapper& mapper) : mapper_(mapper) {}
  // Null for a field that is no scalar or does not lie at one place.
  const FieldSource* find(const SchemaView& schema, std::string_view field) const;

 private:
  std::optional<FieldSource> make(const SchemaView& schema, std::string_view field) const;

  const Mapper& mapper_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<const SchemaView*, std::string>, std::unique_ptr<FieldSource>> known_;
};

}  // namespace engine
