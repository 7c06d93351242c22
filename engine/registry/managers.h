// Managers: managedFields in parsed form. Private to engine/registry. Thread: a value. Owns: the
// sets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/registry/field_set.h"

namespace engine {

struct Manager {
  std::string name;
  std::string operation;  // Apply or Update
  std::string api_version;
  std::string subresource;
  std::string time;  // RFC 3339, may be empty
  FieldSet set;

  // One manager has one entry for each of these.
  bool same_as(const Manager& other) const;
  bool applied() const { return operation == "Apply"; }
  // As conflicts name it: "name" using v1
  std::string printed() const;
};

class Managers {
 public:
  // None when the entries are not what managedFields may be.
  static std::optional<Managers> decode(const Json* managed_fields);
  Json encode() const;  // sorted as upstream does
  bool empty() const { return list.empty(); }
  Manager* find(const Manager& like);
  void drop_empty();
  // Folds the oldest Update entries into one while there are more than the limit.
  void cap_updates();

  std::vector<Manager> list;
};

}  // namespace engine
