// ProjectPlaces: which project a namespace that somebody makes belongs to, in this server's own
// cluster (an admission asks) and in every other (the proxy asks): the one that they name, when
// they can see it; or the only one of the cluster that they are a member of. Thread: any. Owns:
// nothing.
#pragma once

#include <string>
#include <string_view>

#include "engine/access/authz.h"
#include "engine/watch/watch_cache.h"

namespace engine {

class ProjectPlaces {
 public:
  ProjectPlaces(Dispatcher& dispatcher, KindSet& kinds, Authorizer& authorizer);

  // CLUSTER:PROJECT of the one project that the user has a binding in; empty: none, or several, or
  // the user is over all of them.
  Result<std::string> only_project_of(const User& user, std::string_view cluster);
  // Forbidden unless `id` is a project of the cluster that the user can see.
  Result<Unit> may_use(const User& user, std::string_view cluster, std::string_view ns_name,
                       std::string_view id);
  // The annotation and the label of a new namespace: those of the project that it names, or of the
  // only one. What the user may not use is refused.
  Result<Unit> place(const User& user, std::string_view cluster, Json& ns);

 private:
  Dispatcher& dispatcher_;
  Authorizer& authorizer_;
  KindPtr bindings_;
};

}  // namespace engine
