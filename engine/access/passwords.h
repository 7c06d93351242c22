// Passwords: Argon2id by libsodium, with parameters in the stored text, so that they may grow.
// Checking costs tens of milliseconds by design: call on the slow pool. Thread: any. Owns: a decoy
// hash, so that an unknown user takes as long as a wrong password.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "storage/base/env.h"

namespace engine {

class Passwords {
 public:
  explicit Passwords(storage::Env& env) : env_(env) {}

  // 422 when it is too short or too long to be a password here.
  static Result<Unit> acceptable(std::string_view password, std::string_view username,
                                 size_t length_min);
  Result<std::string> hash(std::string_view password);
  bool verify(const std::string& hash, std::string_view password) const;
  // As long as verify takes, and always false.
  bool verify_nobody(std::string_view password);
  // A random password that can be read aloud: letters and digits without look-alikes.
  static std::string generate(storage::Env& env);

 private:
  storage::Env& env_;
  std::mutex mutex_;
  std::string decoy_;
};

}  // namespace engine
