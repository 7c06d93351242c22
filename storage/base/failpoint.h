// Failpoints: places with a name where a test lets the process be killed, so that the moment is
// chosen and not hoped for. FAILPOINT(name) is nothing at all in the program that is delivered; in
// test builds (PADDOCK_FAILPOINTS) the process that was started with PADDOCK_FAILPOINT=NAME[:N]
// kills itself (SIGKILL: nothing is cleaned up) when it passes the place for the N-th time. Names
// are lines of failpoints.inc. Thread: any. Owns: nothing.
#pragma once

namespace storage {

enum class Failpoint {
#define FAILPOINT_NAME(name) name,
#include "storage/base/failpoints.inc"
#undef FAILPOINT_NAME
};

#ifdef PADDOCK_FAILPOINTS
void pass(Failpoint point);
#define FAILPOINT(name) ::storage::pass(::storage::Failpoint::name)
#else
#define FAILPOINT(name) static_cast<void>(0)
#endif

}  // namespace storage
