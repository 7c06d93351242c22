#include <sodium.h>

#include <array>

#include "engine/norman/types/types.h"

namespace engine {

#define TYPE(name) void register_##name(TypeSet& set, const TypeParts& parts);
#include "engine/norman/types/all.inc"
#undef TYPE

void register_types(TypeSet& set, const TypeParts& parts) {
#define TYPE(name) register_##name(set, parts);
#include "engine/norman/types/all.inc"
#undef TYPE
}

std::string checksum_hex(std::string_view text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::array<char, crypto_hash_sha256_BYTES * 2 + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  return hex.data();
}

}  // namespace engine
