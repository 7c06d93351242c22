// FirstStartRecord: what first starts have made so far, so that a later start neither brings back
// what was deleted nor overwrites what was changed: for every object made from the facts one digest
// a field, as it was written. It is one key of the store, beside the objects. Thread: one. Owns:
// itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/registry/registry.h"

namespace engine {

class FirstStartRecord {
 public:
  static Result<FirstStartRecord> read(storage::Store& store);

  // Nothing was made yet, or by a program that kept no record.
  bool fresh() const { return known_.size() == 0; }
  // The facts are those that were applied last.
  bool up_to_date(std::string_view facts_digest) const { return applied_ == facts_digest; }
  bool made(const Json& object) const { return known_.find(name_of(object)) != nullptr; }
  // Brings fields that are still as a first start wrote them to what `wanted` says; true when any
  // changed.
  bool upgrade(const Json& wanted, Json& object) const;
  // From now on `wanted` counts as made.
  void add(const Json& wanted);
  storage::Write write(std::string_view facts_digest) const;

  static std::string digest(std::string_view text);

 private:
  static std::string name_of(const Json& object);

  std::string applied_;
  Json known_ = Json::object();  // "RoleTemplate/admin" -> {"rules": DIGEST, "spec.url": DIGEST}
};

}  // namespace engine
