// SHA-256 (FIPS 180-4) for names of content: ETags, storage version hashes. Not for secrets.
// Thread: any. Owns: nothing.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace engine {

std::array<uint8_t, 32> sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);  // upper case

}  // namespace engine
