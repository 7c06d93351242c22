// LoginThrottle: after a few failed logins of one user name, or of one address, the next must wait,
// twice as long each time. The same for names that exist and for names that do not. A success
// forgets the name's failures, not the address's. Thread: any. Owns: a bounded table of failures;
// the oldest leave first.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/status.h"
#include "storage/base/env.h"

namespace engine {

class LoginThrottle {
 public:
  explicit LoginThrottle(storage::Env& env) : env_(env) {}

  // 429 with Retry-After while either must wait.
  Result<Unit> admit(std::string_view username, std::string_view address);
  void failed(std::string_view username, std::string_view address);
  void succeeded(std::string_view username);

 private:
  struct Entry {
    std::string key;
    int failures = 0;
    storage::Instant until{};
    storage::Instant last{};
  };
  int wait_seconds(const std::string& key);
  void fail(const std::string& key, int free_tries);

  storage::Env& env_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // newest first
  std::unordered_map<std::string, std::list<Entry>::iterator> index_;
};

}  // namespace engine
