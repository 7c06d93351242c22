#include "storage/base/failpoint.h"

#ifdef PADDOCK_FAILPOINTS

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string_view>

namespace storage {
namespace {

constexpr std::string_view kNames[] = {
#define FAILPOINT_NAME(name) #name,
#include "storage/base/failpoints.inc"
#undef FAILPOINT_NAME
};

struct Wanted {
  std::string_view name;
  std::atomic<long> left = 0;
};

Wanted& wanted() {
  static Wanted* const wanted = [] {
    auto* out = new Wanted();
    const char* text = std::getenv("PADDOCK_FAILPOINT");
    if (!text) return out;
    out->name = text;
    const size_t colon = out->name.find(':');
    out->left = colon == std::string_view::npos ? 1 : std::atol(text + colon + 1);
    out->name = out->name.substr(0, colon);
    return out;
  }();
  return *wanted;
}

}  // namespace

void pass(Failpoint point) {
  if (wanted().name != kNames[static_cast<size_t>(point)]) return;
  if (wanted().left.fetch_sub(1) == 1) ::kill(::getpid(), SIGKILL);
}

}  // namespace storage

#endif
