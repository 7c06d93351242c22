// Request measures: closed loops of prepared requests on one thread, lists with their pages, a pair
// of servers asked in turn, and how long after a moment a server says that it is ready.
// Thread: one. Owns: nothing.
#pragma once

#include <functional>
#include <string>

#include "tests/load/bench/side.h"

namespace bench {

struct RequestLoad {
  int connections = 16;
  double seconds = 5;                                // no request is sent later
  uint64_t count = 0;                                // of requests; 0: as many as the time allows
  std::function<void(uint64_t, std::string&)> make;  // the text of the n-th
};
struct RequestFigures {
  load::Figures times;
  double busy = 0;            // of this process, one core is 1
  std::string first_failure;  // what the first refused request was told
};
RequestFigures run_requests(const Side& side, const RequestLoad& what);

// Lists a collection again and again on one connection: whole (page 0), or following its pages.
struct ListFigures {
  load::Figures times;    // of whole lists
  uint64_t bytes = 0;     // of the last whole list
  uint64_t requests = 0;  // for one list
  double busy = 0;
};
ListFigures run_lists(const Side& side, const std::string& path, int page, double seconds,
                      int at_most);

// The same request in turn to one and to the other, so that both see the same machine.
struct PairFigures {
  load::Figures one, other;
};
PairFigures run_pair(const Side& one, const Side& other, const std::string& path, double seconds);

// Milliseconds from `since_ns` of the monotonic clock until GET /readyz says yes; -1: not in time.
double run_ready(const Side& side, int64_t since_ns, double limit_s);

}  // namespace bench
