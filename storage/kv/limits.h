// Limits of the store. Every store refuses what is over them with Reason::too_large, and the
// message names the limit. Thread: constants. Owns: nothing.
#pragma once

#include <cstddef>

namespace storage {

// As etcd's default request limit, which is what clients of the Kubernetes API already live with.
constexpr size_t kValueBytesMax = 1536 * 1024;
constexpr size_t kKeyBytesMax = 2048;
constexpr size_t kTxnWritesMax = 1024;
constexpr size_t kTxnChecksMax = 1024;
constexpr size_t kTxnBytesMax = 8 * 1024 * 1024;

}  // namespace storage
