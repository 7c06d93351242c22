// Users: local accounts, `users.management.cattle.io`: found by name, passwords checked and
// changed. Where hashing is done, calls take tens of milliseconds: slow pool. Thread: any. Owns:
// nothing but references.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/access/login_throttle.h"
#include "engine/access/passwords.h"
#include "engine/access/settings.h"
#include "engine/watch/watch_cache.h"

namespace engine {

class Users {
 public:
  Users(storage::Env& env, Registry& registry, Dispatcher& dispatcher, Passwords& passwords,
        LoginThrottle& throttle);

  Result<std::optional<Json>> find_by_username(std::string_view username);
  Result<Json> get(std::string_view id);
  // The stored user when name and password are right and the user is enabled. Otherwise 401, the
  // same words and time whatever was wrong; 429 while throttled.
  Result<Json> login(std::string_view username, std::string_view password,
                     std::string_view address);
  // 401 unless `current` is the user's password.
  Result<Unit> change_password(std::string_view id, std::string_view current,
                               std::string_view fresh, std::string_view address);
  enum class MustChange : uint8_t { no, yes };
  Result<Json> set_password(std::string_view id, std::string_view fresh, MustChange must_change);
  // A new user with a hashed password, with rights of its own only.
  struct NewUser {
    std::string username, display_name, password = {};
    MustChange must_change = MustChange::no;
    Json labels = Json::object();
    std::string hash = {};  // instead of a password: one that was hashed before, of any length
    std::string name = {};  // of the object; empty: a new one
  };
  Result<Json> create(const NewUser& user);
  // 422: another user has the name. The registry says the same in Kubernetes' words.
  static Status name_taken();
  static bool is_name_taken(const Status& status);
  // Whether a password will do here: its length by the setting password-min-length.
  Result<Unit> acceptable(std::string_view password, std::string_view username) const;
  Result<std::string> hash(std::string_view password) { return passwords_.hash(password); }
  KindPtr kind() const;

 private:
  storage::Env& env_;
  Registry& registry_;
  Dispatcher& dispatcher_;
  Passwords& passwords_;
  LoginThrottle& throttle_;
  Settings settings_;
};

}  // namespace engine
