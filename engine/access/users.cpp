#include "engine/access/users.h"

#include <algorithm>

#include "engine/access/server_user.h"
#include "engine/base/limits.h"
#include "engine/base/names.h"

namespace engine {

Users::Users(storage::Env& env, Registry& registry, Dispatcher& dispatcher, Passwords& passwords,
             LoginThrottle& throttle)
    : env_(env),
      registry_(registry),
      dispatcher_(dispatcher),
      passwords_(passwords),
      throttle_(throttle),
      settings_(dispatcher, registry.kinds()) {}

Result<Unit> Users::acceptable(std::string_view password, std::string_view username) const {
  // A setting can shorten it to what is still a password, not to nothing.
  const auto asked = static_cast<size_t>(
      settings_.number("password-min-length", static_cast<int64_t>(limits::kPasswordBytesMin)));
  const size_t least =
      std::clamp(asked, limits::kPasswordBytesLeast, limits::kPasswordBytesMax / 4);
  return Passwords::acceptable(password, username, least);
}

KindPtr Users::kind() const {
  return registry_.kinds().snapshot()->stored("management.cattle.io", "users");
}

Result<std::optional<Json>> Users::find_by_username(std::string_view username) {
  TRY(dispatcher_.fresh(env_.now() + limits::kCacheWait));
  auto all = TRY(dispatcher_.list(*kind(), "", nullptr, "", 0));
  // A search of bytes before a parse: of many users only the right one is parsed, and the few that
  // mention its name.
  const std::string mark = "\"username\":" + dump(Json(username));
  for (const auto& cached : all.objects) {
    if (cached->bytes->find(mark) == std::string::npos) continue;
    Json user = TRY(parse_json(*cached->bytes));
    if (user.str("username") == username) return std::optional<Json>(std::move(user));
  }
  return std::optional<Json>();
}

Result<Json> Users::get(std::string_view id) {
  return TRY(registry_.get(*kind(), "", id)).json();
}

Result<Json> Users::login(std::string_view username, std::string_view password,
                          std::string_view address) {
  TRY(throttle_.admit(username, address));
  auto user = TRY(find_by_username(username));
  const Json* stored = user ? user->find("password") : nullptr;
  bool right = stored && stored->is_string() ? passwords_.verify(stored->as_string(), password)
                                             : passwords_.verify_nobody(password);
  if (!right || !user->truth({"enabled"}, true)) {
    throttle_.failed(username, address);
    return Status::unauthorized("authentication failed");
  }
  throttle_.succeeded(username);
  return std::move(*user);
}

Result<Unit> Users::change_password(std::string_view id, std::string_view current,
                                    std::string_view fresh, std::string_view address) {
  Json user = TRY(get(id));
  std::string username(user.str("username"));
  TRY(throttle_.admit(username, address));
  if (!passwords_.verify(std::string(user.str("password")), current)) {
    throttle_.failed(username, address);
    return Status::other(422, "InvalidFormat", "invalid current password");
  }
  throttle_.succeeded(username);
  if (current == fresh)
    return Status::field_error(422, "InvalidFormat", "newPassword",
                               "the new password is the old one");
  TRY(set_password(id, fresh, MustChange::no));
  return Unit{};
}

Result<Json> Users::set_password(std::string_view id, std::string_view fresh,
                                 MustChange must_change) {
  Json user = TRY(get(id));
  TRY(acceptable(fresh, user.str("username")));
  std::string hash = TRY(passwords_.hash(fresh));
  auto written =
      TRY(registry_.modify(*kind(), "", id, {.user = server_user(), .field_manager = "paddock"},
                           [&](Json& stored) -> Result<bool> {
                             stored.set("password", hash);
                             stored.set("mustChangePassword", must_change == MustChange::yes);
                             return true;
                           }));
  return written.object.json();
}

Status Users::name_taken() {
  return Status::field_error(422, "NotUnique", "username", "Username is already in use.");
}

bool Users::is_name_taken(const Status& status) {
  for (const Cause& cause : status.causes())
    if (cause.reason == "FieldValueDuplicate" && cause.field == "username") return true;
  return false;
}

Result<Json> Users::create(const NewUser& user) {
  if (user.hash.empty()) TRY(acceptable(user.password, user.username));
  if (TRY(find_by_username(user.username))) return name_taken();
  std::string name = user.name.empty() ? generate_name(env_, "user-") : user.name;
  Json labels = user.labels;
  labels.set("cattle.io/creator", "norman");
  Json object = Json::object({
      {"apiVersion", "management.cattle.io/v3"},
      {"kind", "User"},
      {"metadata", Json::object({{"name", name}, {"labels", std::move(labels)}})},
      {"displayName", user.display_name},
      {"username", user.username},
      {"description", ""},
      {"enabled", true},
      {"password", user.hash.empty() ? TRY(passwords_.hash(user.password)) : user.hash},
      {"mustChangePassword", user.must_change == MustChange::yes},
      {"principalIds", Json::array({"local://" + name})},
  });
  auto written = registry_.create(*kind(), "", std::move(object),
                                  {.user = server_user(), .field_manager = "paddock"});
  if (!written) return is_name_taken(written.error()) ? name_taken() : written.error();
  return written->object.json();
}

}  // namespace engine
