// Sealer: what must not lie in the store in clear (a cluster's credential) is sealed with a key
// that is not in the store. XChaCha20-Poly1305 by libsodium; the place where it is kept is bound
// in, so that a sealed text moved to another cluster's object does not open. Thread: any. Owns: the
// key, wiped at the end. Errors: InternalError when a text does not open.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "storage/base/env.h"

namespace engine {

class Sealer {
 public:
  static constexpr size_t kKeyBytes = 32;
  // The key as kept beside the store: 32 bytes.
  static Result<Sealer> create(std::string_view key);
  static std::string new_key(storage::Env& env);
  Sealer(Sealer&&) noexcept;
  Sealer& operator=(Sealer&&) noexcept;
  ~Sealer();

  // Base64 of version, nonce and sealed text.
  std::string seal(storage::Env& env, std::string_view text, std::string_view place) const;
  Result<std::string> open(std::string_view sealed, std::string_view place) const;

 private:
  Sealer() = default;
  std::array<unsigned char, kKeyBytes> key_{};
};

}  // namespace engine
