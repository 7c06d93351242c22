// Rbac: the index of roles and bindings behind make_rbac (authz.h).
#include <algorithm>
#include <array>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "engine/access/authz.h"
#include "engine/access/rbac_rules.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";
constexpr auto kCatchUp = storage::Seconds(10);

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
      : env_(env), dispatcher_(dispatcher), kinds_(kinds), moved_(env.make_gate()) {}

  Decision authorize(const User& user, const Attributes& asked) override;
  Json rules_for(const User& user, std::string_view ns) override;
  bool covers(const User& user, std::string_view ns, const JsonArray& rules) override;

 private:
  struct Feed {
    std::unique_ptr<Dispatcher::Subscription> subscription;
    std::shared_ptr<const std::atomic<Revision>> changed;
    std::atomic<Revision> seen = 0;
    std::mutex mutex;      // guards what follows
    bool loading = false;  // the list is still being put in: events wait
    std::vector<WatchEventPtr> waiting;
  };

  // Every change that was acknowledged before the call is in the index when it returns true.
  bool current();
  bool start();
  Result<Unit> follow(Part part);
  void on_event(Part part, const WatchEventPtr& event);
  void apply(Part part, const WatchEvent& event);
  void clear(Part part);
  void put(Part part, std::string_view ns, std::string_view name, const Bytes* bytes);
  void put_binding(const std::string& key, std::string_view ns, std::string_view name,
                   const Bytes* bytes);
  // Under the shared lock: calls visit(binding, rules or null, subject) for what applies to the
  // user in the namespace; true from it stops.
  template <class Visit>
  void each_binding(const User& user, std::string_view ns, const Visit& visit) const;
  std::vector<const PolicyRule*> held(const User& user, std::string_view ns) const;

  storage::Env& env_;
  Dispatcher& dispatcher_;
  KindSet& kinds_;
  std::unique_ptr<storage::Gate> moved_;
  std::mutex start_mutex_;  // guards starting_ only
  bool starting_ = false;
  std::atomic<bool> started_ = false;

  mutable std::shared_mutex mutex_;  // guards the index
  std::unordered_map<std::string, Rules> roles_, cluster_roles_;
  std::unordered_map<std::string, BindingPtr> bindings_;
  std::unordered_map<std::string, std::vector<BindingPtr>> by_subject_;

  std::array<Feed, kParts> feeds_;  // last: ends before the index does
};

bool Rbac::start() {
  while (!started_.load()) {
    uint64_t seen = moved_->seen();
    bool mine = false;
    {
      std::lock_guard lock(start_mutex_);
      if (!starting_) mine = starting_ = true;
    }
    if (!mine) {
      if (started_.load()) return true;
      if (!moved_->wait(seen, env_.now() + kCatchUp)) return false;
      continue;
    }
    bool good = true;
    for (size_t part = 0; part < kParts && good; ++part)
      good = follow(static_cast<Part>(part)).ok();
    {
      std::lock_guard lock(start_mutex_);
      starting_ = false;
      started_.store(good);
    }
    moved_->open();
    if (!good) return false;
  }
  return true;
}

Result<Unit> Rbac::follow(Part part) {
  auto kind = kinds_.snapshot()->stored(kGroup, kPlurals[part]);
  if (!kind) return Status::internal("there is no kind " + std::string(kPlurals[part]));
  Feed& feed = feeds_[part];
  feed.subscription.reset();
  clear(part);
  {
    std::lock_guard lock(feed.mutex);
    feed.loading = true;
    feed.waiting.clear();
  }
  feed.changed = TRY(dispatcher_.changed(*kind));
  Dispatcher::Snapshot snapshot;
  feed.subscription = TRY(dispatcher_.list_and_subscribe(
      *kind, {}, snapshot, [this, part](const WatchEventPtr& event) { on_event(part, event); }));
  for (const auto& object : snapshot.objects) put(part, object->ns, object->name, &object->bytes);
  feed.seen.store(snapshot.revision);
  while (true) {
    std::vector<WatchEventPtr> events;
    {
      std::lock_guard lock(feed.mutex);
      feed.loading = !feed.waiting.empty();
      if (!feed.loading) return Unit{};
      events.swap(feed.waiting);
    }
    for (const auto& event : events) apply(part, *event);
  }
}

void Rbac::clear(Part part) {
  std::unique_lock lock(mutex_);
  if (part == kRoles) roles_.clear();
  if (part == kClusterRoles) cluster_roles_.clear();
  if (part != kRoleBindings && part != kClusterRoleBindings) return;
  bool cluster = part == kClusterRoleBindings;
  auto of_part = [&](const BindingPtr& binding) { return binding->ns.empty() == cluster; };
  std::erase_if(bindings_, [&](const auto& entry) { return of_part(entry.second); });
  for (auto& [subject, list] : by_subject_) std::erase_if(list, of_part);
}

void Rbac::on_event(Part part, const WatchEventPtr& event) {
  if (event->type == EventType::bookmark) return;
  if (event->type == EventType::expired) {
    started_.store(false);  // the next question begins again from a list
    return;
  }
  {
    std::lock_guard lock(feeds_[part].mutex);
    if (feeds_[part].loading) {
      feeds_[part].waiting.push_back(event);
      return;
    }
  }
  apply(part, *event);
}

void Rbac::apply(Part part, const WatchEvent& event) {
  bool gone = event.type == EventType::deleted;
  put(part, event.ns, event.name, gone ? nullptr : &event.object);
  feeds_[part].seen.store(event.revision);
  moved_->open();
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
      auto list = by_subject_.find(subject);
      if (list == by_subject_.end()) continue;
      std::erase(list->second, old->second);
      if (list->second.empty()) by_subject_.erase(list);
    }
    bindings_.erase(old);
  }
  if (!bytes) return;
  for (const auto& subject : binding->subjects) {
    auto& list = by_subject_[subject];
    if (list.empty() || list.back() != binding) list.push_back(binding);
  }
  bindings_.emplace(key, std::move(binding));
}

bool Rbac::current() {
  if (!started_.load() && !start()) return false;
  auto deadline = env_.now() + kCatchUp;
  for (auto& feed : feeds_) {
    while (feed.seen.load() < feed.changed->load()) {
      uint64_t seen = moved_->seen();
      if (feed.seen.load() >= feed.changed->load()) break;
      if (!moved_->wait(seen, deadline)) return false;
    }
  }
  return true;
}

template <class Visit>
void Rbac::each_binding(const User& user, std::string_view ns, const Visit& visit) const {
  auto subject = [&](const std::string& key) {
    auto found = by_subject_.find(key);
    if (found == by_subject_.end()) return false;
    for (const auto& binding : found->second) {
      if (!binding->ns.empty() && binding->ns != ns) continue;
      bool cluster_role = binding->role_kind == "ClusterRole";
      const auto& map = cluster_role ? cluster_roles_ : roles_;
      auto rules = map.find(place(cluster_role ? "" : binding->ns, binding->role_name));
      if (visit(*binding, rules == map.end() ? nullptr : rules->second.get(), key)) return true;
    }
    return false;
  };
  if (subject("u:" + user.name)) return;
  for (const auto& group : user.groups)
    if (subject("g:" + group)) return;
}

Decision Rbac::authorize(const User& user, const Attributes& asked) {
  if (is_master(user)) return {true, ""};
  if (!current()) return {false, "the roles and bindings cannot be read at the moment"};
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
  } else if (current()) {
    std::shared_lock lock(mutex_);
    for (const PolicyRule* rule : held(user, ns)) add(*rule);
  }
  return Json::object(
      {{"resourceRules", std::move(resources)}, {"nonResourceRules", std::move(urls)}});
}

bool Rbac::covers(const User& user, std::string_view ns, const JsonArray& rules) {
  if (is_master(user)) return true;
  if (!current()) return false;
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
