// Conn: a server connection between its accept and its end or its hand-over to the hub. Its state
// word says who may touch it: the lobby, or (kBusy) the request under way, which runs in a pool
// thread or waits parked for a reply. An event that comes meanwhile is only noted (kEvent): whoever
// ends the request then sends the connection through the lobby instead of quietly making it idle.
// Thread: its owner by the state word; the deadline links belong to the lobby always. Owns: its
// Link and its bytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "appliance/edge/deadline_wheel.h"
#include "appliance/edge/link.h"
#include "appliance/edge/outgoing.h"
#include "appliance/edge/request_reader.h"

namespace appliance {

struct Conn final : DeadlineNode {
  enum class Phase : uint8_t {
    sniff,
    handshake,
    plain_on_tls,
    idle,
    reading,
    serving,
    writing,
    linger,
    gone
  };
  static constexpr uint32_t kBusy = 1;
  static constexpr uint32_t kEvent = 2;

  std::atomic<uint32_t> state{0};
  Phase phase = Phase::idle;
  uint8_t listener = 0;
  bool more = false;          // the socket may hold bytes that no new event will announce
  bool client_ended = false;  // its FIN has been announced
  bool continued = false;     // 100 Continue was sent for the request under way
  bool listed = false;        // in the lobby's list of connections to go on with
  bool doomed = false;        // to be deleted when it comes out of that list
  Link link;
  std::unique_ptr<RequestReader> reader;
  std::unique_ptr<Outgoing> unsent;  // what the socket did not take at once
  std::string leftover;              // bytes after the request under way: the next ones
  size_t body_counted = 0;           // bytes of the reader's body in the lobby's sum
  storage::Instant body_end;         // when the whole body must be there
  storage::Instant
      deadline;  // what the owner wants; the wheel looks at it when the connection's slot comes
};

}  // namespace appliance
