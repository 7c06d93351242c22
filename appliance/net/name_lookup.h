// NameLookup: host names to addresses on a few threads of its own, because the machine's resolver
// blocks. Numeric addresses need none. Thread: any; the answer comes on one of its threads (or in
// the call, for a numeric address). Owns: its threads.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "storage/base/env.h"

namespace appliance {

class NameLookup {
 public:
  using Done = std::function<void(engine::Result<std::vector<std::string>>)>;

  explicit NameLookup(storage::Env& env);
  ~NameLookup();  // waits for lookups under way; those that wait in line are answered with an error

  // Addresses in the resolver's order. An answer is kept for some seconds, so that a burst of
  // connections asks once.
  void find(const std::string& host, Done done);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace appliance
