// CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), by the processor's own instruction where
// it has one. Thread: any; a pure function. Owns: nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace storage {

// Continues `crc` (0 to begin with) over the bytes: crc32c(crc32c(0, a), b) is the sum of a
// followed by b.
uint32_t crc32c(uint32_t crc, const void* bytes, size_t size);

inline uint32_t crc32c(uint32_t crc, std::string_view bytes) {
  return crc32c(crc, bytes.data(), bytes.size());
}

}  // namespace storage
