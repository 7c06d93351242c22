// NodeTable: the nodes of one cluster and what runs on them, as two watches tell it
// (remote_watch.h): which management Node stands for which node, what of it has yet to be written,
// and what the pods on it ask for, added up. A pod costs some 150 bytes; of a node only what is not
// written yet is kept whole. Two nodes of one machine (it was renamed, it joined again) are one
// management Node: that of the machine's identity, which the node that is ready has. Thread: one at
// a time. Owns: its entries.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/quantity.h"
#include "engine/cluster/facts.h"

namespace engine {

class NodeTable {
 public:
  // Names of nodes of which there is something to write.
  using Dirty = std::vector<std::string>;

  void nodes_begin();
  void put_node(const Json& node, Dirty& dirty);
  void drop_node(std::string_view name, Dirty& dirty);
  void nodes_end(Dirty& dirty);
  void pods_begin();
  void put_pod(const Json& pod, Dirty& dirty);
  void drop_pod(const Json& pod, Dirty& dirty);
  void pods_end(Dirty& dirty);

  struct Work {
    std::string object_name;  // of the management Node
    bool gone = false;        // nothing stands behind that name any more
    std::string node;         // the node as JSON; empty: only the sums changed
    std::optional<PodSums> pods;
  };
  // What is to be written for the node; afterwards written() tells that it was.
  std::optional<Work> work(std::string_view name) const;
  void written(std::string_view name, const Work& done);

  bool nodes_known() const { return nodes_known_; }
  bool pods_known() const { return pods_known_; }
  // Whether some node stands behind the management Node of this name.
  bool has_object(const std::string& object_name) const;
  NodeTotals totals() const;
  size_t size() const { return nodes_.size(); }

 private:
  struct Sum {
    int64_t milli = 0;
    bool binary = false;
  };
  struct Sums {
    std::map<uint16_t, Sum> requests, limits;
    int64_t pods = 0;
  };
  struct Node {
    std::string object_name, identity;
    std::string pending;  // JSON that has not been written
    uint64_t seen = 0;    // which listing named it
    uint64_t gist = 0;    // of what was last put
    bool ready = false, gone = false;
    Sums sums;
    Amounts capacity, allocatable;
  };
  struct Part {
    uint16_t resource;
    bool limit, binary;
    int64_t milli;
  };
  struct Pod {
    std::string node;
    std::vector<Part> parts;
  };

  uint16_t resource_id(std::string_view name);
  void count(Node& node, const Pod& pod, int sign);
  void forget_pod(uint64_t key, Dirty& dirty);
  void choose_object(const std::string& name, Node& node, Dirty& dirty);
  void retire(const std::string& name, Node& node, Dirty& dirty);
  PodSums told(const Sums& sums) const;

  std::map<std::string, Node, std::less<>> nodes_;
  std::map<std::string, std::string> owner_of_;  // object name -> node
  std::map<std::string, std::string> retired_;   // node -> object name that is to go
  std::unordered_map<uint64_t, Pod> pods_;
  std::vector<std::string> resources_;
  uint64_t listing_ = 0;
  bool nodes_known_ = false, pods_known_ = false;
};

}  // namespace engine
