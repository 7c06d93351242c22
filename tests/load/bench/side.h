// Side: where a measured server is and how to be its administrator, and the texts of requests to
// it. Both servers get the same bytes, but for the host.
// Thread: values. Owns: nothing beyond its strings.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/load/edge/load_client.h"

namespace bench {

using Clock = std::chrono::steady_clock;

inline double ms_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

struct Side {
  load::Target target{0, true};
  load::SslContext context;
  std::string prefix;         // before every path: /k8s/clusters/ID for a proxied cluster
  std::string authorization;  // a header line with its end, or nothing
  std::vector<int> pids;      // of all its processes, for memory and CPU
};

long rss_kib(const Side& side);

std::string head(const Side& side, std::string_view method, std::string_view path);
std::string get(const Side& side, std::string_view path);
std::string with_body(const Side& side, std::string_view method, std::string_view path,
                      std::string_view body);

std::string config_maps(std::string_view space);  // the path of the collection
std::string name_of(uint64_t number);
// A config map with one value of `size` bytes, which begins with `mark` so that no two are alike.
std::string config_map(std::string_view name, uint64_t mark, size_t size);

// One request on a connection of its own, waited for.
struct Reply {
  int status = 0;
  std::string beginning;  // of the body
};
Reply ask(const Side& side, const std::string& text);
std::string revision_now(const Side& side, std::string_view space);

// CPU time of this process since it was made, as a share of the time that passed.
class OwnBusy {
 public:
  OwnBusy() : begun_(Clock::now()), cpu_(own_cpu_seconds()) {}
  double share() const;

 private:
  static double own_cpu_seconds();
  Clock::time_point begun_;
  double cpu_;
};

}  // namespace bench
