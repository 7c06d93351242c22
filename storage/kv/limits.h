// Limits of the store. Every store refuses what is over them with Reason::too_large, and the
// message names the limit. Thread: constants. Owns: nothing.
#pragma once

#include <cstddef>

#include "storage/base/env.h"

namespace storage {

// As etcd's default request limit, which is what clients of the Kubernetes API already live with.
constexpr size_t kValueBytesMax = 1536 * 1024;
constexpr size_t kKeyBytesMax = 2048;
constexpr size_t kTxnWritesMax = 1024;
constexpr size_t kTxnChecksMax = 1024;
constexpr size_t kTxnBytesMax = 8 * 1024 * 1024;
// A write that the disk has not answered for longer is a stall: logged, and the server is not
// ready.
constexpr Millis kWriteStallMax{5'000};

}  // namespace storage
