// guarded: a task or a stream's handler is a boundary: what it throws is logged and ends there.
// Thread: any. Owns: nothing.
#pragma once

#include <exception>

#include "storage/base/log.h"

namespace appliance {

template <class Call>
void guarded(Call&& call) {
  try {
    call();
  } catch (const std::exception& e) {
    storage::log::error("a stream's handler failed", {{"error", e.what()}});
  } catch (...) {
    storage::log::error("a stream's handler failed");
  }
}

}  // namespace appliance
