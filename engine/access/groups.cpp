#include "engine/access/groups.h"

#include "engine/watch/object_scan.h"

#include <algorithm>

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";

struct Member {
  std::string group, principal;
};

Member member_in(const std::string& bytes) {
  auto object = parse_json(bytes);
  if (!object) return {};
  return {std::string(object->str("groupName")), std::string(object->str("principalId"))};
}

}  // namespace

struct Groups::Index {
  std::mutex mutex;
  std::map<std::string, Member, std::less<>> members;  // by the name of the GroupMember
  std::map<std::string, std::multiset<std::string>, std::less<>> groups;  // by principal
  bool listed = false;
  std::set<std::string, std::less<>> told_before;  // by events, before the list was taken in

  void forget(std::string_view name) {
    auto found = members.find(name);
    if (found == members.end()) return;
    auto held = groups.find(found->second.principal);
    if (held != groups.end()) {
      auto one = held->second.find(found->second.group);
      if (one != held->second.end()) held->second.erase(one);
      if (held->second.empty()) groups.erase(held);
    }
    members.erase(found);
  }
  void learn(std::string_view name, Member member) {
    forget(name);
    if (member.group.empty() || member.principal.empty()) return;
    groups[member.principal].insert(member.group);
    members.emplace(std::string(name), std::move(member));
  }
};

std::shared_ptr<Groups::Index> Groups::index() {
  {
    std::lock_guard lock(mutex_);
    if (index_) return index_;
  }
  KindPtr kind = kinds_.snapshot()->stored(kGroup, "groupmembers");
  if (!kind) return nullptr;
  auto made = std::make_shared<Index>();
  Dispatcher::Snapshot there;
  auto listen = [made](const WatchEventPtr& event) {
    if (event->type == EventType::bookmark || event->type == EventType::expired) return;
    std::lock_guard lock(made->mutex);
    if (!made->listed) made->told_before.insert(event->name);
    if (event->type == EventType::deleted) return made->forget(event->name);
    made->learn(event->name, member_in(*event->object));
  };
  auto subscription = dispatcher_.list_and_subscribe(*kind, {}, there, std::move(listen));
  if (!subscription) return nullptr;
  {
    std::lock_guard lock(made->mutex);
    for (const auto& cached : there.objects)
      if (!made->told_before.count(cached->name))
        made->learn(cached->name, member_in(*cached->bytes));
    made->listed = true;
    made->told_before.clear();
  }
  std::lock_guard lock(mutex_);
  if (!index_) {
    index_ = made;
    subscription_ = std::move(*subscription);
  }
  return index_;
}

std::vector<std::string> Groups::of(std::string_view principal) {
  std::vector<std::string> out;
  auto now = index();
  if (!now) return out;
  {
    std::lock_guard lock(now->mutex);
    auto found = now->groups.find(principal);
    if (found == now->groups.end()) return out;
    out.assign(found->second.begin(), found->second.end());
  }
  out.erase(std::unique(out.begin(), out.end()), out.end());
  KindPtr kind = kinds_.snapshot()->stored(kGroup, "groups");
  // A group that is gone gives nothing, whatever its members still say.
  std::erase_if(out, [&](const std::string& name) {
    auto group = kind ? dispatcher_.get(*kind, "", name) : nullptr;
    return !group || !*group;
  });
  return out;
}

std::vector<std::string> groups_of_token(const Json& token) {
  std::vector<std::string> out{"system:authenticated", "system:cattle:authenticated"};
  const Json* principals = token.find("groupPrincipals");
  if (!principals || !principals->is_array()) return out;
  for (const Json& principal : principals->as_array()) {
    std::string name(principal.is_object() ? principal.str({"metadata", "name"})
                                           : std::string_view());
    if (name.empty() && principal.is_string()) name = principal.as_string();
    if (!name.empty()) out.push_back(std::move(name));
  }
  return out;
}

std::vector<std::string> known_groups(Dispatcher& dispatcher, KindSet& kinds, Groups& groups,
                                      std::string_view user) {
  std::set<std::string> out{"system:authenticated", "system:cattle:authenticated"};
  for (const std::string& name : groups.of("local://" + std::string(user)))
    out.insert(Groups::principal_of(name));
  auto kind = kinds.snapshot()->stored("management.cattle.io", "tokens");
  auto tokens = kind ? dispatcher.list(*kind, "", nullptr, "", 0)
                     : Result<Dispatcher::Snapshot>(Status::not_found_path());
  if (!tokens) return {out.begin(), out.end()};
  for (const auto& one : tokens->objects) {
    if (scan_text(scan(*one->bytes, {"userId"})) != user) continue;
    auto token = parse_json(*one->bytes);
    if (!token) continue;
    for (std::string& name : groups_of_token(*token)) out.insert(std::move(name));
  }
  return {out.begin(), out.end()};
}

}  // namespace engine
