// AccessQuestions: who may do a thing, by which chain (group, binding, template, rule), and what a
// binding that is not there yet would add. POST /v3/accessreviews; not a type of the schemas, which
// old clients know. Answered from the roles and bindings of the product, for every cluster, and for
// this server's own API also from roles and bindings that somebody wrote there by hand; other
// clusters' own are not asked, and the answer names those clusters. Only bindings that the asker
// may see are told. Whoever asks about a user asks about the groups that the user is known to be
// in. Thread: any. Owns: nothing but references. Errors: 422 for a question that is none, 403 for
// an asker who sees no bindings.
//
//   {verb, apiGroup, resource, resourceName?, clusterId?, projectId?, namespace? (of local),
//   userId?,
//    groupPrincipalIds?}
//     -> {type: accessReview, total, partial, answers: [{subject, clusterId, projectId, chain}],
//         handWritten: {asked: [local], notAsked: [CLUSTER...]}}
//   {draft: {globalRoleId | clusterId | projectId, roleTemplateId, userId | groupPrincipalId}}
//     -> {type: accessReview, total, adds: [{roleTemplateId, rule}]}
#pragma once

#include "engine/access/authz.h"
#include "engine/access/grants.h"
#include "engine/access/groups.h"
#include "engine/base/http.h"
#include "engine/registry/registry.h"

namespace engine {

class AccessQuestions {
 public:
  struct Parts {
    Grants& grants;
    Authorizer& authorizer;
    Dispatcher& dispatcher;
    KindSet& kinds;
    Groups& groups;
  };
  explicit AccessQuestions(const Parts& parts)
      : grants_(parts.grants), authorizer_(parts.authorizer), parts_(parts) {}
  static constexpr std::string_view kPath = "/v3/accessreviews";

  Result<Json> answer(const User& asker, const Json& question);

 private:
  Result<Json> who(const User& asker, const Json& question);
  Result<Json> draft(const User& asker, const Json& draft);
  bool sees(const User& asker, const Grant& grant);
  bool sees_any(const User& asker);

  std::vector<std::string> clusters_not_asked(const std::string& cluster);

  Grants& grants_;
  Authorizer& authorizer_;
  const Parts parts_;
};

}  // namespace engine
