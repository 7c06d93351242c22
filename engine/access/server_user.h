// The identity of the server's own writes: what controllers and actions do on nobody's behalf.
// Thread: any. Owns: nothing.
#pragma once

#include "engine/base/http.h"

namespace engine {

inline User server_user() {
  return {.name = "system:paddock",
          .uid = {},
          .groups = {"system:masters", "system:authenticated"},
          .extra = {},
          .token_name = {}};
}

}  // namespace engine
