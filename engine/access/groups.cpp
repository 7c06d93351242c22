#include "engine/access/groups.h"

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

}  // namespace engine
