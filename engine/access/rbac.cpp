// Rbac: the index of roles and bindings behind make_rbac (authz.h).
#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>

#include "engine/access/authz.h"
#include "engine/access/cache_feeds.h"
#include "engine/access/rbac_rules.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

enum Part : size_t { kRoles, kClusterRoles, kRoleBindings, kClusterRoleBindings, kParts };
constexpr std::string_view kPlurals[kParts] = {"roles", "clusterroles", "rolebindings",
                                               "clusterrolebindings"};

struct Binding {
  std::string ns, name;  // ns empty: a ClusterRoleBinding
  std::string role_kind, role_name;
  std::vector<std::string> subjects;  // keys of the index
};
using BindingPtr = std::shared_ptr<const Binding>;
using Rules = std::shared_ptr<const std::vector<PolicyRule>>;

// How a subject is found: u:NAME or g:NAME. A service account is the user it acts as.
std::string subject_key(const Json& subject, std::string_view ns) {
  auto kind = subject.str("kind");
  std::string name(subject.str("name"));
  if (kind == "User") return "u:" + name;
  if (kind == "Group") return "g:" + name;
  if (kind != "ServiceAccount") return {};
  auto of = subject.str("namespace", ns);
  return "u:system:serviceaccount:" + std::string(of) + ":" + name;
}

std::string printed_subject(std::string_view key) {
  std::string name(key.substr(2));
  constexpr std::string_view kAccount = "system:serviceaccount:";
  if (key[0] == 'g') return "Group \"" + name + "\"";
  if (!name.starts_with(kAccount)) return "User \"" + name + "\"";
  auto rest = name.substr(kAccount.size());
  auto colon = rest.find(':');
  if (colon == std::string::npos) return "User \"" + name + "\"";
  return "ServiceAccount \"" + rest.substr(colon + 1) + "/" + rest.substr(0, colon) + "\"";
}

std::string reason_of(const Binding& binding, std::string_view subject) {
  std::string out = "RBAC: allowed by ";
  if (binding.ns.empty())
    out += "ClusterRoleBinding \"" + binding.name + "\" of ";
  else
    out += "RoleBinding \"" + binding.name + "/" + binding.ns + "\" of ";
  return out + binding.role_kind + " \"" + binding.role_name + "\" to " + printed_subject(subject);
}

std::string place(std::string_view ns, std::string_view name) {
  return std::string(ns) + "/" + std::string(name);
}

bool is_master(const User& user) {
  return std::find(user.groups.begin(), user.groups.end(), "system:masters") != user.groups.end();
}

class Rbac final : public Authorizer {
 public:
  Rbac(storage::Env& env, Dispatcher& dispatcher, KindSet& kinds)
      : feeds_(
            env, dispatcher, kinds,
            {{kGroup, kPlurals[kRoles]},
             {kGroup, kPlurals[kClusterRoles]},
             {kGroup, kPlurals[kRoleBindings]},
             {kGroup, kPlurals[kClusterRoleBindings]}},
            [this](size_t part, std::string_view ns, std::string_view name, const Bytes* bytes) {
              put(static_cast<Part>(part), ns, name, bytes);
            },
            [this](size_t part) { clear(static_cast<Part>(part)); }) {}

  Decision authorize(const User& user, const Attributes& asked) override;
  Json rules_for(const User& user, std::string_view ns) override;
  bool covers(const User& user, std::string_view ns, const JsonArray& rules) override;
  bool allowed_somewhere(const User& user, const Attributes& asked) override;

 private:
  void clear(Part part);
  void put(Part part, std::string_view ns, std::string_view name, const Bytes* bytes);
  void put_binding(const std::string& key, std::string_view ns, std::string_view name,
                   const Bytes* bytes);
  // Under the shared lock: calls visit(binding, rules or null, subject) for what applies to the
  // user in the namespace; true from it stops.
  template <class Visit>
  void each_binding(const User& user, std::string_view ns, const Visit& visit) const;
  std::vector<const PolicyRule*> held(const User& user, std::string_view ns) const;

  mutable std::shared_mutex mutex_;  // guards the index
  std::unordered_map<std::string, Rules> roles_, cluster_roles_;
  std::unordered_map<std::string, BindingPtr> bindings_;
  // A subject's bindings by their namespace ("": cluster-wide), so that a question does not look at
  // those of other places.
  using Places = std::unordered_map<std::string, std::vector<BindingPtr>>;
  std::unordered_map<std::string, Places> by_subject_;

  CacheFeeds feeds_;  // last: ends before the index does
};

void Rbac::clear(Part part) {
  std::unique_lock lock(mutex_);
  if (part == kRoles) roles_.clear();
  if (part == kClusterRoles) cluster_roles_.clear();
  if (part != kRoleBindings && part != kClusterRoleBindings) return;
  bool cluster = part == kClusterRoleBindings;
  auto of_part = [&](const BindingPtr& binding) { return binding->ns.empty() == cluster; };
  std::erase_if(bindings_, [&](const auto& entry) { return of_part(entry.second); });
  for (auto& [subject, places] : by_subject_)
    for (auto& [ns, list] : places) std::erase_if(list, of_part);
}

void Rbac::put(Part part, std::string_view ns, std::string_view name, const Bytes* bytes) {
  std::string key = place(ns, name);
  if (part == kRoleBindings || part == kClusterRoleBindings) {
    put_binding(key, ns, name, bytes);
    return;
  }
  Rules rules;
  if (bytes) {
    auto object = parse_json(**bytes);
    rules = std::make_shared<const std::vector<PolicyRule>>(
        object ? PolicyRule::parse_all(object->find("rules")) : std::vector<PolicyRule>());
  }
  std::unique_lock lock(mutex_);
  auto& map = part == kRoles ? roles_ : cluster_roles_;
  if (rules)
    map[key] = std::move(rules);
  else
    map.erase(key);
}

void Rbac::put_binding(const std::string& key, std::string_view ns, std::string_view name,
                       const Bytes* bytes) {
  auto binding = std::make_shared<Binding>();
  auto object = bytes ? parse_json(**bytes) : Result<Json>(Json());
  if (bytes && object) {
    binding->ns = ns;
    binding->name = name;
    binding->role_kind = object->str({"roleRef", "kind"});
    binding->role_name = object->str({"roleRef", "name"});
    const Json* subjects = object->find("subjects");
    if (subjects && subjects->is_array())
      for (const auto& subject : subjects->as_array())
        if (auto one = subject_key(subject, ns); !one.empty())
          binding->subjects.push_back(std::move(one));
  }
  std::unique_lock lock(mutex_);
  if (auto old = bindings_.find(key); old != bindings_.end()) {
    for (const auto& subject : old->second->subjects) {
      auto places = by_subject_.find(subject);
      if (places == by_subject_.end()) continue;
      auto list = places->second.find(old->second->ns);
      if (list == places->second.end()) continue;
      std::erase(list->second, old->second);
      if (list->second.empty()) places->second.erase(list);
      if (places->second.empty()) by_subject_.erase(places);
    }
    bindings_.erase(old);
  }
  if (!bytes) return;
  for (const auto& subject : binding->subjects) {
    auto& list = by_subject_[subject][binding->ns];
    if (list.empty() || list.back() != binding) list.push_back(binding);
  }
  bindings_.emplace(key, std::move(binding));
}

template <class Visit>
void Rbac::each_binding(const User& user, std::string_view ns, const Visit& visit) const {
  auto in_place = [&](const Places& places, const std::string& of, const std::string& key) {
    auto found = places.find(of);
    if (found == places.end()) return false;
    for (const auto& binding : found->second) {
      bool cluster_role = binding->role_kind == "ClusterRole";
      const auto& map = cluster_role ? cluster_roles_ : roles_;
      auto rules = map.find(place(cluster_role ? "" : binding->ns, binding->role_name));
      if (visit(*binding, rules == map.end() ? nullptr : rules->second.get(), key)) return true;
    }
    return false;
  };
  const std::string here(ns);
  auto subject = [&](const std::string& key) {
    auto found = by_subject_.find(key);
    if (found == by_subject_.end()) return false;
    if (in_place(found->second, "", key)) return true;
    return !here.empty() && in_place(found->second, here, key);
  };
  if (subject("u:" + user.name)) return;
  for (const auto& group : user.groups)
    if (subject("g:" + group)) return;
}

Decision Rbac::authorize(const User& user, const Attributes& asked) {
  if (is_master(user)) return {true, ""};
  if (!feeds_.current()) return {false, "the roles and bindings cannot be read at the moment"};
  Decision out;
  std::shared_lock lock(mutex_);
  each_binding(user, asked.ns,
               [&](const Binding& binding, const std::vector<PolicyRule>* rules,
                   const std::string& subject) {
                 // A path outside the resources belongs to the whole cluster.
                 if (!asked.is_resource() && !binding.ns.empty()) return false;
                 if (!rules) {
                   bool cluster_role = binding.role_kind == "ClusterRole";
                   out.reason = std::string("RBAC: ") + (cluster_role ? "clusterrole" : "role") +
                                ".rbac.authorization.k8s.io \"" + binding.role_name +
                                "\" not found";
                   return false;
                 }
                 for (const auto& rule : *rules) {
                   if (!rule.allows(asked)) continue;
                   out = {true, reason_of(binding, subject)};
                   return true;
                 }
                 return false;
               });
  return out;
}

bool Rbac::allowed_somewhere(const User& user, const Attributes& asked) {
  if (is_master(user)) return true;
  if (!feeds_.current()) return false;
  // A member of a thousand projects holds the same few roles in all of them: each is asked once.
  std::unordered_set<const std::vector<PolicyRule>*> said_no;
  auto rules_allow = [&](const Binding& binding) {
    bool cluster_role = binding.role_kind == "ClusterRole";
    const auto& map = cluster_role ? cluster_roles_ : roles_;
    auto rules = map.find(place(cluster_role ? "" : binding.ns, binding.role_name));
    return rules != map.end() && said_no.insert(&*rules->second).second &&
           std::any_of(rules->second->begin(), rules->second->end(),
                       [&](const PolicyRule& rule) { return rule.allows(asked); });
  };
  auto any_allows = [&](const std::vector<BindingPtr>& list) {
    return std::any_of(list.begin(), list.end(),
                       [&](const BindingPtr& binding) { return rules_allow(*binding); });
  };
  std::shared_lock lock(mutex_);
  std::vector<const Places*> held;
  auto add = [&](const std::string& key) {
    if (auto found = by_subject_.find(key); found != by_subject_.end())
      held.push_back(&found->second);
  };
  add("u:" + user.name);
  for (const std::string& group : user.groups) add("g:" + group);
  // What holds everywhere is little and answers most questions.
  for (const Places* places : held)
    if (auto wide = places->find(""); wide != places->end() && any_allows(wide->second))
      return true;
  for (const Places* places : held)
    for (const auto& [ns, list] : *places)
      if (!ns.empty() && any_allows(list)) return true;
  return false;
}

std::vector<const PolicyRule*> Rbac::held(const User& user, std::string_view ns) const {
  std::vector<const PolicyRule*> out;
  each_binding(user, ns,
               [&](const Binding&, const std::vector<PolicyRule>* rules, const std::string&) {
                 if (rules)
                   for (const auto& rule : *rules) out.push_back(&rule);
                 return false;
               });
  return out;
}

Json list_json(const std::vector<std::string>& values) {
  Json out = Json::array();
  for (const auto& value : values) out.push_back(value);
  return out;
}

Json Rbac::rules_for(const User& user, std::string_view ns) {
  Json resources = Json::array(), urls = Json::array();
  auto add = [&](const PolicyRule& rule) {
    if (!rule.resources.empty()) {
      Json one = Json::object({{"verbs", list_json(rule.verbs)},
                               {"apiGroups", list_json(rule.groups)},
                               {"resources", list_json(rule.resources)}});
      if (!rule.names.empty()) one.set("resourceNames", list_json(rule.names));
      resources.push_back(std::move(one));
    }
    if (!rule.urls.empty())
      urls.push_back(Json::object(
          {{"verbs", list_json(rule.verbs)}, {"nonResourceURLs", list_json(rule.urls)}}));
  };
  if (is_master(user)) {
    add({{"*"}, {"*"}, {"*"}, {}, {}});
    add({{"*"}, {}, {}, {}, {"*"}});
  } else if (feeds_.current()) {
    std::shared_lock lock(mutex_);
    for (const PolicyRule* rule : held(user, ns)) add(*rule);
  }
  return Json::object(
      {{"resourceRules", std::move(resources)}, {"nonResourceRules", std::move(urls)}});
}

bool Rbac::covers(const User& user, std::string_view ns, const JsonArray& rules) {
  if (is_master(user)) return true;
  if (!feeds_.current()) return false;
  std::shared_lock lock(mutex_);
  auto owned = held(user, ns);
  return std::all_of(rules.begin(), rules.end(),
                     [&](const Json& rule) { return rules_cover(owned, PolicyRule::parse(rule)); });
}

}  // namespace

std::unique_ptr<Authorizer> make_rbac(storage::Env& env, Dispatcher& dispatcher, KindSet& kinds) {
  return std::make_unique<Rbac>(env, dispatcher, kinds);
}

}  // namespace engine
