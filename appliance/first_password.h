// FirstPassword: the administrator's first password, as it was given or made at random, and its
// hash, which takes tens of milliseconds and so is begun before anybody needs it. Thread: any.
// Owns: both texts.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/status.h"
#include "storage/base/env.h"

namespace appliance {

class FirstPassword {
 public:
  FirstPassword(storage::Env& env, std::string given);  // empty: a random one

  const std::string& text() const { return text_; }
  // Hashes on the slow pool.
  void begin();
  // Waits for what begin() began, hashes here otherwise.
  engine::Result<std::string> hash();

 private:
  struct Hashing;
  storage::Env& env_;
  std::string text_;
  std::shared_ptr<Hashing> hashing_;  // shared with the task, which may outlive this
};

}  // namespace appliance
