// RbacPlan: which RBAC objects must be there, in which cluster, because of which roles and
// bindings. It is fed with the objects as they come and tells which of the RBAC objects that
// concerns; a binding costs what it makes (roles of its closure, namespaces of its project), and an
// object that several bindings make (a membership) goes with the last of them. It reads and writes
// nothing: others compare and write. Thread: one at a time, the owner locks. Owns: all of it.
// Source: shared V3 contract (Authorization), first-start facts (roles).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/access/grant_model.h"
#include "engine/controllers/management/rbac_content.h"

namespace engine {

class RbacPlan {
 public:
  static constexpr std::string_view kLocal = "local";
  RbacPlan();

  // Null: it is gone.
  void put_template(std::string_view name, const Json* object);
  void put_global_role(std::string_view name, const Json* object);
  void put_grant(Grant::Where where, std::string_view ns, std::string_view name,
                 const Json* object);
  void put_cluster(std::string_view id, const Json* object);
  void put_project(std::string_view cluster, std::string_view name, const Json* object);
  void put_user(std::string_view name, const Json* object);
  // The rules of the ClusterRole behind an external template.
  void put_external(std::string_view name, RuleList rules);
  // A namespace of a cluster and the project (p-xxxxx) it is in; empty: in none, or gone.
  void put_namespace(std::string_view cluster, std::string_view name, std::string_view project);
  // The namespaces of a cluster that are in projects.
  std::vector<std::string> namespaces(std::string_view cluster) const;

  struct Concerned {
    std::string place, key;  // the cluster, the RBAC object (rbac_key)
  };
  // What has changed since the last call.
  std::vector<Concerned> take_concerned();

  // The object as it must be; null: it must not be there.
  Json wanted(std::string_view place, std::string_view key) const;
  bool is_wanted(std::string_view place, std::string_view key) const;
  std::vector<std::string> keys(std::string_view place) const;
  std::vector<std::string> places() const;
  // What a binding makes on this server.
  std::vector<std::string> made_here(std::string_view grant_id) const;

  const GrantModel& model() const { return model_; }
  struct Numbers {
    size_t places = 0, objects = 0, units = 0;
  };
  Numbers numbers() const;

 private:
  enum class Source : uint8_t {  // of a role's rules
    binding,                     // none: it is a binding
    global_role,
    whole,
    cluster_plane,
    cluster_of_project_plane,
    project_plane,
    promoted,
    create_namespaces,
    namespaces_readonly,
    namespaces_edit,
    cluster_member,
    cluster_owner,
    project_member,
    project_owner,
    user_view,
  };
  // How an object names the binding that it is there for.
  enum class Mark : uint8_t {
    none,
    owned,  // an owner reference
    membership,
    project_in_cluster,
    cluster_in_project,
    in_cluster,
    global
  };
  struct Spec {
    Source source = Source::binding;
    std::string of;  // what the rules come from; for a binding the name of its role
    bool cluster_role = true;
    GrantSubject subject;
    bool operator==(const Spec&) const = default;
  };
  struct SpecHash {
    size_t operator()(const Spec& spec) const;
  };
  using Specs = std::unordered_map<Spec, uint32_t, SpecHash>;  // and how many objects are so
  struct Owner {
    std::string_view kind;
    std::string name, uid;
  };
  struct Place;
  struct Target;
  struct Family;
  struct Unit {  // what one cause makes in one scope
    const Family* family = nullptr;
    uint32_t serial = 0;  // later ones are greater
    std::vector<Target*> made;
  };
  struct Family {  // of one cause: what it makes as a whole, and by parts (namespaces, projects)
    Owner owner;
    std::string label;
    Unit whole;
    std::unordered_map<std::string, Unit> parts;
  };
  struct Target {
    const std::string* key = nullptr;
    Place* place = nullptr;
    Specs::value_type* spec = nullptr;
    uint32_t unmarked = 0;                             // causes that it does not name
    std::vector<std::pair<const Unit*, Mark>> causes;  // those that it names, the oldest first
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Place {
    std::string id;
    std::unordered_map<std::string, Target, Hash, std::equal_to<>> targets;
    std::map<std::string, std::string, std::less<>> project_of;  // by namespace
  };
  struct Project {
    bool there = false;
    std::string uid;
    std::set<std::string, std::less<>> namespaces;
  };
  struct Cluster {
    std::string uid;
  };
  struct Made {
    std::string place, key;
    Spec spec;
    Mark mark;
  };
  using MadeList = std::vector<Made>;
  struct Shape;  // what a template decides beyond the rules of its roles

  Place& place(std::string_view id);
  void concern(const Place& place, const std::string& key);
  void concern_if_there(std::string_view place, const std::string& key);
  void set_whole(const std::string& id, Owner owner, MadeList made);
  void set_whole(const Grant& grant);
  void set_made(Family& family, Unit& unit, MadeList made);
  void drop_made(Unit& unit);
  void drop_family(const std::string& id);
  void drop_part(const Grant& grant, const std::string& part);
  void drop_if_empty(const std::string& id);
  Family& family_of(const Grant& grant);
  void renamed(const Family& family);
  void add_cause(Target& target, const Unit& unit, Mark mark);
  void remove_cause(Target& target, const Unit& unit);
  void set_spec(Target& target, Spec spec);
  void release_spec(Target& target);
  // Calls visit(name) for the projects of a cluster that are there.
  void each_project(std::string_view cluster,
                    const std::function<void(const std::string& name)>& visit) const;
  Target* target(std::string_view place_id, std::string_view key);
  const Target* target(std::string_view place_id, std::string_view key) const;

  void refresh(const Grant& grant);
  void refresh_in(const Grant& grant, const std::string& part);
  void refresh_global(const Grant& grant);
  void refresh_role_users(std::string_view name);
  void rules_changed(std::string_view name);
  Shape shape_of(const RoleTemplate* role) const;
  bool may_stand(const Grant& grant) const;
  const Project* project(std::string_view cluster, std::string_view name) const;
  MadeList made_by(const Grant& grant) const;
  void add_cluster_grant(const Grant& grant, MadeList& out) const;
  void add_project_grant(const Grant& grant, MadeList& out) const;
  void add_project_everywhere(const Grant& grant, const std::vector<RoleTemplatePtr>& closure,
                              MadeList& out) const;
  MadeList made_in(const Grant& grant, const std::string& part) const;

  std::vector<PolicyRule> rules(const Place& place, const Spec& spec) const;
  std::optional<Owner> owner_of(const Place& place, const Target& target) const;
  void add_marks(const Target& target, Json& metadata) const;

  GrantModel model_;
  std::map<std::string, Cluster, std::less<>> clusters_;
  std::map<std::string, Project, std::less<>> projects_;   // "cluster:project"
  std::map<std::string, std::string, std::less<>> users_;  // uid by name
  std::map<std::string, Place, std::less<>> places_;
  std::unordered_map<std::string, Family> families_;
  Specs specs_;
  uint32_t serial_ = 0;
  std::set<std::pair<std::string, std::string>> concerned_;
};

}  // namespace engine
