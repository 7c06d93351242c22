// Who may: Rbac answers from the Roles, ClusterRoles and their bindings in the watch caches,
// indexed by subject so that a question costs what the subject holds, not what exists.
// system:masters may everything. Deny unless a rule allows. Thread: any. Owns: its index, kept true
// by subscriptions. Source: k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/http.h"
#include "engine/watch/watch_cache.h"

namespace engine {

struct Attributes {
  std::string_view verb;
  std::string_view group;     // API group, for resources
  std::string_view resource;  // plural
  std::string_view subresource;
  std::string_view ns;    // empty: cluster-wide
  std::string_view name;  // empty: any
  std::string_view path;  // non-resource requests only
  bool is_resource() const { return path.empty(); }
};

struct Decision {
  bool allowed = false;
  std::string reason;  // which binding and role allowed it
};

// One subject of one binding whose role allows what was asked. It points into an index: for the
// length of a call.
struct Holder {
  std::string_view subject;      // u:NAME, g:NAME; a service account is the user it acts as
  std::string_view ns, binding;  // ns empty: a ClusterRoleBinding
  std::string_view role_kind, role;
  const struct PolicyRule* rule = nullptr;
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  virtual Decision authorize(const User&, const Attributes&) = 0;
  // All rules that apply to the user in a namespace (SelfSubjectRulesReview), as resourceRules and
  // nonResourceRules.
  virtual Json rules_for(const User&, std::string_view ns) = 0;
  // Whether the user holds every one of these PolicyRules in the namespace ("" for cluster-wide):
  // nobody grants what they do not hold.
  virtual bool covers(const User&, std::string_view ns, const JsonArray& rules) = 0;
  // Everybody who is allowed it by a binding that somebody wrote by hand (what this server makes of
  // its own roles is left out), in whatever namespace. `visit` may not ask here again.
  virtual void holders(const Attributes&, const std::function<void(const Holder&)>& visit) {
    (void)visit;
  }
  // Whether it is allowed cluster-wide or in any namespace: what a form is offered by.
  virtual bool allowed_somewhere(const User& user, const Attributes& asked) {
    return authorize(user, asked).allowed;
  }
};

std::unique_ptr<Authorizer> make_rbac(storage::Env&, Dispatcher&, KindSet&);

}  // namespace engine
