// Onlooker: who looks on while a request goes through to a cluster, without holding it up: told of
// the answer's status, and, if it reads, of both bodies as they go past. Thread: any, also at the
// same time from both sides. Owns: nothing.
#pragma once

#include <string_view>

#include "engine/base/http.h"

namespace appliance {

class Onlooker {
 public:
  virtual ~Onlooker() = default;
  // The answer's head, or the status of an answer of our own. More than the first is not meant.
  virtual void answered(int status, const engine::Headers& headers) = 0;
  // Whether it is told of what follows.
  virtual bool reads() const { return false; }
  // Whether it wants the object as it is before the request.
  virtual bool wants_before() const { return false; }
  virtual void sent_part(std::string_view) {}
  virtual void answer_part(std::string_view) {}
  virtual void before(std::string_view /*type*/, std::string_view /*bytes*/) {}
  virtual void ended() {}
};

}  // namespace appliance
