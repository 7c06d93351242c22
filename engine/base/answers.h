// What is done with an answer when it has come, whatever it takes on its way: a Response or a
// Stream, now, or after it was Pending or Late. Thread: `change` runs where the answer comes.
// Owns: nothing.
#pragma once

#include <utility>

#include "engine/base/http.h"

namespace engine {

// `change` gets a Response or a Stream, once, and gives what is answered instead, which may take
// its time again.
template <class Change>
Answer when_settled(Answer answer, Change change) {
  if (auto* pending = std::get_if<Pending>(&answer))
    return Pending{[change, start = std::move(pending->start)](Reply reply) {
      start([change, reply = std::move(reply)](Answer came) {
        reply(when_settled(std::move(came), change));
      });
    }};
  if (auto* late = std::get_if<Late>(&answer))
    return Late{[change, make = std::move(late->make)] { return when_settled(make(), change); }};
  return change(std::move(answer));
}

}  // namespace engine
