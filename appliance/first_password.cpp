#include "appliance/first_password.h"

#include "engine/access/passwords.h"

namespace appliance {

constexpr storage::Millis kWait{2'000};

struct FirstPassword::Hashing {
  std::unique_ptr<storage::Gate> done;
  std::mutex mutex;
  std::optional<engine::Result<std::string>> hash;
};

FirstPassword::FirstPassword(storage::Env& env, std::string given)
    : env_(env), text_(given.empty() ? engine::Passwords::generate(env) : std::move(given)) {}

void FirstPassword::begin() {
  hashing_ = std::make_shared<Hashing>();
  hashing_->done = env_.make_gate();
  env_.post_slow([&env = env_, hashing = hashing_, text = text_] {
    auto hash = engine::Passwords(env).hash(text);
    {
      std::lock_guard lock(hashing->mutex);
      hashing->hash = std::move(hash);
    }
    hashing->done->open();
  });
}

engine::Result<std::string> FirstPassword::hash() {
  // A task that a full pool dropped never ends: then it is done here.
  const auto deadline = env_.now() + kWait;
  while (hashing_ && env_.now() < deadline) {
    uint64_t seen = hashing_->done->seen();
    {
      std::lock_guard lock(hashing_->mutex);
      if (hashing_->hash) return *hashing_->hash;
    }
    hashing_->done->wait(seen, deadline);
  }
  return engine::Passwords(env_).hash(text_);
}

}  // namespace appliance
