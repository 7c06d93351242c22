// What roles and bindings mean, for tests: a model that knows no RBAC objects and reads the rules
// of who is bound where; and every answer compared with it. Thread: a value. Owns: what it was
// told.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tests::authz {

struct What {
  std::string verb, group, resource, name;
  auto operator<=>(const What&) const = default;
};

// What is asked about, and where a right to it comes to be.
enum class Reach : uint8_t { in_cluster, promoted, of_cluster, of_project, create_ns };
struct Thing {
  What what;
  Reach reach;
};
inline const std::vector<Thing>& things() {
  static const std::vector<Thing> kThings = {
      {{"get", "", "pods", ""}, Reach::in_cluster},
      {{"update", "apps", "deployments", ""}, Reach::in_cluster},
      {{"get", "", "persistentvolumes", ""}, Reach::promoted},
      {{"list", "storage.k8s.io", "storageclasses", ""}, Reach::promoted},
      {{"create", "", "namespaces", ""}, Reach::create_ns},
      {{"create", "management.cattle.io", "projects", ""}, Reach::of_cluster},
      {{"get", "management.cattle.io", "nodes", ""}, Reach::of_cluster},
      {{"delete", "management.cattle.io", "projectroletemplatebindings", ""}, Reach::of_project},
      {{"get", "project.cattle.io", "apps", ""}, Reach::of_project}};
  return kThings;
}

struct Binding {
  std::string cluster, project, role, user;  // a user, or a group
};

// A user and the groups that the user is in.
using Who = std::set<std::string>;

// The model: what the objects say, nothing of what is made of them.
struct Model {
  struct Role {
    std::set<size_t> things;
    std::set<std::string> parents;
    bool of_project = false;
  };
  std::map<std::string, Role> roles;
  std::map<std::string, Binding> bindings;                                // by id
  std::map<std::string, std::set<std::string>> projects;                  // cluster -> p
  std::map<std::pair<std::string, std::string>, std::string> project_of;  // cluster, ns -> p
  std::set<std::string> clusters;

  void closure(const std::string& role, std::set<std::string>& out) const {
    if (!roles.count(role) || !out.insert(role).second) return;
    for (const std::string& parent : roles.at(role).parents) closure(parent, out);
  }
  bool says(const std::string& role, size_t thing) const {
    std::set<std::string> all;
    closure(role, all);
    for (const std::string& one : all)
      if (roles.at(one).things.count(thing)) return true;
    return false;
  }
  bool stands(const Binding& one) const {
    return clusters.count(one.cluster) && roles.count(one.role) &&
           (one.project.empty() ||
            (projects.count(one.cluster) && projects.at(one.cluster).count(one.project)));
  }
  // In a cluster, in a namespace ("": for all of it).
  bool may(const Who& who, const std::string& cluster, const std::string& ns, size_t thing) const {
    const Reach reach = things()[thing].reach;
    for (const auto& [id, one] : bindings) {
      if (!who.count(one.user) || one.cluster != cluster || !stands(one) || !says(one.role, thing))
        continue;
      if (one.project.empty()) return true;
      if (reach == Reach::promoted || reach == Reach::create_ns) return true;
      auto in = project_of.find({cluster, ns});
      if (in != project_of.end() && in->second == one.project) return true;
    }
    return false;
  }
  // Of the management API, in a cluster's or a project's namespace of this server.
  bool may_here(const Who& who, const std::string& ns, size_t thing) const {
    const Reach reach = things()[thing].reach;
    for (const auto& [id, one] : bindings) {
      if (!who.count(one.user) || !stands(one) || !says(one.role, thing)) continue;
      if (reach == Reach::of_cluster && one.project.empty() && ns == one.cluster) return true;
      if (reach != Reach::of_project) continue;
      if (one.project == ns) return true;
      if (one.project.empty() && projects.count(one.cluster) && projects.at(one.cluster).count(ns))
        return true;
    }
    return false;
  }
  bool member(const Who& who, const std::string& cluster) const {
    for (const auto& [id, one] : bindings)
      if (who.count(one.user) && one.cluster == cluster && stands(one)) return true;
    return false;
  }
  bool project_member(const Who& who, const std::string& project) const {
    for (const auto& [id, one] : bindings)
      if (who.count(one.user) && one.project == project && stands(one)) return true;
    return false;
  }
};

// Every question of a kind, put to the model and to `ask`; where they differ.
struct Compared {
  size_t answers = 0, yes = 0, wrong = 0;
  std::string first;  // the first differences, in words
};
struct Asked {
  std::map<std::string, Who> users;  // and the groups of each, the user too
  std::vector<std::string> clusters, namespaces;
  std::vector<std::pair<std::string, std::string>> projects;  // cluster, p-1
};
template <class Ask>
Compared compare(const Model& model, const Asked& all, const Ask& ask) {
  Compared out;
  auto check = [&](bool wanted, bool got, const std::string& what) {
    ++out.answers;
    out.yes += wanted ? 1 : 0;
    if (wanted != got && out.wrong++ < 5)
      out.first += what + (wanted ? " must be allowed\n" : " must not be allowed\n");
  };
  auto is_here = [](size_t thing) {
    return things()[thing].reach == Reach::of_cluster || things()[thing].reach == Reach::of_project;
  };
  const std::string kApi = "management.cattle.io";
  for (const auto& [user, who] : all.users) {
    for (const std::string& cluster : all.clusters) {
      check(model.member(who, cluster),
            ask("local", user, who, "", What{"get", kApi, "clusters", cluster}),
            user + " as a member of " + cluster);
      std::vector<std::string> places = all.namespaces;
      places.emplace_back("");
      for (const std::string& ns : places)
        for (size_t t = 0; t < things().size(); ++t)
          if (!is_here(t))
            check(model.may(who, cluster, ns, t), ask(cluster, user, who, ns, things()[t].what),
                  user + " in " + cluster + "/" + ns + ": " + things()[t].what.resource);
    }
    std::vector<std::string> places = all.clusters;
    for (const auto& [cluster, project] : all.projects) {
      places.push_back(project);
      check(model.project_member(who, project),
            ask("local", user, who, cluster, What{"get", kApi, "projects", project}),
            user + " as a member of " + project);
    }
    for (const std::string& ns : places)
      for (size_t t = 0; t < things().size(); ++t)
        if (is_here(t))
          check(model.may_here(who, ns, t), ask("local", user, who, ns, things()[t].what),
                user + " here in " + ns + ": " + things()[t].what.resource);
  }
  return out;
}

inline uint64_t number_of(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace tests::authz
