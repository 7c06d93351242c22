// AccessQuestions: who may do a thing, by which chain (group, binding, template, rule), and what a
// binding that is not there yet would add. POST /v3/accessreviews; not a type of the schemas, which
// old clients know. Answered from the roles and bindings of the product alone (what somebody wrote
// into a cluster's RBAC by hand is not asked), and only from bindings that the asker may see.
// Thread: any. Owns: nothing but references. Errors: 422 for a question that is none, 403 for an
// asker who sees no bindings.
//
//   {verb, apiGroup, resource, resourceName?, clusterId?, projectId?, userId?, groupPrincipalIds?}
//     -> {type: accessReview, total, partial, answers: [{subject, clusterId, projectId, chain}]}
//   {draft: {globalRoleId | clusterId | projectId, roleTemplateId, userId | groupPrincipalId}}
//     -> {type: accessReview, total, adds: [{roleTemplateId, rule}]}
#pragma once

#include "engine/access/authz.h"
#include "engine/access/grants.h"
#include "engine/base/http.h"
#include "engine/registry/registry.h"

namespace engine {

class AccessQuestions {
 public:
  AccessQuestions(Grants& grants, Authorizer& authorizer)
      : grants_(grants), authorizer_(authorizer) {}
  static constexpr std::string_view kPath = "/v3/accessreviews";

  Result<Json> answer(const User& asker, const Json& question);

 private:
  Result<Json> who(const User& asker, const Json& question);
  Result<Json> draft(const User& asker, const Json& draft);
  bool sees(const User& asker, const Grant& grant);
  bool sees_any(const User& asker);

  Grants& grants_;
  Authorizer& authorizer_;
};

}  // namespace engine
