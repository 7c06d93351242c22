#include "engine/cluster/sealer.h"

#include <sodium.h>

#include <algorithm>
#include <span>
#include <utility>

#include "engine/base/base64.h"

namespace engine {
namespace {

constexpr char kVersion = 1;
constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Result<Sealer> Sealer::create(std::string_view key) {
  if (key.size() != kKeyBytes) {
    return Status::internal("the sealing key has " + std::to_string(key.size()) +
                            " bytes, not 32: restore it from where the data came from");
  }
  if (sodium_init() < 0) return Status::internal("libsodium cannot start");
  Sealer sealer;
  std::copy_n(bytes(key), kKeyBytes, sealer.key_.data());
  return sealer;
}

std::string Sealer::new_key(storage::Env& env) {
  std::string key(kKeyBytes, 0);
  env.random_secret(std::as_writable_bytes(std::span<char>(key)));
  return key;
}

Sealer::Sealer(Sealer&& other) noexcept : key_(other.key_) {
  sodium_memzero(other.key_.data(), other.key_.size());
}

Sealer& Sealer::operator=(Sealer&& other) noexcept {
  std::swap(key_, other.key_);
  return *this;
}

Sealer::~Sealer() {
  sodium_memzero(key_.data(), key_.size());
}

std::string Sealer::seal(storage::Env& env, std::string_view text, std::string_view place) const {
  std::string out(1 + kNonceBytes + text.size() + kTagBytes, 0);
  out[0] = kVersion;
  env.random_secret(std::as_writable_bytes(std::span<char>(out).subspan(1, kNonceBytes)));
  auto* nonce = reinterpret_cast<unsigned char*>(out.data()) + 1;
  unsigned long long length = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kNonceBytes, &length, bytes(text), text.size(),
                                             bytes(place), place.size(), nullptr, nonce,
                                             key_.data());
  return base64_encode(out);
}

Result<std::string> Sealer::open(std::string_view sealed, std::string_view place) const {
  const auto raw = base64_decode(sealed);
  const auto refuse = [&] {
    return Status::internal("what is sealed for " + std::string(place) +
                            " does not open: another key, another place, or damaged");
  };
  if (!raw || raw->size() < 1 + kNonceBytes + kTagBytes || (*raw)[0] != kVersion) return refuse();
  const std::string_view nonce = std::string_view(*raw).substr(1, kNonceBytes);
  const std::string_view body = std::string_view(*raw).substr(1 + kNonceBytes);
  std::string out(body.size() - kTagBytes, 0);
  unsigned long long length = 0;
  const int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(
      reinterpret_cast<unsigned char*>(out.data()), &length, nullptr, bytes(body), body.size(),
      bytes(place), place.size(), bytes(nonce), key_.data());
  if (bad) return refuse();
  return out;
}

}  // namespace engine
