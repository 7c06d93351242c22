#include "engine/access/passwords.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "engine/base/limits.h"

namespace engine {
namespace {

// OWASP's second choice for Argon2id, doubled: 19 MiB and 2 passes would do; memory is the cost
// that attackers feel.
constexpr unsigned long long kPasses = 3;
constexpr size_t kMemoryBytes = 24u << 20;

}  // namespace

Result<Unit> Passwords::acceptable(std::string_view password, std::string_view username,
                                   size_t length_min) {
  // Characters, not bytes: continuation bytes of UTF-8 begin none.
  const auto characters = static_cast<size_t>(std::count_if(
      password.begin(), password.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
  if (characters < length_min)
    return Status::field_error(
        422, "InvalidFormat", "password",
        "Password must be at least " + std::to_string(length_min) + " characters");
  if (password.size() > limits::kPasswordBytesMax)
    return Status::field_error(
        422, "MaxLengthExceeded", "password",
        "Password must be at most " + std::to_string(limits::kPasswordBytesMax) + " bytes");
  if (password == username)
    return Status::field_error(422, "InvalidFormat", "password",
                               "Password must not be the user's name");
  return Unit{};
}

Result<std::string> Passwords::hash(std::string_view password) {
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (sodium_init() < 0 ||
      crypto_pwhash_str_alg(out.data(), password.data(), password.size(), kPasses, kMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return Status::service_unavailable("there is no memory to hash a password; try again");
  return std::string(out.data());
}

bool Passwords::verify(const std::string& hash, std::string_view password) const {
  if (hash.size() >= crypto_pwhash_STRBYTES || password.size() > limits::kPasswordBytesMax)
    return false;
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool Passwords::verify_nobody(std::string_view password) {
  std::string decoy;
  {
    std::lock_guard lock(mutex_);
    decoy = decoy_;
  }
  if (decoy.empty()) {
    auto made = hash(generate(env_));
    if (!made) return false;
    std::lock_guard lock(mutex_);
    decoy_ = *made;
    return false;  // making the decoy has just taken the time of one check
  }
  verify(decoy, password);
  return false;
}

std::string Passwords::generate(storage::Env& env) {
  static constexpr std::string_view kLetters =
      "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  std::array<std::byte, 64> bytes{};
  env.random_secret(bytes);
  std::string out;
  for (std::byte byte : bytes) {
    // Bytes past the last whole run of the alphabet would make early letters likelier.
    auto value = static_cast<size_t>(byte);
    if (value < 256 / kLetters.size() * kLetters.size() && out.size() < 20)
      out += kLetters[value % kLetters.size()];
  }
  return out;
}

}  // namespace engine
