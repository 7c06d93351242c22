#include "engine/cluster/node_table.h"

#include <algorithm>

#include "engine/kinds/core/pod_amounts.h"

namespace engine {

namespace {

uint64_t hash_of(std::string_view text) {
  uint64_t hash = 14695981039346656037ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

uint64_t key_of(const Json& pod) {
  return hash_of(std::string(pod.str({"metadata", "namespace"})) + "/" +
                 std::string(pod.str({"metadata", "name"})));
}

// What stays the same when a machine gets another name or joins again.
std::string identity_of(const Json& node) {
  for (std::string_view id :
       {node.str({"spec", "providerID"}), node.str({"status", "nodeInfo", "systemUUID"}),
        node.str({"status", "nodeInfo", "machineID"})})
    if (!id.empty()) return std::string(id);
  return {};
}

bool is_ready(const Json& node) {
  const Json* conditions = node.at({"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return false;
  return std::any_of(
      conditions->as_array().begin(), conditions->as_array().end(),
      [](const Json& one) { return one.str("type") == "Ready" && one.str("status") == "True"; });
}

bool is_over(const Json& pod) {
  std::string_view phase = pod.str({"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

}  // namespace

uint16_t NodeTable::resource_id(std::string_view name) {
  const auto found = std::find(resources_.begin(), resources_.end(), name);
  if (found != resources_.end()) return static_cast<uint16_t>(found - resources_.begin());
  resources_.emplace_back(name);
  return static_cast<uint16_t>(resources_.size() - 1);
}

void NodeTable::nodes_begin() {
  listing_++;
}

void NodeTable::put_node(const Json& node, Dirty& dirty) {
  const std::string name(node.str({"metadata", "name"}));
  if (name.empty()) return;
  Node& entry = nodes_[name];
  entry.seen = listing_;
  std::string text = dump(quiet_node(node));
  const uint64_t gist = hash_of(text);
  const bool changed = entry.object_name.empty() || entry.gist != gist;
  if (!changed) return;
  entry.gist = gist;
  entry.pending = std::move(text);
  entry.identity = identity_of(node);
  entry.ready = is_ready(node);
  entry.capacity = entry.allocatable = Amounts();
  entry.capacity.add(node.at({"status", "capacity"}));
  entry.allocatable.add(node.at({"status", "allocatable"}));
  choose_object(name, entry, dirty);
  dirty.push_back(name);
}

// The machine's own object goes to the first of its nodes, and from one that is not ready to one
// that is; any other gets one by its name.
void NodeTable::choose_object(const std::string& name, Node& node, Dirty& dirty) {
  const std::string by_name = node_object_name(name);
  const std::string by_machine =
      node.identity.empty() ? by_name : node_object_name("machine:" + node.identity);
  const auto owner = owner_of_.find(by_machine);
  std::string wanted = by_name;
  if (owner == owner_of_.end() || owner->second == name) {
    wanted = by_machine;
  } else if (auto other = nodes_.find(owner->second); other != nodes_.end()) {
    if (node.ready && !other->second.ready) {
      wanted = by_machine;
      // The other one goes on under its own name, and is written again.
      other->second.object_name = node_object_name(other->first);
      owner_of_[other->second.object_name] = other->first;
      other->second.gist = 0;
      dirty.push_back(other->first);
    }
  } else {
    wanted = by_machine;
  }
  if (wanted == node.object_name) return;
  if (!node.object_name.empty()) retire(name, node, dirty);
  node.object_name = wanted;
  owner_of_[wanted] = name;
}

void NodeTable::retire(const std::string& name, Node& node, Dirty& dirty) {
  const auto owner = owner_of_.find(node.object_name);
  if (owner == owner_of_.end() || owner->second != name) return;
  owner_of_.erase(owner);
  retired_[name] = node.object_name;
  dirty.push_back(name);
}

void NodeTable::drop_node(std::string_view name, Dirty& dirty) {
  const auto found = nodes_.find(name);
  if (found == nodes_.end()) return;
  retire(found->first, found->second, dirty);
  nodes_.erase(found);
}

void NodeTable::nodes_end(Dirty& dirty) {
  std::vector<std::string> gone;
  for (const auto& [name, node] : nodes_)
    if (node.seen != listing_ && !node.object_name.empty()) gone.push_back(name);
  for (const std::string& name : gone) drop_node(name, dirty);
  nodes_known_ = true;
}

void NodeTable::pods_begin() {
  pods_known_ = false;
  pods_.clear();
  for (auto& [name, node] : nodes_) node.sums = Sums();
}

void NodeTable::count(Node& node, const Pod& pod, int sign) {
  node.sums.pods += sign;
  for (const Part& part : pod.parts) {
    Sum& sum = (part.limit ? node.sums.limits : node.sums.requests)[part.resource];
    if (sum.milli == 0) sum.binary = part.binary;
    sum.milli += sign * part.milli;
  }
}

void NodeTable::forget_pod(uint64_t key, Dirty& dirty) {
  const auto found = pods_.find(key);
  if (found == pods_.end()) return;
  if (auto node = nodes_.find(found->second.node); node != nodes_.end()) {
    count(node->second, found->second, -1);
    dirty.push_back(node->first);
  }
  pods_.erase(found);
}

void NodeTable::put_pod(const Json& pod, Dirty& dirty) {
  const uint64_t key = key_of(pod);
  std::string_view on = pod.str({"spec", "nodeName"});
  if (on.empty() || is_over(pod)) return forget_pod(key, dirty);
  Pod made{std::string(on), {}};
  for (std::string_view what : {"requests", "limits"}) {
    const Amounts amounts = pod_amounts(pod, what, PodOverhead::counted);
    for (const auto& [name, quantity] : amounts.all())
      made.parts.push_back({resource_id(name), what == "limits", quantity.binary, quantity.milli});
  }
  made.parts.shrink_to_fit();
  const auto old = pods_.find(key);
  if (old != pods_.end() && old->second.node == made.node &&
      std::equal(old->second.parts.begin(), old->second.parts.end(), made.parts.begin(),
                 made.parts.end(), [](const Part& a, const Part& b) {
                   return a.resource == b.resource && a.limit == b.limit && a.milli == b.milli;
                 }))
    return;
  forget_pod(key, dirty);
  // A node whose pods come before itself: it is told of when it comes.
  Node& node = nodes_[made.node];
  count(node, made, 1);
  if (pods_known_) dirty.push_back(made.node);
  pods_.emplace(key, std::move(made));
}

void NodeTable::drop_pod(const Json& pod, Dirty& dirty) {
  forget_pod(key_of(pod), dirty);
}

void NodeTable::pods_end(Dirty& dirty) {
  pods_known_ = true;
  for (const auto& [name, node] : nodes_)
    if (!node.object_name.empty()) dirty.push_back(name);
}

PodSums NodeTable::told(const Sums& sums) const {
  PodSums out;
  out.pods = sums.pods;
  for (auto [from, into] : {std::pair{&sums.requests, &out.requests}, {&sums.limits, &out.limits}})
    for (const auto& [resource, sum] : *from)
      if (sum.milli != 0) into->set(resources_[resource], {sum.milli, sum.binary});
  return out;
}

std::optional<NodeTable::Work> NodeTable::work(std::string_view name) const {
  if (const auto retired = retired_.find(std::string(name)); retired != retired_.end())
    if (owner_of_.find(retired->second) == owner_of_.end())
      return Work{retired->second, true, {}, {}};
  const auto found = nodes_.find(name);
  if (found == nodes_.end() || found->second.object_name.empty()) return std::nullopt;
  const Node& node = found->second;
  Work out{node.object_name, false, node.pending, {}};
  if (pods_known_) out.pods = told(node.sums);
  return out;
}

void NodeTable::written(std::string_view name, const Work& done) {
  if (const auto retired = retired_.find(std::string(name));
      retired != retired_.end() && retired->second == done.object_name && done.gone)
    retired_.erase(retired);
  if (done.gone) return;
  const auto found = nodes_.find(name);
  if (found != nodes_.end() && found->second.pending == done.node) {
    found->second.pending.clear();
    found->second.pending.shrink_to_fit();
  }
}

bool NodeTable::has_object(const std::string& object_name) const {
  return owner_of_.find(object_name) != owner_of_.end();
}

NodeTotals NodeTable::totals() const {
  NodeTotals out;
  out.nodes_known = nodes_known_;
  out.pods_known = pods_known_;
  Sums all;
  for (const auto& [name, node] : nodes_) {
    if (!node.object_name.empty()) {
      out.nodes++;
      out.capacity.add(node.capacity);
      out.allocatable.add(node.allocatable);
    }
    all.pods += node.sums.pods;
    for (auto [from, into] :
         {std::pair{&node.sums.requests, &all.requests}, {&node.sums.limits, &all.limits}})
      for (const auto& [resource, sum] : *from) {
        Sum& total = (*into)[resource];
        if (total.milli == 0) total.binary = sum.binary;
        total.milli += sum.milli;
      }
  }
  out.pods = told(all);
  return out;
}

}  // namespace engine
