#include "engine/controllers/core/owner_graph.h"

namespace engine {

void OwnerGraph::unlink(std::string_view key, const Node& node) {
  for (const std::string& owner : node.owners) {
    auto found = dependents_.find(owner);
    if (found == dependents_.end()) continue;
    if (auto self = found->second.find(key); self != found->second.end()) found->second.erase(self);
    if (found->second.empty()) dependents_.erase(found);
  }
}

void OwnerGraph::set(std::string_view key, std::vector<std::string> owner_keys,
                     storage::Revision revision) {
  std::lock_guard lock(mutex_);
  auto found = nodes_.find(key);
  if (found != nodes_.end()) {
    if (found->second.revision > revision) return;
    unlink(key, found->second);
  } else if (owner_keys.empty()) {
    return;
  } else {
    found = nodes_.try_emplace(std::string(key)).first;
  }
  if (owner_keys.empty()) {
    nodes_.erase(found);
    return;
  }
  for (const std::string& owner : owner_keys) dependents_[owner].insert(std::string(key));
  found->second = {std::move(owner_keys), revision};
}

std::vector<std::string> OwnerGraph::erase(std::string_view key) {
  std::lock_guard lock(mutex_);
  auto found = nodes_.find(key);
  if (found == nodes_.end()) return {};
  unlink(key, found->second);
  std::vector<std::string> owners = std::move(found->second.owners);
  nodes_.erase(found);
  return owners;
}

std::vector<std::string> OwnerGraph::dependents(std::string_view owner_key) const {
  std::lock_guard lock(mutex_);
  auto found = dependents_.find(owner_key);
  if (found == dependents_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

bool OwnerGraph::has_dependents(std::string_view owner_key) const {
  std::lock_guard lock(mutex_);
  return dependents_.contains(owner_key);
}

size_t OwnerGraph::size() const {
  std::lock_guard lock(mutex_);
  return nodes_.size();
}

}  // namespace engine
