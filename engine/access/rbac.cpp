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

using Rules = std::shared_ptr<const std::vector<PolicyRule>>;

// A role that is there (it has rules then), or that a binding names.
struct Role {
  bool of_cluster = false;
  std::string name;
  Rules rules;
  uint32_t bindings = 0;  // that name it
  std::string_view kind() const { return of_cluster ? "ClusterRole" : "Role"; }
};
struct Subject;
struct Binding {
  std::string ns, name;  // ns empty: a ClusterRoleBinding
  Role* role = nullptr;
  std::vector<Subject*> subjects;
  bool by_hand = true;  // not made by this server of its own roles
};
// A subject's bindings by their namespace ("": cluster-wide), so that a question does not look at
// those of other places.
struct Subject {
  const std::string* key = nullptr;
  std::unordered_map<std::string_view, std::vector<const Binding*>> places;
};

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
  return out.append(binding.role->kind()) + " \"" + binding.role->name + "\" to " +
         printed_subject(subject);
}

// How a role is found; a Role lies in a namespace.
std::string role_key(bool of_cluster, std::string_view ns, std::string_view name) {
  if (of_cluster) return "/" + std::string(name);
  return std::string(ns) + "/r/" + std::string(name);
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
  void holders(const Attributes& asked, const std::function<void(const Holder&)>& visit) override;

 private:
  using Place = std::pair<std::string_view, std::string_view>;
  struct ByPlace {
    using is_transparent = void;
    static Place of(const Place& place) { return place; }
    static Place of(const std::unique_ptr<Binding>& one) { return {one->ns, one->name}; }
    template <class T>
    size_t operator()(const T& one) const {
      std::hash<std::string_view> hash;
      return hash(of(one).first) * 31 + hash(of(one).second);
    }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return of(a) == of(b);
    }
  };
  void clear(Part part);
  void put(Part part, std::string_view ns, std::string_view name, const Bytes* bytes);
  Role& role(bool of_cluster, std::string_view ns, std::string_view name);
  void drop_if_unused(Role& role, std::string_view ns);
  void put_binding(std::string_view ns, std::string_view name, const Bytes* bytes);
  void detach(const Binding& binding);
  // Under the shared lock: calls visit(binding, rules or null, subject) for what applies to the
  // user in the namespace; true from it stops.
  template <class Visit>
  void each_binding(const User& user, std::string_view ns, const Visit& visit) const;
  std::vector<const PolicyRule*> held(const User& user, std::string_view ns) const;

  mutable std::shared_mutex mutex_;  // guards the index
  std::unordered_map<std::string, Role> roles_;
  std::unordered_map<std::string, Subject> subjects_;
  std::unordered_set<std::unique_ptr<Binding>, ByPlace, ByPlace> bindings_;

  CacheFeeds feeds_;  // last: ends before the index does
};

void Rbac::clear(Part part) {
  std::unique_lock lock(mutex_);
  if (part == kRoles || part == kClusterRoles) {
    for (auto& [key, role] : roles_)
      if (role.of_cluster == (part == kClusterRoles)) role.rules = nullptr;
    std::erase_if(roles_, [](const auto& entry) {
      return !entry.second.rules && entry.second.bindings == 0;
    });
    return;
  }
  std::erase_if(bindings_, [&](const auto& binding) {
    const bool goes = binding->ns.empty() == (part == kClusterRoleBindings);
    if (goes) detach(*binding);
    return goes;
  });
}

void Rbac::put(Part part, std::string_view ns, std::string_view name, const Bytes* bytes) {
  if (part == kRoleBindings || part == kClusterRoleBindings) {
    put_binding(ns, name, bytes);
    return;
  }
  Rules rules;
  if (bytes) {
    auto object = parse_json(**bytes);
    rules = std::make_shared<const std::vector<PolicyRule>>(
        object ? PolicyRule::parse_all(object->find("rules")) : std::vector<PolicyRule>());
  }
  std::unique_lock lock(mutex_);
  Role& of = role(part == kClusterRoles, ns, name);
  of.rules = std::move(rules);
  drop_if_unused(of, ns);
}

Role& Rbac::role(bool of_cluster, std::string_view ns, std::string_view name) {
  Role& out = roles_[role_key(of_cluster, ns, name)];
  if (out.name.empty()) {
    out.of_cluster = of_cluster;
    out.name = name;
  }
  return out;
}

void Rbac::drop_if_unused(Role& role, std::string_view ns) {
  if (!role.rules && role.bindings == 0) roles_.erase(role_key(role.of_cluster, ns, role.name));
}

// Out of what leads to it.
void Rbac::detach(const Binding& binding) {
  for (Subject* subject : binding.subjects) {
    auto place = subject->places.find(binding.ns);
    if (place == subject->places.end()) continue;
    // The key of the place is the first one's text.
    auto list = std::move(place->second);
    subject->places.erase(place);
    std::erase(list, &binding);
    if (!list.empty()) subject->places.emplace(list.front()->ns, std::move(list));
    if (subject->places.empty()) subjects_.erase(std::string(*subject->key));
  }
  --binding.role->bindings;
  drop_if_unused(*binding.role, binding.ns);
}

void Rbac::put_binding(std::string_view ns, std::string_view name, const Bytes* bytes) {
  auto object = bytes ? parse_json(**bytes) : Result<Json>(Json());
  std::unique_lock lock(mutex_);
  if (auto old = bindings_.find(Place(ns, name)); old != bindings_.end()) {
    detach(**old);
    bindings_.erase(old);
  }
  if (!bytes || !object) return;
  auto binding = std::make_unique<Binding>();
  binding->ns = ns;
  binding->name = name;
  binding->role = &role(object->str({"roleRef", "kind"}) == "ClusterRole", ns,
                        object->str({"roleRef", "name"}));
  ++binding->role->bindings;
  const Json* labels = object->at({"metadata", "labels"});
  binding->by_hand = !labels || !labels->find("authz.management.cattle.io/made-by");
  const Json* subjects = object->find("subjects");
  if (subjects && subjects->is_array())
    for (const auto& one : subjects->as_array()) {
      std::string key = subject_key(one, ns);
      if (key.empty()) continue;
      auto& [text, subject] = *subjects_.try_emplace(std::move(key)).first;
      subject.key = &text;
      auto& list = subject.places[binding->ns];
      if (!list.empty() && list.back() == binding.get()) continue;  // named twice
      list.push_back(binding.get());
      binding->subjects.push_back(&subject);
    }
  binding->subjects.shrink_to_fit();
  bindings_.insert(std::move(binding));
}

template <class Visit>
void Rbac::each_binding(const User& user, std::string_view ns, const Visit& visit) const {
  auto in_place = [&](const Subject& subject, std::string_view of) {
    auto found = subject.places.find(of);
    if (found == subject.places.end()) return false;
    for (const Binding* binding : found->second)
      if (visit(*binding, binding->role->rules.get(), *subject.key)) return true;
    return false;
  };
  auto subject = [&](const std::string& key) {
    auto found = subjects_.find(key);
    if (found == subjects_.end()) return false;
    if (in_place(found->second, "")) return true;
    return !ns.empty() && in_place(found->second, ns);
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
                   const Role& role = *binding.role;
                   out.reason = std::string("RBAC: ") + (role.of_cluster ? "clusterrole" : "role") +
                                ".rbac.authorization.k8s.io \"" + role.name + "\" not found";
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
    const Rules& rules = binding.role->rules;
    return rules && said_no.insert(rules.get()).second &&
           std::any_of(rules->begin(), rules->end(),
                       [&](const PolicyRule& rule) { return rule.allows(asked); });
  };
  auto any_allows = [&](const std::vector<const Binding*>& list) {
    return std::any_of(list.begin(), list.end(),
                       [&](const Binding* binding) { return rules_allow(*binding); });
  };
  std::shared_lock lock(mutex_);
  std::vector<const Subject*> held;
  auto add = [&](const std::string& key) {
    if (auto found = subjects_.find(key); found != subjects_.end()) held.push_back(&found->second);
  };
  add("u:" + user.name);
  for (const std::string& group : user.groups) add("g:" + group);
  // What holds everywhere is little and answers most questions.
  for (const Subject* one : held)
    if (auto wide = one->places.find(""); wide != one->places.end() && any_allows(wide->second))
      return true;
  for (const Subject* one : held)
    for (const auto& [ns, list] : one->places)
      if (!ns.empty() && any_allows(list)) return true;
  return false;
}

void Rbac::holders(const Attributes& asked, const std::function<void(const Holder&)>& visit) {
  if (!feeds_.current()) return;
  std::shared_lock lock(mutex_);
  std::unordered_map<const Role*, const PolicyRule*> allows;  // each role is asked once
  for (const auto& binding : bindings_) {
    if (!binding->by_hand || !binding->role->rules) continue;
    auto [at, fresh] = allows.try_emplace(binding->role, nullptr);
    if (fresh)
      for (const PolicyRule& rule : *binding->role->rules)
        if (!at->second && rule.allows(asked)) at->second = &rule;
    if (!at->second) continue;
    for (const Subject* subject : binding->subjects)
      visit({*subject->key, binding->ns, binding->name, binding->role->kind(), binding->role->name,
             at->second});
  }
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
