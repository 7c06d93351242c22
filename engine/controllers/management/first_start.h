// First start: what a fresh server holds before anybody has come: the objects of Kubernetes' own
// bootstrap, settings, global roles, role templates, drivers with their schemas, auth configs,
// catalogs, features, pod security policy templates, the cluster `local` with its Default and
// System projects and the system's namespaces in them, and the administrator. It runs at every
// start: what a user changed or deleted stays so, what a newer program has more is added, and
// fields that nobody touched follow it. Everything is written in two transactions. Thread: one, at
// start; waits for the store; administrator() may run beside objects(). Owns: nothing but
// references. Source: engine/controllers/management/facts (what a fresh 2.5 server holds).
#pragma once

#include <functional>
#include <string>

#include "engine/access/users.h"
#include "engine/registry/registry.h"

namespace engine {

class FirstStartRecord;

struct FirstStartOptions {
  std::string version;      // of this program: the setting server-version
  std::string agent_image;  // the setting agent-image
  // The administrator's first password as it is stored; asked for only when there is none yet.
  std::function<Result<std::string>()> password_hash;
  // A variable of the process's environment; empty: not set. CATTLE_NAME gives a setting its value.
  std::function<std::string(const std::string&)> environment = {};
};

class FirstStart {
 public:
  FirstStart(Registry& registry, Dispatcher& dispatcher, Users& users, FirstStartOptions options);

  // All but the administrator.
  Result<Unit> objects();
  // The user `admin`, with every right, and who must change the password. True: made just now.
  Result<bool> administrator();

 private:
  struct Making;
  Result<Unit> facts(const Json& facts, FirstStartRecord& record, Making& making);
  Result<Unit> settings(const Json& facts, Making& making);
  Result<Unit> setting(const Json& fact, Making& making);
  Result<Unit> local_cluster(const Json& facts, Making& making);
  Result<Unit> name_owners(Json& schema);
  Result<bool> there(const Json& object);
  Result<Unit> upgrade(const FirstStartRecord& record, const Json& wanted);
  Result<Unit> join(std::string_view ns, const std::string& project);
  Result<std::string> administrator_name();
  Result<Unit> every_right(const Json& user);

  Registry& registry_;
  Dispatcher& dispatcher_;
  Users& users_;
  FirstStartOptions options_;
  // Who the administrator will be if there is none: the local cluster's creator, made beside.
  const std::string new_administrator_;
};

}  // namespace engine
