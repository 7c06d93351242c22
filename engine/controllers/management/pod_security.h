// Pod security: the levels of Kubernetes' Pod Security Admission that a cluster and its projects
// ask for, kept on their namespaces as labels. A cluster or project says them by annotations
// (pod-security.management.cattle.io/enforce: baseline, and audit, warn, each with -version), or as
// older clients do by a pod security policy template, which stands for the level that is nearest to
// what it allows (level_of_template); an annotation goes before a template, a project's word before
// its cluster's, and the System project has only its own. A namespace of
// no project is left alone. What we set is named in an annotation of the namespace, so that it is
// taken off again when nobody asks for it any more, and nothing else is. Thread: the plan: one at a
// time, its owner locks; the rest pure. Owns: what was asked for, and which namespaces are where.
// Source: Kubernetes' pod security standards; label names of k8s.io/pod-security-admission.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace engine {

// By mode: enforce, audit, warn, and each with -version.
using PodSecurityLevels = std::map<std::string, std::string>;

// What an object's annotations ask for; what is no level or version is left out.
PodSecurityLevels asked_levels(const Json& object);
// The merge patch that makes a namespace so; none: it is.
std::optional<Json> pod_security_patch(const Json& ns, const PodSecurityLevels& wanted);

// What pod_security_patch reads of a namespace, without the rest: for who keeps it for a while.
Json pod_security_part(const Json& ns);

// privileged, baseline or restricted: what a PodSecurityPolicyTemplate comes nearest to.
std::string level_of_template(const Json& object);

class PodSecurityPlan {
 public:
  // Null: it is gone.
  void put_template(const std::string& name, const Json* object);
  // A PodSecurityPolicyTemplateProjectBinding.
  void put_template_binding(const std::string& name, const Json* object);
  void put_cluster(const std::string& id, const Json* object);
  void put_project(const std::string& cluster, const std::string& name, const Json* object);
  void put_namespace(const std::string& cluster, const std::string& ns, const std::string& project);

  PodSecurityLevels wanted(const std::string& cluster, const std::string& ns) const;
  struct Concerned {
    std::string cluster, ns;
  };
  std::vector<Concerned> take_concerned();

 private:
  struct Asked {
    PodSecurityLevels levels;
    std::string policy;  // the name of a template
    bool system = false;
    bool operator==(const Asked&) const = default;
  };
  struct Cluster {
    Asked asked;
    std::map<std::string, Asked> projects;
    // By project: the bindings that give it a template, and which.
    std::map<std::string, std::map<std::string, std::string>> policies;
    std::map<std::string, std::string> project_of;  // by namespace
    std::map<std::string, std::set<std::string>> namespaces_of;
  };
  void concern(const std::string& id, const Cluster& cluster, const std::string& project);
  void concern_all(const std::string& id, const Cluster& cluster);
  void add_policy(const std::string& policy, PodSecurityLevels& levels) const;

  std::map<std::string, Cluster> clusters_;
  std::map<std::string, std::string> levels_;                           // by template
  std::map<std::string, std::pair<std::string, std::string>> targets_;  // of bindings
  std::vector<Concerned> concerned_;
};

}  // namespace engine
