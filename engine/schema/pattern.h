// Pattern: regular expressions of user schemas in time linear to the text, whatever the expression:
// states advance together over the text, nothing backtracks. Syntax of Go's regexp (RE2) but for
// what needs Unicode tables beyond \pL, \pN and the like, which is refused. Thread: immutable after
// compile(); any. Owns: its program.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storage/base/result.h"

namespace engine {

class Pattern {
 public:
  struct Error {
    std::string what;
  };
  static storage::Result<std::shared_ptr<const Pattern>, Error> compile(std::string_view text);
  virtual ~Pattern() = default;
  // Is there a match anywhere in the text? (^ and $ pin it.)
  virtual bool found_in(std::string_view text) const = 0;
};

}  // namespace engine
