// GrantModel: the product's own roles and bindings in parsed form, with the indexes that everything
// about them is answered from: the closure of a role template, who uses it, what a subject holds.
// It is a plain value that somebody feeds with objects as they come; a cycle or a missing template
// in it is harmless (the closure names each template once). Thread: whoever owns it, one at a time.
// Owns: its entries.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/access/rbac_rules.h"

namespace engine {

inline constexpr std::string_view kGrantGroup = "management.cattle.io";

// Whom a binding names. The key is as Rbac's index has it.
struct GrantSubject {
  enum class Kind : uint8_t { none, user, group, account } kind = Kind::none;
  std::string ns;  // of a service account
  std::string name;

  bool operator==(const GrantSubject&) const = default;
  std::string key() const;  // u:NAME, g:NAME, u:system:serviceaccount:NS:NAME; empty for none
  Json json() const;        // as an RBAC subject
  // Of a GlobalRoleBinding, ClusterRoleTemplateBinding or ProjectRoleTemplateBinding.
  static GrantSubject of(const Json& binding);
};

using RuleList = std::shared_ptr<const std::vector<PolicyRule>>;

struct RoleTemplate {
  std::string name, shown, uid, context;  // cluster or project
  bool external = false, locked = false, hidden = false, builtin = false, administrative = false;
  bool cluster_creator = false, project_creator = false;
  std::vector<std::string> inherits;
  RuleList rules;
};
using RoleTemplatePtr = std::shared_ptr<const RoleTemplate>;

struct GlobalRole {
  std::string name, shown, uid;
  bool builtin = false, new_user = false;
  RuleList rules;
};
using GlobalRolePtr = std::shared_ptr<const GlobalRole>;

struct Grant {
  enum class Where : uint8_t { global, cluster, project } where = Where::global;
  std::string ns, name, uid;     // of the binding object
  std::string cluster, project;  // p-xxxxx alone
  std::string role;              // a global role or a role template
  GrantSubject subject;

  static std::string id_of(Where where, std::string_view ns, std::string_view name);
  std::string id() const { return id_of(where, ns, name); }  // grb//NAME, crtb/NS/NAME, prtb/...
};
using GrantPtr = std::shared_ptr<const Grant>;

// The plural that holds such bindings.
std::string_view grant_plural(Grant::Where where);

class GrantModel {
 public:
  // Null: it is gone. They return what was there before.
  RoleTemplatePtr put_template(std::string_view name, const Json* object);
  GlobalRolePtr put_global_role(std::string_view name, const Json* object);
  GrantPtr put_grant(Grant::Where where, std::string_view ns, std::string_view name,
                     const Json* object);
  // The rules of the ClusterRole that an external template stands for.
  void put_external(std::string_view name, RuleList rules);

  RoleTemplatePtr template_of(std::string_view name) const;
  GlobalRolePtr global_role(std::string_view name) const;
  GrantPtr grant(std::string_view id) const;
  // The template and all that it inherits, itself first; what is not there is left out.
  std::vector<RoleTemplatePtr> closure(std::string_view name) const;
  // Its own rules, or those of the ClusterRole when it is external.
  const std::vector<PolicyRule>& rules_of(const RoleTemplate& role) const;
  // The template and all that come to it by inheritance.
  std::set<std::string> heirs(std::string_view name) const;
  // Templates that inherit it directly.
  const std::set<std::string>& heirs_of_one(std::string_view name) const;

  using Grants = std::map<std::string, GrantPtr, std::less<>>;             // by id
  const Grants& by_role(Grant::Where where, std::string_view role) const;  // global: by global role
  const Grants& by_subject(std::string_view key) const;
  const Grants& in_cluster(std::string_view cluster) const;  // cluster bindings
  const Grants& in_project(std::string_view cluster, std::string_view project) const;
  const Grants& all() const { return grants_; }
  const std::map<std::string, RoleTemplatePtr, std::less<>>& templates() const {
    return templates_;
  }
  const std::map<std::string, GlobalRolePtr, std::less<>>& global_roles() const {
    return global_roles_;
  }
  // Everything of one kind goes.
  enum class Part : uint8_t {
    global_roles,
    templates,
    global_grants,
    cluster_grants,
    project_grants,
    externals
  };
  void clear(Part part);

 private:
  using Index = std::unordered_map<std::string, Grants>;
  void index(const GrantPtr& grant, bool in);

  std::map<std::string, RoleTemplatePtr, std::less<>> templates_;
  std::map<std::string, GlobalRolePtr, std::less<>> global_roles_;
  std::map<std::string, RuleList, std::less<>> externals_;
  std::map<std::string, std::set<std::string>, std::less<>> heirs_;
  Grants grants_;
  Index by_role_, by_subject_, by_place_;
};

Json rule_json(const PolicyRule& rule);

}  // namespace engine
