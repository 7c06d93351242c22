// settled: the answer that comes in the end, whatever it takes on its way (Pending, Late).
// Thread: waits on the calling one. Owns: nothing.
#pragma once

#include <future>
#include <optional>
#include <utility>

#include "engine/base/http.h"

namespace tests {

inline engine::Answer settled(engine::Answer answer) {
  for (;;) {
    if (auto* late = std::get_if<engine::Late>(&answer)) {
      answer = engine::Answer(late->make());
    } else if (auto* pending = std::get_if<engine::Pending>(&answer)) {
      auto came = std::make_shared<std::promise<engine::Answer>>();
      auto future = came->get_future();
      pending->start([came](engine::Answer later) { came->set_value(std::move(later)); });
      answer = future.get();
    } else {
      return answer;
    }
  }
}

}  // namespace tests
