// What the RBAC objects of the product's roles hold: the rules of each, cut to the plane where they
// apply, and the objects as JSON. Pure functions. Thread: any. Owns: nothing. Source: shared V3
// contract (Authorization), first-start facts (roles).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/access/grant_model.h"

namespace engine {

inline constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";
// Every object that we keep carries it: what carries it and is not wanted goes.
inline constexpr std::string_view kMadeByLabel = "authz.management.cattle.io/made-by";
inline constexpr std::string_view kMadeBy = "paddock";

// The four kinds, and how they are named in keys: the letter, the namespace, a slash, the name.
enum class RbacKind : char { role = 'R', cluster_role = 'C', binding = 'r', cluster_binding = 'c' };
struct RbacKey {
  RbacKind kind;
  std::string_view ns, name;  // point into the key
};
std::string rbac_key(RbacKind kind, std::string_view ns, std::string_view name);
RbacKey read_rbac_key(std::string_view key);
std::string_view rbac_plural(RbacKind kind);
std::string_view rbac_kind_name(RbacKind kind);
bool is_rbac_binding(RbacKind kind);

// Which resources of the management API a role template speaks of, and in which namespace here.
enum class Plane : uint8_t {
  cluster,             // bindings of a cluster, in the cluster's namespace
  cluster_of_project,  // bindings of a project, in its cluster's namespace
  project,             // either, in the project's namespace
};
std::vector<PolicyRule> plane_rules(const std::vector<PolicyRule>& rules, Plane plane);
// What a project's member needs that lies in no namespace: volumes, storage classes.
std::vector<PolicyRule> promoted_rules(const std::vector<PolicyRule>& rules);
// For the cluster `local`, whose API is this server's: without what the planes give by namespace.
std::vector<PolicyRule> without_planes(const std::vector<PolicyRule>& rules);
bool creates_namespaces(const std::vector<PolicyRule>& rules);
// Whether they say `own` of clusters, or of projects.
bool owns(const std::vector<PolicyRule>& rules, std::string_view resource);
PolicyRule rule_on(std::string_view group, std::string_view resource, std::string_view verb,
                   std::vector<std::string> names);

// Ten letters that stand for the text, as names of bindings have them.
std::string binding_hash(std::string_view text);
// NS_NAME, as labels name a binding; cut, with a hash, where it is too long for a label.
std::string grant_label(const Grant& grant);

// Whether what is there grants what is wanted, and to the same: rules, role, subjects, labels and
// owners of ours. What others added to its annotations does not matter.
bool same_rbac(const Json& wanted, const Json& there);
// The same as a number, for places whose objects are not kept here.
uint64_t rbac_digest(const Json& object);
bool is_made_by_us(const Json& object);
bool is_rbac_label_of_ours(std::string_view key, const Json& value);

}  // namespace engine
