// First start: what a fresh server holds before anybody has come: settings with their defaults, the
// cluster `local`, its Default and System projects, and the administrator. It runs at every start
// and only adds what is missing; what a user changed stays. Thread: one, at start; waits for the
// store. Owns: nothing but references. Source: engine/controllers/management/settings.json (names
// and defaults of a 2.5 server).
#pragma once

#include <functional>
#include <string>

#include "engine/access/users.h"
#include "engine/registry/registry.h"

namespace engine {

struct FirstStartOptions {
  std::string version;      // of this program: the setting server-version
  std::string agent_image;  // the setting agent-image
  // The administrator's first password as it is stored; asked for only when there is none yet.
  std::function<Result<std::string>()> password_hash;
};

class FirstStart {
 public:
  FirstStart(Registry& registry, Dispatcher& dispatcher, Users& users, FirstStartOptions options);

  // Settings, the local cluster and its projects.
  Result<Unit> objects();
  // The user `admin`, with every right, and who must change the password. True: made just now.
  Result<bool> administrator();

 private:
  Result<Unit> settings();
  Result<Unit> local_cluster();
  Result<Unit> every_right(const Json& user);
  Result<Unit> project(std::string_view name, std::string_view label, std::string_view description);
  Result<Unit> ensure(std::string_view group, std::string_view plural, std::string_view ns,
                      Json object);

  Registry& registry_;
  Dispatcher& dispatcher_;
  Users& users_;
  FirstStartOptions options_;
};

}  // namespace engine
