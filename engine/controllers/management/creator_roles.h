// CreatorRoles: what comes with a new cluster, project or user: the backing namespace of a project,
// bindings of the creator with the templates marked as creators' defaults, the global roles of new
// users; and the conditions that say so. "InitialRolesPopulated" is written when the bindings are
// in force, not before. Thread: any; reconcile() waits for the store. Owns: what waits.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "engine/controllers/management/authorization.h"

namespace engine {

class CreatorRoles {
 public:
  struct Questions {
    // Names of the templates (or global roles, for users) that are given, as they are now; none
    // while the built-in ones are not there yet.
    std::function<std::optional<std::vector<std::string>>(std::string_view kind)> defaults;
    // The first RBAC object of a binding on this server that is not there yet; empty: all are.
    std::function<std::string(const std::string& grant_id)> missing;
    std::function<void(std::string key)> again;
    // The server began, and everything that there is has been seen.
    std::function<bool()> all_seen;
  };
  CreatorRoles(const AuthorizationParts& parts, Questions questions);

  // Keys: cl/NAME, pr/NS/NAME, us/NAME, bk/NAME (a namespace that backs a project).
  Result<Outcome> reconcile(const std::string& key);
  // An RBAC object came: who waits for it looks again.
  void appeared(const std::string& rbac_key);
  // Templates or roles came that are somebody's defaults, or the first administrator.
  void defaults_changed();
  void administrator(const std::string& name);
  void user_came(const std::string& name);

 private:
  Result<Outcome> cluster(const std::string& name, const std::string& key);
  Result<Outcome> project(const std::string& ns, const std::string& name, const std::string& key);
  Result<Outcome> user(const std::string& name, const std::string& key);
  Result<Outcome> backing(const std::string& name);
  // Makes the bindings; false: it waits and will be called again.
  struct Place;
  Result<bool> give(const Place& place, const Json& object, const std::string& key,
                    std::vector<std::string>& required);
  // The annotation and the conditions that say what was given.
  Result<Unit> populated(std::string_view plural, std::string_view ns, std::string_view name,
                         const std::string& creator, const std::vector<std::string>& given);
  Result<Unit> ensure_namespace(const std::string& cluster, const std::string& project);
  std::string creator_of(const Json& object, bool of_local) const;
  Result<bool> is_user(const std::string& name, const std::string& key);
  void wait_for_defaults(const std::string& key);
  Result<std::optional<Json>> read(std::string_view group, std::string_view plural,
                                   std::string_view ns, std::string_view name);
  Result<KindPtr> kind(std::string_view group, std::string_view plural) const;

  const AuthorizationParts parts_;
  const Questions questions_;
  mutable std::mutex mutex_;
  std::string administrator_;
  std::set<std::string> waiting_for_defaults_;
  std::map<std::string, std::string> waiting_for_;            // RBAC key -> key
  std::multimap<std::string, std::string> waiting_for_user_;  // user -> key
};

}  // namespace engine
