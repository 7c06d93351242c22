// AuditFloods: refusals of one kind from one source. The first of an interval are recorded one by
// one; what comes after them in it is counted, and the count is a record: how many, from when to
// when, and for logins as whom. Sources and kinds are limited too: beyond, all are counted as one.
// Thread: one at a time. Owns: the counts.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/access/audit.h"

namespace appliance {

class AuditFloods {
 public:
  // True: it is counted and not to be recorded by itself.
  bool counts(const engine::AuditEntry& entry, int64_t now_ms);
  // The records of intervals that are over, or of all that is counted. What is quiet is forgotten.
  enum class Which : uint8_t { over, all };
  engine::JsonArray take(int64_t now_ms, Which which);
  bool waits() const { return waiting_ > 0; }  // whether something is counted and not yet told

 private:
  struct Count {
    int64_t began_ms = 0, first_ms = 0, last_ms = 0;
    size_t recorded = 0, counted = 0;
    std::vector<std::string> users;
    size_t more_tries = 0;  // under names that are not kept
    engine::Json record;    // what all of them have in common
  };
  engine::Json told(Count& count) const;

  std::unordered_map<std::string, Count> counts_;
  size_t waiting_ = 0;
};

}  // namespace appliance
