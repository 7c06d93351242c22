// The load generator's ceiling: a server that parses nothing, stores nothing and answers fixed
// texts over TLS. GET /list gives a big body, GET ...watch= a stream, PUT one event to every stream
// and a short answer, anything else a config map's worth of bytes. In a process of its own.
// Thread: one. Owns: the process, which ends with the object.
#pragma once

#include <cstddef>

#include "tests/load/bench/side.h"

namespace bench {

class TrivialServer {
 public:
  TrivialServer(size_t answer_bytes, size_t list_bytes, size_t event_bytes);
  ~TrivialServer();
  TrivialServer(const TrivialServer&) = delete;
  TrivialServer& operator=(const TrivialServer&) = delete;
  Side side() const;

 private:
  int pid_ = -1;
  uint16_t port_ = 0;
};

}  // namespace bench
